/* The checks of guard.h. */
#include "http/guard.h"

#include <string.h>
#include <strings.h>

bool guard_split_host(const char *value, char *ret_name, size_t size, const char **ret_port)
{
        size_t n = *value == '[' ? strcspn(value, "]") + 1 : strcspn(value, ":");
        const char *port;

        if (!n || n >= size || n > strlen(value))
                return false;
        port = value + n;
        if (*port == ':') {
                port++;
                if (strspn(port, "0123456789") != strlen(port) || strlen(port) > 5)
                        return false;
        } else if (*port) {
                return false;
        }
        memcpy(ret_name, value, n);
        ret_name[n] = '\0';
        *ret_port = port;
        return true;
}

bool guard_is_loopback_name(const char *name)
{
        return strcasecmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 ||
               strcmp(name, "[::1]") == 0;
}

bool guard_host_allowed(const char *host, const char *const *allowed)
{
        char name[256], other[256];
        const char *port, *other_port;

        if (!guard_split_host(host, name, sizeof(name), &port))
                return false;
        if (guard_is_loopback_name(name))
                return true;
        for (; allowed && *allowed; allowed++)
                if (guard_split_host(*allowed, other, sizeof(other), &other_port) &&
                    strcasecmp(name, other) == 0 && (!*other_port || !strcmp(port, other_port)))
                        return true;
        return false;
}

bool guard_origin_allowed(const char *origin, const char *const *allowed)
{
        char name[256];
        const char *host = NULL, *port;

        if (strncasecmp(origin, "http://", 7) == 0)
                host = origin + 7;
        else if (strncasecmp(origin, "https://", 8) == 0)
                host = origin + 8;
        if (host && guard_split_host(host, name, sizeof(name), &port) &&
            guard_is_loopback_name(name))
                return true;
        for (; allowed && *allowed; allowed++)
                if (strcasecmp(origin, *allowed) == 0)
                        return true;
        return false;
}

/* ---- types ---- */

/* How well a media range fits: 0 not at all, 1 any, 2 the type, 3 exactly. */
static int fit(const char *range, size_t len, const char *type)
{
        size_t slash = strcspn(type, "/");

        if (len == strlen(type) && strncasecmp(range, type, len) == 0)
                return 3;
        if (len == slash + 2 && strncasecmp(range, type, slash + 1) == 0 && range[len - 1] == '*')
                return 2;
        return len == 3 && memcmp(range, "*/*", 3) == 0 ? 1 : 0;
}

/* Whether the parameters of a media range, up to `end`, say "not at all". */
static bool weight_is_zero(const char *s, const char *end)
{
        while (s < end && (s = memchr(s, ';', (size_t)(end - s)))) {
                s += 1 + strspn(s + 1, " \t");
                if (end - s < 3 || (*s | 32) != 'q' || s[1] != '=')
                        continue;
                for (s += 2; s < end && (*s == '0' || *s == '.'); s++)
                        ;
                return s == end || strchr(" \t;", *s);
        }
        return false;
}

bool guard_accepts(const char *accept, const char *type)
{
        int best = 0;
        bool wanted = false;

        while (*accept) {
                const char *end, *stop;
                int n;

                accept += strspn(accept, " \t,");
                end = accept + strcspn(accept, ",");
                stop = accept + strcspn(accept, " \t,;");
                n = fit(accept, (size_t)(stop - accept), type);
                if (n > best) {
                        best = n;
                        wanted = !weight_is_zero(stop, end);
                }
                accept = end;
        }
        return wanted;
}

bool guard_is_type(const char *content_type, const char *type)
{
        size_t n = strlen(type);

        return strncasecmp(content_type, type, n) == 0 &&
               (!content_type[n] || strchr(" \t;", content_type[n]));
}

/* ---- tokens ---- */

const char *guard_bearer(const char *authorization)
{
        const char *token;

        if (strncasecmp(authorization, "bearer ", 7) != 0)
                return NULL;
        token = authorization + 7 + strspn(authorization + 7, " ");
        /* RFC 6750: no blanks inside. */
        return *token && !token[strcspn(token, " \t,")] ? token : NULL;
}

bool guard_query_has(const char *query, const char *name)
{
        size_t n = strlen(name);

        while (*query) {
                if (strncasecmp(query, name, n) == 0 && (!query[n] || strchr("=&", query[n])))
                        return true;
                query += strcspn(query, "&");
                query += *query == '&';
        }
        return false;
}
