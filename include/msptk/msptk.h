/* Everything: include this one. */
#ifndef MSPTK_MSPTK_H
#define MSPTK_MSPTK_H

#include <msptk/core.h>
#include <msptk/error.h>
#include <msptk/json.h>
#include <msptk/call.h>
#include <msptk/toolkit.h>
#include <msptk/client.h>
#include <msptk/device.h>
#include <msptk/health.h>
#include <msptk/alert.h>
#include <msptk/vault.h>

#endif
