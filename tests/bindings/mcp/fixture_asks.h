/* Asking the client: shared by the files of the conformance fixture. */
#ifndef TESTS_MCP_FIXTURE_ASKS_H
#define TESTS_MCP_FIXTURE_ASKS_H

#include <sodium.h>

#include "mcp/call.h"

typedef struct asker {
        const msptk_json *asks; /* by tool or prompt: the questions */
        unsigned char key[crypto_auth_KEYBYTES];
} asker;

void asker_begin(asker *a, const msptk_json *asks);
bool may_ask(const asker *a, const char *of);
/* A copy of the questions. */
msptk_json *questions(const asker *a, const char *of);
bool can_answer(const mcp_call *c, const msptk_json *request);
/* What the client lacks of these questions, as the protocol names it; NULL when nothing. */
msptk_json *lacking(const mcp_call *c, const msptk_json *requests);
enum { UNANSWERED, ANSWERED, MALFORMED };
int answered(const mcp_call *c, const msptk_json *requests);
/* Takes `requests` over. A round other than 0 travels in a sealed state. */
void ask(const asker *a, mcp_call *c, msptk_json *requests, const char *tool, int round);
/* The round of a state that was sealed for this tool; -1 when it was not. */
int unseal(const asker *a, const char *tool, const char *sealed);
char *words_of_answers(const mcp_call *c, const msptk_json *requests, const char *before);
/* Asks what `requests` says until it is answered; true when it is. Takes `requests` over unless it
 * answers true. */
bool is_answered(const asker *a, mcp_call *c, const char *tool, msptk_json *requests,
                 bool with_state);
/* Asks, and then replies with the answers as text. Takes `requests` over. */
void ask_then_say(const asker *a, mcp_call *c, const char *tool, msptk_json *requests,
                  bool with_state);
/* Replies with one text. */
void reply_text(mcp_call *c, const char *words);

#endif
