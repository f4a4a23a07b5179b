/* The commands "mcp" and "mcp doctor": the Model Context Protocol served by this program. */
#ifndef CLI_MCP_COMMAND_H
#define CLI_MCP_COMMAND_H

#include "cli.h"

#include "mcp/tools.h"

/* ---- mcp.c ---- */
int mcp_main(cli *c, const invocation *inv, const char *try_help);
/* Calls per minute of each principal; 0: no limit. */
typedef struct mcp_rates {
        int32_t reads, writes;
} mcp_rates;
/* Tools and server as the command serves them; `writes` as --enable-writes, `rates` NULL: the
 * usual ones. */
msptk_status mcp_make(cli *c, bool writes, const mcp_rates *rates, mcp_tools **ret_tools,
                      mcp_server **ret_server, msptk_error **ret_err);
/* What the environment says that is not read any more; NULL: nothing. */
const char *mcp_environment_warning(void);

/* ---- mcp_doctor.c ---- */
int mcp_doctor_main(cli *c);

/* ---- mcp_hosts.c ---- */
/* The piece of configuration for one host, pasteable as it is; with "" for all of them, under lines
 * that say where it goes. */
void mcp_add_snippets(text *t, cli *c, bool writes, const char *host);

#endif
