/*
 * The catalogue that the official conformance suite wants to find in a server under test: its names
 * and what it asserts of them are the suite's, the words of fixture.json ours. On the same core and
 * transports as the production catalogue.
 */
#ifndef TESTS_MCP_FIXTURE_H
#define TESTS_MCP_FIXTURE_H

#include "mcp/call.h"

typedef struct fixture fixture;

/* `path` is fixture.json. Ends the program when it cannot be read. */
fixture *fixture_new(const char *path);
/* After mcp_server_free(). */
void fixture_free(fixture *f);
const mcp_catalogue *fixture_catalogue(const fixture *f);
/* Where changes are told; once. */
void fixture_attach(fixture *f, mcp_server *s);

#endif
