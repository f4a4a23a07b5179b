/* The stub of a call: keeps what it is told. */
#include "stub_call.h"

#include <stdlib.h>
#include <string.h>

const mcp_principal *mcp_call_principal(const mcp_call *c)
{
        return &c->who;
}

const char *mcp_call_trace(const mcp_call *c)
{
        return c->trace;
}

bool mcp_call_client_has(const mcp_call *c, const char *capability)
{
        return c->can_elicit && !strcmp(capability, "elicitation.form");
}

const msptk_json *mcp_answer(const mcp_call *c, const char *key)
{
        return msptk_json_get(c->answers, key);
}

const char *mcp_state(const mcp_call *c)
{
        return c->state;
}

static void end(mcp_call *c, int32_t how, msptk_json *result)
{
        c->ended = how;
        c->times++;
        msptk_json_free(c->result);
        c->result = result;
}

void mcp_reply(mcp_call *c, msptk_json *result)
{
        end(c, ENDED_REPLY, result);
}

void mcp_reply_printed(mcp_call *c, const char *words, const char *structured, size_t len)
{
        msptk_json *result = msptk_json_new_object(), *content = msptk_json_new_array();
        msptk_json *block = msptk_json_new_object(), *parsed = NULL;

        if (msptk_json_parse(structured, len, &parsed, NULL) < 0)
                abort();
        msptk_json_set_string(block, "type", "text");
        msptk_json_set_string(block, "text", words);
        msptk_json_append(content, block);
        msptk_json_set(result, "content", content);
        msptk_json_set(result, "structuredContent", parsed);
        mcp_reply(c, result);
}

void mcp_error(mcp_call *c, int32_t code, const char *message, msptk_json *data)
{
        end(c, ENDED_ERROR, data);
        c->code = code;
        free(c->message);
        c->message = strdup(message);
}

void mcp_ask(mcp_call *c, msptk_json *requests, const char *state)
{
        end(c, ENDED_ASK, requests);
        free(c->asked_state);
        c->asked_state = state ? strdup(state) : NULL;
}

void mcp_progress(mcp_call *c, double done, double total, const char *message)
{
        (void)total;
        (void)message;
        c->progress = done;
}

void mcp_on_cancel(mcp_call *c, void (*fn)(void *user), void *user)
{
        c->on_cancel = fn;
        c->on_cancel_user = user;
}

bool mcp_limit_take(mcp_call *c, bool writes, int64_t *ret_wait_ms)
{
        *(writes ? &c->writes : &c->reads) += 1;
        *ret_wait_ms = 1500;
        return !c->limited;
}

void stub_call_clear(mcp_call *c)
{
        msptk_json_free(c->answers);
        msptk_json_free(c->result);
        free(c->state);
        free(c->message);
        free(c->asked_state);
        *c = (mcp_call){ 0 };
}

void mcp_not_found(mcp_call *c, const char *uri, const char *message)
{
        (void)uri;
        mcp_error(c, MCP_INVALID_PARAMS, message, NULL);
}

void mcp_changed(mcp_server *s, int32_t what, const char *uri)
{
        (void)s;
        (void)what;
        (void)uri;
}

int stub_changes;

void mcp_changed_for(mcp_server *s, const char *principal, const char *uri)
{
        stub_changes++;
        (void)s;
        (void)principal;
        (void)uri;
}
