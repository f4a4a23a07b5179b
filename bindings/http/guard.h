/* What a request must look like before it is worth reading: names, types, tokens. Pure. */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* "127.0.0.1:80", "[::1]:80", "localhost", without its port; the brackets stay. False when it is
 * not a name with an optional port. */
bool guard_split_host(const char *value, char *ret_name, size_t size, const char **ret_port);
/* The names of this machine that no foreign DNS can point elsewhere. */
bool guard_is_loopback_name(const char *name);
/* A Host that a browser on a foreign page cannot have been talked into (DNS rebinding): a loopback
 * name with any port, or one of `allowed`; an entry of these without a port means any port. */
bool guard_host_allowed(const char *host, const char *const *allowed);
/* An Origin: of a page from this machine, or one of `allowed`. "null" is nobody's. */
bool guard_origin_allowed(const char *origin, const char *const *allowed);
/* Whether an Accept value wants "type/subtype". */
bool guard_accepts(const char *accept, const char *type);
/* Whether a Content-Type is this one, whatever its parameters. */
bool guard_is_type(const char *content_type, const char *type);
/* The token of "Bearer x"; NULL when it is something else. */
const char *guard_bearer(const char *authorization);
/* Whether the query after "?" has a parameter of this name. */
bool guard_query_has(const char *query, const char *name);

#endif
