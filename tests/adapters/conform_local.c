/* This machine passes the suite. */
#include "support.h"

#include "conformance.h"

static const char *const echo[] = { "/bin/echo", "hello", NULL };

MSPTK_CONFORMANCE(local, "\"allow_commands\": true", .command = echo)
