/* The fake world passes the suite. */
#include "support.h"

#include "conformance.h"

static const char *const echo[] = { "echo", "hello", NULL };
static const msptk_device_row new_pc = { .struct_size = sizeof(new_pc),
                                         .name = "new-pc",
                                         .vendor_client = "acme" };

MSPTK_CONFORMANCE(fake,
                  "\"url\": \"fake://x?clients=2&devices=4\", \"problems\": 0.5, \"latency_ms\": 1",
                  .unknown_client = "client-9", .command = echo, .deploy = &new_pc,
                  .partial_settings = "\"devices\": 2, \"script\": [{\"device\": \"acme-0001\", "
                                      "\"presence\": \"down\"}]",
                  .bad_settings = "\"devices\": -1")
