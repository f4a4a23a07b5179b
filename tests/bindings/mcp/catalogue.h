/* A catalogue for tests and fuzzing: something of everything that a handler can do. */
#ifndef MCP_TEST_CATALOGUE_H
#define MCP_TEST_CATALOGUE_H

#include "mcp/call.h"
#include "mcp/tree.h"

/* Tools: echo, later and progress (end by test_finish), sleep (100 ms), confirm (asks), two (asks
 * twice), several (three questions at once), sample, state, region (x-mcp-header), chatty (logs),
 * limited, hidden (not listed), meta, link, broken (answers NULL), change, needy (wants sampling),
 * again (asks without end), printed. */
typedef struct test_catalogue {
        mcp_catalogue cat;
        msptk_json *lists[4];
        mcp_call *held[64];
        size_t held_count, cancelled, runs;
        int32_t watch_on, watch_off;
        mcp_server *server;
} test_catalogue;

void test_catalogue_init(test_catalogue *t);
void test_catalogue_clear(test_catalogue *t);
/* Ends the oldest call of "later". */
void test_finish(test_catalogue *t);

#endif
