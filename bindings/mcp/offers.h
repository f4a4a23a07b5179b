/*
 * What the production catalogue offers beside tools: resources to read and to watch, prompts, and
 * completions of their arguments. All of it is local reads, made by ask_library() for the principal
 * who asks.
 */
#ifndef MCP_OFFERS_H
#define MCP_OFFERS_H

#include "mcp/inside.h"

typedef struct offers offers;

offers *offers_new(mcp_tools *t);
void offers_free(offers *o);

/* MCP_RESOURCES, MCP_TEMPLATES, MCP_PROMPTS: what the list holds. */
const msptk_json *offers_list(const offers *o, int32_t what);

/* What is offered here only reads. The library asks a token again; others are asked only here. */
static inline bool may_read(const mcp_principal *who)
{
        return who->scopes & MCP_READ;
}

/* ---- resources.c ---- */
typedef struct resource {
        const char *uri; /* "msp://client/{client_id}/health": at most one variable */
        const char *name, *title, *about;
        const char *operation; /* NULL: documentation made from the operation table */
        const char *settings;  /* JSON object of further arguments; NULL */
} resource;

/* The resource of a URI and, in *ret_value, what its variable is (to be freed; NULL when it has
 * none). NULL: there is no such resource. */
const resource *resource_of(const char *uri, char **ret_value);
msptk_json *resource_list(const mcp_tools *t, bool templates);
/* The content as text; `ret_mime` is static. */
msptk_status resource_read(mcp_tools *t, const char *principal, const char *trace, const char *uri,
                           char **ret_text, const char **ret_mime, msptk_error **ret_err);
void read_resource(void *user, mcp_call *c, const char *uri);

/* ---- watching.c ---- */
bool may_watch(void *user, const mcp_principal *who, const char *uri);
void watch(void *user, const char *uri, const mcp_principal *who, bool on);
/* Something was changed by this program: looks soon. */
void look_soon(mcp_tools *t);

/* ---- prompts.c ---- */
msptk_json *prompt_list(const mcp_tools *t);
void get_prompt(void *user, mcp_call *c, const char *name, const msptk_json *arguments);
/* Whether the prompt is listed and has the argument. */
bool prompt_has(const mcp_tools *t, const char *name, const char *argument);

/* ---- complete.c ---- */
void complete(void *user, mcp_call *c, const msptk_json *ref, const char *argument,
              const char *value, const msptk_json *others);

/* The watches of a catalogue; of watching.c. */
typedef struct watched {
        struct watched *next;
        char *uri, *principal;
        uint64_t last; /* digest of what was seen last; 0: not yet */
} watched;

struct offers {
        msptk_json *resources, *templates, *prompts;
        watched *watches;
        int64_t look_at_ms; /* when the next look is; 0: not known yet */
        int64_t wait_ms;    /* from one look to the next */
        bool soon;          /* something is new: the next look comes nearer */
};

#endif
