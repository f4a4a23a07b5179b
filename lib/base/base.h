/* Floor 0. The one header that rooms above include; errors, memory, buffers, JSON, numbers, time,
 * text, log, ids. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/error.h"
#include "base/buf.h"
#include "base/call.h"
#include "base/ctx.h"
#include "base/gate.h"
#include "base/text.h"
#include "base/zone.h"
#include "base/time.h"
#include "base/num.h"
#include "base/json.h"
#include "base/json_obj.h"
#include "base/record.h"
#include "base/id.h"
#include "base/os_file.h"

#endif
