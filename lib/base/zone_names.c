/* The names of zones, and which one was meant. */
#define ROOM "time"
#include "base/base.h"
#include "base/zone_impl.h"

#include <string.h>

enum { LIST_LIMIT = 1024 * 1024, NEAR_MAX = 3, NEAR_LIMIT = 4 };

msptk_status msptk__zone_read_file(const char *dir, const char *name, buf *out)
{
        AUTO_FREE char *path = msptk__path_join(dir ? dir : ZONE_DIR, name);
        file_info info;
        msptk_status st;

        if (!path)
                return MSPTK_E_NOMEM;
        st = msptk__file_stat(path, 0, &info, NULL);
        if (st == MSPTK_E_NOMEM || st == MSPTK_E_DENIED)
                return st;
        if (st < 0 || info.kind != FILE_KIND_REGULAR)
                return MSPTK_E_NOTFOUND;
        return msptk__file_read(path, 0, out, NULL);
}

/* The n-th field of a line, counted from 0; false when there are fewer. */
static bool field(const char *line, const char *end, const char *separators, int32_t n, char *out)
{
        const char *from = line;

        for (const char *p = line; p <= end; p++) {
                if (p < end && !strchr(separators, *p))
                        continue;
                if (n-- == 0) {
                        size_t len = (size_t)(p - from);

                        if (len == 0 || len >= ZONE_NAME_MAX)
                                return false;
                        memcpy(out, from, len);
                        out[len] = '\0';
                        return true;
                }
                from = p + 1;
        }
        return false;
}

/* "Z name ...", "L target name" of the compact source; "codes, place, name" of the table. */
static bool line_name(const char *line, const char *end, bool table, char *out)
{
        if (line == end || *line == '#')
                return false;
        if (table)
                return field(line, end, "\t", 2, out);
        if (*line == 'Z')
                return field(line, end, " ", 1, out);
        return *line == 'L' && field(line, end, " ", 2, out);
}

msptk_status msptk__zone_names(const char *dir, int (*emit)(void *user, const char *name),
                               void *user, msptk_error **ret_err)
{
        AUTO_BUF buf list = BUF_INIT(LIST_LIMIT);
        bool table = false;
        msptk_status st = msptk__zone_read_file(dir, "tzdata.zi", &list);
        const char *p, *end;

        if (st == MSPTK_E_NOTFOUND) {
                table = true;
                st = msptk__zone_read_file(dir, "zone1970.tab", &list);
        }
        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (st < 0)
                return fail_why(ret_err, st, "ZONE_LIST_MISSING", "install the package 'tzdata'",
                                "read the list of time zones in '%s'", dir ? dir : ZONE_DIR);
        p = msptk__buf_text(&list);
        end = p + list.len;
        while (p < end) {
                const char *stop = memchr(p, '\n', (size_t)(end - p));
                char name[ZONE_NAME_MAX];

                if (!stop)
                        stop = end;
                if (line_name(p, stop, table, name) && emit(user, name))
                        break;
                p = stop + 1;
        }
        return MSPTK_OK;
}

typedef struct near_list {
        const char *word;
        size_t count;
        size_t distance[NEAR_MAX];
        char name[NEAR_MAX][ZONE_NAME_MAX];
} near_list;

static int consider(void *user, const char *name)
{
        near_list *n = user;
        const char *city = strrchr(name, '/');
        size_t d = msptk__edit_distance(n->word, name, NEAR_LIMIT);
        size_t i;

        if (city) {
                size_t by_city = msptk__edit_distance(n->word, city + 1, NEAR_LIMIT);

                d = by_city < d ? by_city : d;
        }
        if (d > NEAR_LIMIT || d > strlen(n->word) / 3 ||
            (n->count == NEAR_MAX && d >= n->distance[NEAR_MAX - 1]))
                return 0;
        i = n->count < NEAR_MAX ? n->count++ : NEAR_MAX - 1;
        for (; i > 0 && n->distance[i - 1] > d; i--) {
                n->distance[i] = n->distance[i - 1];
                memcpy(n->name[i], n->name[i - 1], ZONE_NAME_MAX);
        }
        n->distance[i] = d;
        (void)msptk__utf8_copy(n->name[i], ZONE_NAME_MAX, name);
        return 0;
}

static void add_near(buf *b, const near_list *n)
{
        size_t count = n->count;

        /* What is clearly worse than the best one was not meant. */
        while (count > 1 && n->distance[count - 1] > n->distance[0] + 1)
                count--;
        for (size_t i = 0; i < count; i++)
                msptk__buf_addf(b, "%s'%s'",
                                i == 0           ? "did you mean "
                                : i + 1 == count ? " or "
                                                 : ", ",
                                n->name[i]);
        msptk__buf_add_str(b, count ? "?" : "use an IANA name such as 'Europe/Berlin', or 'UTC'");
}

msptk_status msptk__zone_unknown(const char *dir, const char *name, msptk_error **ret_err)
{
        AUTO_BUF buf suggestion = BUF_INIT(1024), shown = BUF_INIT(256);
        near_list n = { .word = name };

        if (!ret_err)
                return MSPTK_E_NOTFOUND;
        if (msptk__zone_names(dir, consider, &n, NULL) < 0) {
                AUTO_BUF buf probe = BUF_INIT(LIST_LIMIT);

                if (msptk__zone_read_file(dir, "Etc/UTC", &probe) < 0)
                        return fail_why(ret_err, MSPTK_E_NOTFOUND, "ZONE_DATA_MISSING",
                                        "install the package 'tzdata', or use 'UTC'",
                                        "no time zone data in '%s'", dir ? dir : ZONE_DIR);
        }
        add_near(&suggestion, &n);
        (void)msptk__text_clean(name, strlen(name), CLEAN_VISIBLE, 100, &shown);
        if (suggestion.failed || shown.failed)
                return msptk__nomem(ret_err);
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "ZONE_NOT_FOUND", msptk__buf_text(&suggestion),
                        "no such time zone: '%s'", msptk__buf_text(&shown));
}
