/*
 * Foreign text - names of devices, messages of checks, output of scripts - made safe to hand to an
 * agent: nothing in it moves a cursor, changes the direction of writing or hides from the person
 * who reads along, nothing is longer than its cap, and what looks like a secret is left out. It
 * stays data: whoever shows it fences it (render.c).
 */
#include "mcp/inside.h"

#include <stdint.h>
#include <strings.h>

/* ---- characters ---- */

typedef struct range {
        uint32_t from, to;
} range;

/* What is seen by nobody or changes how other characters are seen: format characters, fillers,
 * variation selectors (but the two of emoji), tags. */
static const range unseen[] = {
        { 0x7f, 0x9f },       { 0xad, 0xad },        { 0x34f, 0x34f },     { 0x61c, 0x61c },
        { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },    { 0x180b, 0x180f },   { 0x200b, 0x200f },
        { 0x202a, 0x202e },   { 0x2060, 0x206f },    { 0x3164, 0x3164 },   { 0xe000, 0xf8ff },
        { 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0d },    { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
        { 0xfff0, 0xfffb },   { 0xfffe, 0xffff },    { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
        { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

static bool is_unseen(uint32_t c)
{
        for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
                if (c >= unseen[i].from && c <= unseen[i].to)
                        return true;
        return false;
}

/* After what begins a string that a terminal keeps to itself: until BEL or ESC \. */
static const char *skip_string(const char *s)
{
        while (*s && *s != '\a' && !(s[0] == '\x1b' && s[1] == '\\'))
                s++;
        return *s == '\a' ? s + 1 : *s ? s + 2 : s;
}

static const char *skip_csi(const char *s)
{
        while (*s >= 0x20 && *s < 0x40)
                s++;
        return *s >= 0x40 && *s < 0x7f ? s + 1 : s;
}

/* After the escape sequence whose ESC is at s[0]. */
static const char *skip_escape(const char *s)
{
        s++;
        if (*s == '[')
                return skip_csi(s + 1);
        if (*s && strchr("]PX^_", *s))
                return skip_string(s + 1);
        while (*s >= 0x20 && *s < 0x30)
                s++;
        return *s >= 0x30 && *s < 0x7f ? s + 1 : s;
}

/* Also C1 controls written as one character: U+009B begins a sequence, U+0090 a string. */
static const char *skip_c1(const char *s, uint32_t c)
{
        s += 2;
        if (c == 0x9b)
                return skip_csi(s);
        return c == 0x90 || c == 0x98 || c == 0x9d || c == 0x9e || c == 0x9f ? skip_string(s) : s;
}

static void add_visible(text *t, const char *s, bool one_line)
{
        while (*s) {
                size_t n;
                uint32_t c = text_char(s, &n);

                if (c == '\x1b') {
                        s = skip_escape(s);
                        continue;
                }
                if (c >= 0x80 && c < 0xa0) {
                        s = skip_c1(s, c);
                        continue;
                }
                if (c == TEXT_BAD_BYTE) /* a message of an error may quote any bytes */
                        text_add(t, "\xef\xbf\xbd");
                else if (c == '\n' && !one_line)
                        text_add(t, "\n");
                else if (c == '\n' || c == '\t' || c == 0x2028 || c == 0x2029)
                        text_add(t, " ");
                else if (c >= 0x20 && !is_unseen(c))
                        text_addn(t, s, n);
                s += n;
        }
}

/* ---- secrets ---- */

static const char HIDDEN[] = "[redacted]";

static bool is_word(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
}

/* Words that name a secret, as the end of a key. */
static bool names_secret(const char *key, size_t n)
{
        static const char *const ends[] = { "password",    "passwd",        "passphrase",
                                            "pwd",         "secret",        "token",
                                            "api_key",     "apikey",        "api-key",
                                            "private_key", "authorization", "credential",
                                            "access_key" };

        if (n < 3 || !strchr("delnty", key[n - 1] | 0x20)) /* most do not even end as these do */
                return false;
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
                size_t m = strlen(ends[i]);

                if (n >= m && !strncasecmp(key + n - m, ends[i], m))
                        return true;
        }
        return false;
}

/* Tokens that are known by how they begin, and the least length of the rest. */
static bool is_token(const char *s, size_t n)
{
        static const struct {
                const char *begin;
                size_t rest;
        } kinds[] = {
                { "ghp_", 20 },   { "gho_", 20 },  { "ghs_", 20 },  { "github_pat_", 20 },
                { "glpat-", 16 }, { "xoxb-", 10 }, { "xoxp-", 10 }, { "AKIA", 16 },
                { "ASIA", 16 },   { "sk-", 20 },   { "eyJ", 30 },   { "plan1_", 40 },
                { "msptk_", 24 }, { "SG.", 20 },   { "AIza", 30 },
        };

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                size_t m = strlen(kinds[i].begin);

                if (n >= m + kinds[i].rest && !strncmp(s, kinds[i].begin, m))
                        return true;
        }
        return false;
}

static size_t secret_length(const char *s)
{
        return strcspn(s, " \t\n\"'`,;&<>|)");
}

/* "password=x", "Authorization: Bearer x" at `s`, where a word of `n` bytes begins: how much of it
 * is to be shown before the secret, and how long the secret is. */
static bool find_assignment(const char *s, size_t n, size_t *ret_shown, size_t *ret_secret)
{
        size_t at = n;
        bool scheme =
                (n == 6 && !strncasecmp(s, "bearer", n)) || (n == 5 && !strncasecmp(s, "basic", n));

        if (scheme) {
                at += strspn(s + at, " ");
                *ret_shown = at;
                *ret_secret = at > n ? secret_length(s + at) : 0;
                return *ret_secret >= 8;
        }
        if (!names_secret(s, n))
                return false;
        if (s[at] == '"' || s[at] == '\'')
                at++;
        at += strspn(s + at, " ");
        if (s[at] != '=' && s[at] != ':')
                return false;
        at++;
        at += strspn(s + at, " \"'");
        if (!strncasecmp(s + at, "bearer ", 7) || !strncasecmp(s + at, "basic ", 6))
                at += strcspn(s + at, " ") + 1;
        *ret_shown = at;
        *ret_secret = secret_length(s + at);
        return *ret_secret > 0;
}

/* The end of a block that begins with -----BEGIN ... PRIVATE KEY-----. */
static size_t private_key(const char *s)
{
        const char *dashes, *end;

        if (strncmp(s, "-----BEGIN ", 11) != 0)
                return 0;
        dashes = strstr(s + 11, "-----");
        if (!dashes || dashes - s > 64 || strncmp(dashes - 11, "PRIVATE KEY", 11) != 0)
                return 0;
        end = strstr(dashes + 5, "-----END ");
        end = end ? strstr(end + 9, "-----") : NULL;
        return end ? (size_t)(end + 5 - s) : strlen(s);
}

/* "://user:password@" at the colon of "://". */
static size_t userinfo(const char *s)
{
        size_t n;

        if (strncmp(s, "://", 3) != 0)
                return 0;
        n = strcspn(s + 3, " \t\n/@\"'<>");
        return s[3 + n] == '@' && memchr(s + 3, ':', n) ? 3 + n : 0;
}

static void add_without_secrets(text *t, const char *s)
{
        bool inside = false; /* of a word */

        while (*s) {
                size_t n = 0, shown, secret;

                if (!inside && (n = private_key(s))) {
                        text_add(t, HIDDEN);
                        s += n;
                        continue;
                }
                if ((n = userinfo(s))) {
                        text_addf(t, "://%s", HIDDEN);
                        s += n;
                        continue;
                }
                while (!inside && is_word(s[n]))
                        n++;
                if (n && is_token(s, strcspn(s, " \t\n\"'`,;&<>|)"))) {
                        text_add(t, HIDDEN);
                        s += secret_length(s);
                } else if (n && find_assignment(s, n, &shown, &secret)) {
                        text_addn(t, s, shown);
                        text_add(t, HIDDEN);
                        s += shown + secret;
                } else {
                        n = n ? n : 1;
                        text_addn(t, s, n);
                        inside = is_word(s[n - 1]);
                        s += n;
                }
                inside = inside && is_word(*s);
        }
}

/* What a character can be part of: a word, or something that has to be looked at. */
enum { WORD = 1, SUSPECT = 2 };
static const unsigned char kinds_of[256] = {
        [0 ... 0x1f] = SUSPECT, ['0' ... '9'] = WORD, ['A' ... 'Z'] = WORD,
        ['a' ... 'z'] = WORD,   ['_'] = WORD,         ['-'] = WORD,
        ['"'] = SUSPECT,        ['\\'] = SUSPECT,     ['|'] = SUSPECT,
        [':'] = SUSPECT,        ['='] = SUSPECT,      [0x7f ... 0xff] = SUSPECT,
};

/* Of tokens, "bearer" and "basic". */
static bool begins_one(unsigned char c)
{
        return strchr("AGSXEPMBagsxepmb", c) != NULL;
}

/* Whether a text can hold nothing of all this, seen without taking it apart: letters that need no
 * care anywhere, no assignment, no address, no word that begins as a token or as "bearer" does.
 * Most texts are so. */
bool is_plain(const char *s, size_t *ret_len)
{
        const unsigned char *at = (const unsigned char *)s;
        unsigned before = 0;

        for (;; at++) {
                unsigned kind = kinds_of[*at];

                if (kind & SUSPECT) {
                        *ret_len = (size_t)(at - (const unsigned char *)s);
                        return !*at;
                }
                if (*at == '-' && at > (const unsigned char *)s && at[-1] == '-')
                        return false;
                if ((kind & WORD) && !(before & WORD) && begins_one(*at)) {
                        const char *word = (const char *)at;

                        if (!strncasecmp(word, "bearer", 6) || !strncasecmp(word, "basic", 5) ||
                            is_token(word, secret_length(word)))
                                return false;
                }
                before = kind;
        }
}

/* ---- together ---- */

static void add_capped(text *t, const char *s, size_t cap)
{
        size_t n = strlen(s), keep = cap;

        if (n <= cap) {
                text_addn(t, s, n);
                return;
        }
        while (keep && ((unsigned char)s[keep] & 0xc0) == 0x80)
                keep--;
        text_addn(t, s, keep);
        text_addf(t, "... [%zu bytes more]", n - keep);
}

static void add_cleaned(text *t, const char *s, size_t cap, bool one_line)
{
        text visible = { 0 }, harmless = { 0 };
        size_t n;

        if (is_plain(s, &n) && n <= cap) {
                text_addn(t, s, n);
                return;
        }
        add_visible(&visible, s, one_line);
        add_without_secrets(&harmless, text_str(&visible));
        add_capped(t, text_str(&harmless), cap);
        text_free(&visible);
        text_free(&harmless);
}

void add_safe(text *t, const char *s, size_t cap)
{
        add_cleaned(t, s, cap, true);
}

char *safe(const char *s, size_t cap)
{
        text t = { 0 };

        add_safe(&t, s, cap);
        return t.data ? t.data : copy_text("");
}

static void add_member(msptk_json *into, const char *key, msptk_json *value)
{
        if (key)
                put(into, key, value);
        else
                add(into, value);
}

static msptk_json *safe_container(const msptk_json *json, size_t cap)
{
        bool object = is_object(json);
        msptk_json *into = object ? new_object() : new_array();
        size_t n;

        for (const msptk_json *v = msptk_json_first(json); v; v = msptk_json_next(v)) {
                const char *key = object ? msptk_json_key(v) : NULL;
                char *made = NULL;

                if (key && !(is_plain(key, &n) && n <= CAP_NAME))
                        key = made = safe(key, CAP_NAME);
                put_safe(into, key, v, cap);
                free(made);
        }
        return into;
}

bool is_secret_name(const char *key)
{
        return names_secret(key, strlen(key));
}

const char *safe_value(const char *s, bool secret, size_t cap, text *made)
{
        size_t n;

        if (secret)
                return HIDDEN;
        if (is_plain(s, &n) && n <= cap)
                return s;
        add_cleaned(made, s, cap, false);
        return text_str(made);
}

void put_safe(msptk_json *into, const char *key, const msptk_json *v, size_t cap)
{
        const char *s;
        text t = { 0 };

        switch (msptk_json_type(v)) {
        case MSPTK_JSON_NONE:
                break;
        case MSPTK_JSON_OBJECT:
        case MSPTK_JSON_ARRAY:
                add_member(into, key, safe_container(v, cap));
                break;
        case MSPTK_JSON_STRING:
                s = safe_value(msptk_json_string(v, ""), key && is_secret_name(key), cap, &t);
                if (key)
                        put_str(into, key, s);
                else
                        add_str(into, s);
                text_free(&t);
                break;
        default:
                add_member(into, key, copy_tree(v));
        }
}

msptk_json *safe_tree(const msptk_json *json, size_t cap)
{
        return safe_container(json, cap);
}
