/* The questions of the conformance fixture: what is asked, whether it was answered, and the state
 * that travels with it. */
#include "fixture_asks.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/tree.h"

void asker_begin(asker *a, const msptk_json *asks)
{
        if (sodium_init() < 0)
                abort();
        crypto_auth_keygen(a->key);
        a->asks = asks;
}

bool may_ask(const asker *a, const char *of)
{
        return msptk_json_get(a->asks, of) != NULL;
}

/* ---- sealed state: what this process gave out, or nothing ---- */

/* {"tool": ..., "round": ...} behind its code of authentication, as base64. */
static char *seal(const asker *a, const char *tool, int round)
{
        msptk_json *state = new_object();
        char *words, *sealed;
        unsigned char *bytes;
        size_t len, room;

        put_str(state, "tool", tool);
        put_int(state, "round", round);
        words = print_tree(state);
        msptk_json_free(state);
        len = strlen(words);
        bytes = need(malloc(crypto_auth_BYTES + len));
        memcpy(bytes + crypto_auth_BYTES, words, len);
        crypto_auth(bytes, bytes + crypto_auth_BYTES, len, a->key);
        len += crypto_auth_BYTES;
        room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        sealed = need(malloc(room));
        sodium_bin2base64(sealed, room, bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        free(bytes);
        free(words);
        return sealed;
}

int unseal(const asker *a, const char *tool, const char *sealed)
{
        unsigned char bytes[1024];
        msptk_json *state = NULL;
        const char *of;
        size_t len;
        int round = -1;

        if (sodium_base642bin(bytes, sizeof(bytes), sealed, strlen(sealed), NULL, &len, NULL,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING) < 0 ||
            len <= crypto_auth_BYTES ||
            crypto_auth_verify(bytes, bytes + crypto_auth_BYTES, len - crypto_auth_BYTES, a->key) <
                    0)
                return -1;
        if (msptk_json_parse((char *)bytes + crypto_auth_BYTES, len - crypto_auth_BYTES, &state,
                             NULL) < 0)
                return -1;
        of = get_str(state, "tool");
        if (of && !strcmp(of, tool))
                round = (int)msptk_json_int(msptk_json_get(state, "round"), -1);
        msptk_json_free(state);
        return round;
}

/* ---- questions ---- */

void reply_text(mcp_call *c, const char *words)
{
        msptk_json *result = new_object(), *item = add_object(put_array(result, "content"));

        put_str(item, "type", "text");
        put_str(item, "text", words);
        mcp_reply(c, result);
}

static const char *capability_of(const char *method)
{
        if (!strcmp(method, "elicitation/create"))
                return "elicitation.form";
        return !strcmp(method, "roots/list") ? "roots" : "sampling";
}

bool can_answer(const mcp_call *c, const msptk_json *request)
{
        return mcp_call_client_has(c, capability_of(get_str(request, "method")));
}

msptk_json *lacking(const mcp_call *c, const msptk_json *requests)
{
        msptk_json *lacks = NULL;

        for (const msptk_json *r = msptk_json_first(requests); r; r = msptk_json_next(r)) {
                const char *method = get_str(r, "method");

                if (can_answer(c, r))
                        continue;
                if (!lacks)
                        lacks = new_object();
                if (!strcmp(method, "elicitation/create"))
                        put_object(put_object(lacks, "elicitation"), "form");
                else
                        put_object(lacks, capability_of(method));
        }
        return lacks;
}

static bool is_answer(const msptk_json *request, const msptk_json *answer)
{
        const char *method = get_str(request, "method");

        if (!strcmp(method, "elicitation/create"))
                return get_str(answer, "action") != NULL;
        if (!strcmp(method, "roots/list"))
                return msptk_json_type(msptk_json_get(answer, "roots")) == MSPTK_JSON_ARRAY;
        return is_object(msptk_json_get(answer, "content")) ||
               msptk_json_type(msptk_json_get(answer, "content")) == MSPTK_JSON_ARRAY;
}

int answered(const mcp_call *c, const msptk_json *requests)
{
        int state = ANSWERED;

        for (const msptk_json *r = msptk_json_first(requests); r; r = msptk_json_next(r)) {
                const msptk_json *answer = mcp_answer(c, msptk_json_key(r));

                if (answer && !is_answer(r, answer))
                        return MALFORMED;
                if (!answer)
                        state = UNANSWERED;
        }
        return state;
}

void ask(const asker *a, mcp_call *c, msptk_json *requests, const char *tool, int round)
{
        msptk_json *lacks = lacking(c, requests);
        char *state = round ? seal(a, tool, round) : NULL;

        if (lacks) {
                mcp_need_capability(c, lacks);
                msptk_json_free(requests);
        } else {
                mcp_ask(c, requests, state);
        }
        free(state);
}

char *words_of_answers(const mcp_call *c, const msptk_json *requests, const char *before)
{
        text words = { 0 };

        text_add(&words, before);
        for (const msptk_json *r = msptk_json_first(requests); r; r = msptk_json_next(r)) {
                char *answer = print_tree(mcp_answer(c, msptk_json_key(r)));

                text_addf(&words, "%s%s: %s", words.len ? "\n" : "", msptk_json_key(r), answer);
                free(answer);
        }
        return words.data;
}

bool is_answered(const asker *a, mcp_call *c, const char *tool, msptk_json *requests,
                 bool with_state)
{
        const char *sealed = mcp_state(c);
        int have = answered(c, requests);

        if (sealed && with_state && unseal(a, tool, sealed) < 0) {
                mcp_error(c, MCP_INVALID_PARAMS, "requestState is not what this server gave", NULL);
        } else if (have == MALFORMED) {
                mcp_error(c, MCP_INVALID_PARAMS, "inputResponses: an answer of the wrong shape",
                          NULL);
        } else if (have == UNANSWERED || (with_state && !sealed)) {
                ask(a, c, requests, tool, with_state ? 1 : 0);
                return false;
        } else {
                return true;
        }
        msptk_json_free(requests);
        return false;
}

void ask_then_say(const asker *a, mcp_call *c, const char *tool, msptk_json *requests,
                  bool with_state)
{
        char *words;

        if (!is_answered(a, c, tool, requests, with_state))
                return;
        words = words_of_answers(c, requests, with_state ? "state-ok" : "");
        reply_text(c, words);
        free(words);
        msptk_json_free(requests);
}

msptk_json *questions(const asker *a, const char *of)
{
        return copy_tree(msptk_json_get(a->asks, of));
}
