/* The protocol over standard input and output: one message per line. */
#ifndef MCP_LINES_H
#define MCP_LINES_H

#include "mcp/tools.h"

typedef struct mcp_stdio_opts {
        int in_fd, out_fd;
        int stop_fd; /* readable when the program is to stop; -1: none */
        mcp_server *server;
        mcp_tools *tools; /* NULL: the catalogue is another one */
        mcp_principal principal;
        size_t message_bytes; /* as the server's limit; 0: 4 MiB */
} mcp_stdio_opts;

/* Serves until the end of input, stop_fd, or until nobody reads any more. Returns 0, or an errno
 * when a descriptor fails. */
int mcp_stdio_run(const mcp_stdio_opts *opts);

#endif
