/* Parsers of reply headers. Pure functions over bytes of unknown origin; fuzzed. */
#ifndef NET_HEADERS_H
#define NET_HEADERS_H

#include "base/base.h"

enum { HEADER_LINK_MAX = 64, HEADER_URL_MAX = 8192, CONTENT_TYPE_MAX = 128 };

/* The three forms of RFC 9110 5.6.7, to microseconds UTC. */
bool msptk__http_date(const char *text, int64_t *ret_us);
/* Retry-After: seconds, or a date against `server_now` (the reply's Date when it has one). -1 when
 * it says neither; at most 24 hours. */
int64_t msptk__http_retry_after(const char *text, int64_t server_now);
/* "Application/JSON; charset=x" -> "application/json"; "" when it is not a type. */
void msptk__http_content_type(const char *text, char out[CONTENT_TYPE_MAX]);
/* The target of the first link with relation "next" in one Link header (RFC 8288), as written.
 * MSPTK_OK, MSPTK_DONE when there is none, E_TOOBIG, E_NOMEM. Links about another context (anchor)
 * do not count; what is malformed ends the header. */
msptk_status msptk__http_link_next(const char *text, char **ret_target);

#endif
