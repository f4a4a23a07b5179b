/* Whether a message that the server sent has the shape that its version of the protocol wants,
 * derived from the specification (shapes.json). */
#ifndef MCP_SHAPES_H
#define MCP_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

/* NULL when the message is right, otherwise what is wrong with it (static text). `version` is that
 * of the request it belongs to; `method` of the request that a response answers, NULL otherwise. */
const char *check_message(const char *version, const char *method, const char *line);
void check_message_end(void);

#endif
