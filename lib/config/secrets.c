/* What is a secret, what is a reference to one, and the refusal of literals. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>

static const char *const schemes[] = { "env:", "file:", "vault:", "exec:" };

bool msptk__config_is_reference(const char *text)
{
        for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
                size_t len = strlen(schemes[i]);

                if (strncmp(text, schemes[i], len) == 0 && text[len])
                        return i > 0 || msptk__env_name_valid(text + len);
        }
        return false;
}

bool msptk__env_name_valid(const char *name)
{
        size_t len =
                strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

        return len && !name[len] && !(name[0] >= '0' && name[0] <= '9');
}

/* "clientSecret", "X-Api-Key" and "api_key" become "client_secret", "x_api_key", "api_key". */
static size_t spread(const char *key, char *out, size_t cap)
{
        size_t n = 0;

        for (const char *p = key; *p && n + 2 < cap; p++) {
                if (*p >= 'A' && *p <= 'Z') {
                        if (n && out[n - 1] != '_' && p > key && p[-1] >= 'a' && p[-1] <= 'z')
                                out[n++] = '_';
                        out[n++] = (char)(*p - 'A' + 'a');
                } else {
                        out[n++] = *p == '-' || *p == ' ' || *p == '.' ? '_' : *p;
                }
        }
        out[n] = '\0';
        return n;
}

static bool ends_in_word(const char *text, size_t len, const char *word)
{
        size_t word_len = strlen(word);

        return len >= word_len && strcmp(text + len - word_len, word) == 0 &&
               (len == word_len || text[len - word_len - 1] == '_');
}

bool msptk__config_is_secret_name(const char *key)
{
        static const char *const words[] = {
                "password", "passwords",  "passwd",      "passphrase",       "secret",
                "secrets",  "token",      "tokens",      "apikey",           "apikeys",
                "api_key",  "api_keys",   "access_key",  "private_key",      "secret_key",
                "auth_key", "credential", "credentials", "authorization",    "bearer",
                "cookie",   "community",  "pwd",         "subscription_key", "shared_key"
        };
        char name[128];
        size_t len = spread(key, name, sizeof(name));

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (ends_in_word(name, len, words[i]))
                        return true;
        return false;
}

/* https://user:password@host */
static bool url_with_password(const char *text)
{
        const char *host = strstr(text, "://");
        size_t len;
        const char *at, *colon;

        if (!host)
                return false;
        host += 3;
        len = strcspn(host, "/?#");
        at = memchr(host, '@', len);
        colon = memchr(host, ':', len);
        return at && colon && colon < at && colon + 1 < at;
}

/* Credentials that give themselves away whatever the key is called. */
bool msptk__looks_like_secret(const char *text)
{
        static const char *const marks[] = { "sk-",     "ghp_",   "gho_",        "github_pat_",
                                             "glpat-",  "xoxb-",  "xoxp-",       "AKIA",
                                             "Bearer ", "Basic ", "-----BEGIN ", "eyJhbGci" };

        for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
                size_t len = strlen(marks[i]);

                if (strncmp(text, marks[i], len) == 0 && strlen(text + len) >= 12)
                        return true;
        }
        return url_with_password(text);
}

msptk_status msptk__config_refuse_literal(config *c, const tree_node *node, const char *path,
                                          msptk_error **ret_err)
{
        char name[64];
        size_t n = 0;
        const char *key = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;
        AUTO_BUF buf b = BUF_INIT(400);

        for (const char *p = path; *p && n + 1 < sizeof(name); p++) {
                if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                    (*p >= '0' && *p <= '9'))
                        name[n++] = *p;
                else if (n && name[n - 1] != '-')
                        name[n++] = '-';
        }
        name[n] = '\0';
        (void)msptk__buf_addf(&b,
                              "store it with 'msp-toolkit secret set %s' and write '%.48s: "
                              "vault:%s', or refer to it by env:NAME, file:PATH or exec:PROGRAM",
                              name, key, name);
        return msptk__config_find(c, LEVEL_ERROR, MSPTK_E_CONFIG, "LITERAL_SECRET", node, false,
                                  path, msptk__buf_text(&b), ret_err,
                                  "'%s' holds a secret itself instead of a reference to one", path);
}
