/* Who may ask at all. A page in a browser can be made to send requests to loopback under a name of
 * its own (DNS rebinding): so Host and Origin must be names that we know. */
#include "http/internal.h"

bool split_host(const char *given, char **ret_host, const char **ret_port)
{
        const char *end;

        if (*given == '[') {
                end = strchr(given, ']');
                if (!end || (end[1] && end[1] != ':'))
                        return false;
                *ret_host = copy_part(given + 1, (size_t)(end - given - 1));
                *ret_port = end[1] ? end + 2 : "";
        } else {
                end = given + strcspn(given, ":");
                *ret_host = copy_part(given, (size_t)(end - given));
                *ret_port = *end ? end + 1 : "";
        }
        if ((*ret_port)[strspn(*ret_port, "0123456789")] == '\0' && **ret_host)
                return true;
        free(*ret_host);
        return false;
}

bool is_loopback_name(const char *host)
{
        return !strcasecmp(host, "localhost") || !strcmp(host, "127.0.0.1") || !strcmp(host, "::1");
}

static bool in_words(const char *const *words, const char *word)
{
        for (; words && *words; words++)
                if (!strcasecmp(*words, word))
                        return true;
        return false;
}

bool host_allowed(const http_listener *l, const char *given)
{
        const char *port;
        char *host;
        bool known;

        if (!given || !split_host(given, &host, &port))
                return false;
        known = is_loopback_name(host) || !strcasecmp(host, l->host) ||
                in_words(l->o.allowed_hosts, host) || in_words(l->o.allowed_hosts, given);
        free(host);
        return known;
}

bool origin_allowed(const http_listener *l, const char *origin)
{
        const char *rest, *port;
        char *host;
        bool known;

        if (in_words(l->o.allowed_origins, origin))
                return true;
        rest = !strncasecmp(origin, "http://", 7)    ? origin + 7
               : !strncasecmp(origin, "https://", 8) ? origin + 8
                                                     : NULL;
        if (!rest || !split_host(rest, &host, &port))
                return false;
        known = is_loopback_name(host);
        free(host);
        return known;
}
