/*
 * The production catalogue: tools, resources, prompts and completions over a toolkit, made from the
 * operation table. Presentation only: what a call does, may do and answers is the library's.
 */
#ifndef MCP_TOOLS_H
#define MCP_TOOLS_H

#include <msptk/msptk.h>

#include "mcp/call.h"

typedef struct mcp_tools mcp_tools;

typedef struct mcp_tools_opts {
        /* Opens the toolkit when the first call needs it; the tools own it. A failure is told to
         * the caller of the tool, and tried again at the next call. */
        msptk_status (*open)(void *user, msptk_toolkit **ret_tk, msptk_error **ret_err);
        void *user;
        const msptk_json *operations; /* of msptk_operations(), borrowed; NULL: asks for it */
        bool writes; /* --enable-writes; otherwise only tools that read are listed and answered */
} mcp_tools_opts;

mcp_tools *mcp_tools_new(const mcp_tools_opts *opts, msptk_error **ret_err);
/* After mcp_server_free(); closes the toolkit, waiting at most so long. */
void mcp_tools_free(mcp_tools *t, int64_t deadline_ms);

const mcp_catalogue *mcp_tools_catalogue(mcp_tools *t);
const char *mcp_tools_instructions(const mcp_tools *t);
/* For resources that change: where changes are told. Once, after mcp_server_new(). */
void mcp_tools_attach(mcp_tools *t, mcp_server *s);
/* Readable when mcp_tools_dispatch() has work; -1 until the toolkit is open. */
int mcp_tools_fd(const mcp_tools *t);
/* Runs the callbacks of calls that have ended. */
void mcp_tools_dispatch(mcp_tools *t);
/* Looks whether watched resources have changed; to be called with every mcp_tick(). Returns the
 * milliseconds until the next look, -1 for none. */
int64_t mcp_tools_look(mcp_tools *t, int64_t now_ms);
/* The principal of a bearer token: MSPTK_OK with what it may do (`ret->name` lives as long as the
 * tools), MSPTK_E_DENIED. */
msptk_status mcp_tools_authenticate(mcp_tools *t, const char *token, mcp_principal *ret,
                                    msptk_error **ret_err);
/* The tool list as bytes, the same for everybody with these scopes: what hosts can pin by hash. */
char *mcp_tools_manifest(mcp_tools *t, uint32_t scopes);

#endif
