/* Foreign text on its way to an agent: what comes out is UTF-8 that moves, hides and tells nothing,
 * is no longer than it may be, and what is clean stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "mcp/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 400, NOTE = 40 };

static void must(bool fine)
{
        if (!fine)
                abort();
}

/* Nothing that a terminal obeys or a person does not see. */
static void check_visible(const char *s, bool one_line)
{
        static const char *const gone[] = { "\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x80\x8d",
                                            "\xef\xbb\xbf", "\xf3\xa0\x81", "\xe2\x81\xa6" };

        for (const char *c = s; *c; c++)
                must((unsigned char)*c >= 0x20 ? *c != 0x7f : *c == '\n' && !one_line);
        for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
                must(!strstr(s, gone[i]));
}

/* What is taken for plain at a glance is left as it is by who looks at every character: with a tab
 * before it a text is never plain. */
static void check_plain(const char *s)
{
        char *slow;
        size_t n;
        text t = { 0 };

        if (!is_plain(s, &n))
                return;
        text_addf(&t, "\t%s", s);
        slow = safe(t.data, strlen(t.data));
        must(slow[0] == ' ' && !strcmp(slow + 1, s) && n == strlen(s));
        free(slow);
        text_free(&t);
}

static void check_text(const char *s)
{
        char *once = safe(s, CAP), *again;
        msptk_json *holder = new_object();

        must(strlen(once) <= CAP + NOTE);
        check_visible(once, true);
        put_str(holder, "text", once); /* ends the program unless it is UTF-8 */
        again = safe(once, CAP + NOTE);
        /* what was cut may end in half a word, what was hidden is longer than it was */
        must(strlen(once) > CAP || strstr(once, "[redacted]") || !strcmp(once, again));
        free(again);
        free(once);
        msptk_json_free(holder);
}

static void check_tree(const msptk_json *json)
{
        for (const msptk_json *v = msptk_json_first(json); v; v = msptk_json_next(v)) {
                if (msptk_json_key(v))
                        check_visible(msptk_json_key(v), true);
                if (msptk_json_type(v) == MSPTK_JSON_STRING)
                        check_visible(msptk_json_string(v, ""), false);
                check_tree(v);
        }
}

/* The input is taken as text, which may be any bytes, and as JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        msptk_json *given = NULL;
        char *s = copy_part((const char *)data, size);

        check_text(s);
        check_plain(s);
        if (msptk_json_parse((const char *)data, size, &given, NULL) == MSPTK_OK &&
            msptk_json_type(given) >= MSPTK_JSON_ARRAY) {
                msptk_json *clean = safe_tree(given, CAP);

                check_tree(clean);
                msptk_json_free(clean);
        }
        free(s);
        msptk_json_free(given);
        return 0;
}
