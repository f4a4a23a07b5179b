/* Parsers of reply headers: dates, Retry-After, content types, links. */
#include "net/headers.h"

#include <string.h>
#include <strings.h>

enum { RETRY_AFTER_MAX_S = 86400 };

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* ---- dates ---- */

static const char *skip_blanks(const char *p)
{
        while (*p == ' ' || *p == '\t')
                p++;
        return p;
}

/* Exactly `digits` digits; NULL otherwise. */
static const char *number(const char *p, int digits, int32_t *ret)
{
        int32_t n = 0;

        if (!p)
                return NULL;
        for (int i = 0; i < digits; i++, p++) {
                if (*p < '0' || *p > '9')
                        return NULL;
                n = n * 10 + (*p - '0');
        }
        *ret = n;
        return p;
}

static const char *literal(const char *p, const char *text)
{
        size_t len = strlen(text);

        return p && !strncmp(p, text, len) ? p + len : NULL;
}

static const char *month(const char *p, int32_t *ret)
{
        for (int32_t m = 0; p && m < 12; m++)
                if (!strncmp(p, months + 3 * (size_t)m, 3)) {
                        *ret = m + 1;
                        return p + 3;
                }
        return NULL;
}

static const char *clock_time(const char *p, civil *c)
{
        p = literal(number(p, 2, &c->hour), ":");
        p = literal(number(p, 2, &c->minute), ":");
        p = number(p, 2, &c->second);
        if (p && c->second == 60) /* a leap second; here they do not exist */
                c->second = 59;
        return p;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static const char *fixed_date(const char *p, civil *c)
{
        int32_t year = 0;

        p = literal(number(p, 2, &c->day), " ");
        p = literal(month(p, &c->month), " ");
        p = literal(number(p, 4, &year), " ");
        c->year = year;
        return literal(clock_time(p, c), " GMT");
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static const char *dashed_date(const char *p, civil *c)
{
        int32_t year = 0;

        p = literal(number(p, 2, &c->day), "-");
        p = literal(month(p, &c->month), "-");
        p = literal(number(p, 2, &year), " ");
        c->year = year + (year < 70 ? 2000 : 1900);
        return literal(clock_time(p, c), " GMT");
}

/* "Sun Nov  6 08:49:37 1994", behind the day's name */
static const char *c_date(const char *p, civil *c)
{
        int32_t year = 0;

        p = literal(month(p, &c->month), " ");
        if (p && *p == ' ')
                p = number(p + 1, 1, &c->day);
        else
                p = number(p, 2, &c->day);
        p = literal(clock_time(literal(p, " "), c), " ");
        p = number(p, 4, &year);
        c->year = year;
        return p;
}

bool msptk__http_date(const char *text, int64_t *ret_us)
{
        const char *comma, *end;
        civil c = { 0 };

        text = skip_blanks(text);
        comma = strchr(text, ',');
        if (comma) {
                const char *p = skip_blanks(comma + 1);

                if (comma - text > 9)
                        return false;
                end = fixed_date(p, &c);
                if (!end) {
                        c = (civil){ 0 };
                        end = dashed_date(p, &c);
                }
        } else {
                end = strlen(text) > 4 && text[3] == ' ' ? c_date(text + 4, &c) : NULL;
        }
        if (!end || *skip_blanks(end) || !msptk__civil_valid(&c))
                return false;
        return msptk__civil_to_us(&c, ret_us);
}

int64_t msptk__http_retry_after(const char *text, int64_t server_now)
{
        size_t len;
        int64_t value;

        text = skip_blanks(text);
        len = strspn(text, "0123456789");
        if (len && !*skip_blanks(text + len)) {
                if (len > 9 || !msptk__num_int64(text, len, &value) || value > RETRY_AFTER_MAX_S)
                        value = RETRY_AFTER_MAX_S;
                return value * MS_PER_S;
        }
        if (!msptk__http_date(text, &value))
                return -1;
        if (value <= server_now)
                return 0;
        if (value / US_PER_S - server_now / US_PER_S >= RETRY_AFTER_MAX_S)
                return RETRY_AFTER_MAX_S * MS_PER_S;
        return (value - server_now + US_PER_MS - 1) / US_PER_MS;
}

/* ---- tokens ---- */

static bool token_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_len(const char *p)
{
        size_t n = 0;

        while (token_char(p[n]))
                n++;
        return n;
}

void msptk__http_content_type(const char *text, char out[CONTENT_TYPE_MAX])
{
        size_t type, subtype, len;

        out[0] = '\0';
        text = skip_blanks(text);
        type = token_len(text);
        if (!type || text[type] != '/')
                return;
        subtype = token_len(text + type + 1);
        len = type + 1 + subtype;
        if (!subtype || len >= CONTENT_TYPE_MAX)
                return;
        if (*skip_blanks(text + len) && *skip_blanks(text + len) != ';')
                return;
        for (size_t i = 0; i < len; i++)
                out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
        out[len] = '\0';
}

/* ---- links ---- */

/* Whether a list of relations, separated by blanks, has "next". */
static bool has_next(const char *p, size_t len)
{
        while (len) {
                size_t word = 0;

                while (word < len && p[word] != ' ' && p[word] != '\t')
                        word++;
                if (word == 4 && !strncasecmp(p, "next", 4))
                        return true;
                word += word < len;
                p += word;
                len -= word;
        }
        return false;
}

/* A parameter's value, quoted or a token. Moves *pos behind it; false when malformed. Escapes in a
 * quoted value are not undone: no relation needs them. */
static bool value_of(const char **pos, const char **ret, size_t *ret_len)
{
        const char *p = *pos;

        if (*p != '"') {
                *ret = p;
                *ret_len = strcspn(p, " \t;,\"");
                *pos = p + *ret_len;
                return true;
        }
        *ret = ++p;
        while (*p && *p != '"')
                p += p[0] == '\\' && p[1] ? 2 : 1;
        *ret_len = (size_t)(p - *ret);
        *pos = p + 1;
        return *p == '"';
}

/* The parameters of one link: its first rel decides. False when malformed. */
static bool link_params(const char **pos, bool *ret_next)
{
        bool seen_rel = false, next = false, other = false;
        const char *p = skip_blanks(*pos);

        while (*p == ';') {
                const char *name = skip_blanks(p + 1), *value = "";
                size_t name_len = token_len(name), value_len = 0;

                p = skip_blanks(name + name_len);
                if (*p == '=') {
                        p = skip_blanks(p + 1);
                        if (!value_of(&p, &value, &value_len))
                                return false;
                }
                if (name_len == 6 && !strncasecmp(name, "anchor", 6))
                        other = true;
                if (name_len == 3 && !strncasecmp(name, "rel", 3) && !seen_rel) {
                        seen_rel = true;
                        next = has_next(value, value_len);
                }
                p = skip_blanks(p);
        }
        *pos = p;
        *ret_next = next && !other;
        return *p == ',' || !*p;
}

msptk_status msptk__http_link_next(const char *text, char **ret_target)
{
        const char *p = text;

        for (int count = 0; count < HEADER_LINK_MAX; count++) {
                const char *target, *end;
                bool next;

                while (*p == ',' || *p == ' ' || *p == '\t')
                        p++;
                end = *p == '<' ? strchr(p, '>') : NULL;
                if (!end)
                        return MSPTK_DONE;
                target = p + 1;
                p = end + 1;
                if (!link_params(&p, &next))
                        return MSPTK_DONE;
                if (!next)
                        continue;
                if (end - target > HEADER_URL_MAX)
                        return MSPTK_E_TOOBIG;
                *ret_target = msptk__strndup(target, (size_t)(end - target));
                return *ret_target ? MSPTK_OK : MSPTK_E_NOMEM;
        }
        return MSPTK_DONE;
}
