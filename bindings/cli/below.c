/* What stands under a row of a table: the things that its lists hold, one line each. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* The first of several keys that has a text. */
static const char *text_of(const msptk_json *v, const char *const *keys)
{
        for (; *keys; keys++)
                if (*op_text(v, *keys))
                        return op_text(v, *keys);
        return "";
}

/* "srv-01: disk / is at 92% (2h ago)" of an alert, a device that did not report, and the like. */
static void add_brief(const cli *c, text *t, const msptk_json *v)
{
        static const char *const whose[] = { "device", "device_name", "device_id", NULL };
        static const char *const what[] = { "message", "reason", "because", "name",
                                            "title",   "check",  "id",      NULL };
        static const char *const when[] = { "since", "opened_at", "last_reported", NULL };
        const char *who = text_of(v, whose);
        int64_t at;

        if (*who) {
                add_clean(t, who, true);
                text_add(t, ": ");
        }
        add_clean(t, text_of(v, what), true);
        if (time_parse(text_of(v, when), &at)) {
                text_add(t, " (");
                add_age(c, t, at);
                text_add(t, ")");
        }
}

static void add_one(const cli *c, text *t, const char *label, const msptk_json *v, size_t indent)
{
        static const char *const judged[] = { "severity", "status", NULL };
        const char *word = text_of(v, judged);
        size_t left = indent + 4;
        text brief = { 0 };

        text_fill(t, ' ', left);
        if (*label) {
                add_styled(t, c->color_out, STYLE_BOLD, label);
                text_fill(t, ' ', text_width(label) < 5 ? 7 - text_width(label) : 2);
                left += text_width(label) < 5 ? 7 : text_width(label) + 2;
        }
        if (*word) {
                text clean = { 0 };

                add_clean(&clean, word, true);
                add_styled(t, c->color_out, style_of_word(word), text_str(&clean));
                text_fill(t, ' ', clean.len < 8 ? 10 - clean.len : 2);
                left += clean.len < 8 ? 10 : clean.len + 2;
                text_free(&clean);
        }
        add_brief(c, &brief, v);
        add_wrapped(t, text_str(&brief), left, c->width, false, STYLE_PLAIN);
        text_add(t, "\n");
        text_free(&brief);
}

bool holds_objects(const msptk_json *v)
{
        return msptk_json_type(v) == MSPTK_JSON_ARRAY &&
               msptk_json_type(msptk_json_first(v)) == MSPTK_JSON_OBJECT;
}

void add_list_below(const cli *c, text *t, const char *title, const msptk_json *list, size_t indent)
{
        char *label = copy_text(title);

        for (char *p = label; *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char)(*p + 32);
        for (const msptk_json *i = holds_objects(list) ? msptk_json_first(list) : NULL; i;
             i = msptk_json_next(i))
                add_one(c, t, label, i, indent);
        free(label);
}
