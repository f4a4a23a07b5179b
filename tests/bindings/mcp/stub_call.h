/*
 * The API of a call (mcp/call.h) without a protocol: a test says what the client can and answers,
 * and looks at how the call ended. For tests of catalogues.
 */
#ifndef TESTS_STUB_CALL_H
#define TESTS_STUB_CALL_H

#include "mcp/call.h"

enum { ENDED_NOT, ENDED_REPLY, ENDED_ERROR, ENDED_ASK };

struct mcp_call {
        mcp_principal who;
        bool can_elicit;
        msptk_json *answers; /* {"confirm": {...}}; NULL */
        char *state;
        const char *trace;
        bool limited; /* mcp_limit_take() refuses */
        /* how it ended */
        int32_t ended;
        int32_t times;
        msptk_json *result; /* or the requests of a question, or the data of an error */
        int32_t code;
        char *message, *asked_state;
        double progress;
        void (*on_cancel)(void *user);
        void *on_cancel_user;
        int32_t reads, writes;
};

void stub_call_clear(mcp_call *c);

/* How often mcp_changed_for() was called. */
extern int stub_changes;

#endif
