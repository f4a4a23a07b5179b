/*
 * The shared cases through msptk_call(), by public headers only; README.md says what a case is.
 * This reader is the one that writes what is expected: MSPTK_REGENERATE=1 run_c FILE...
 *
 *      run_c FILE...        runs cases, each in a workspace of its own
 *      run_c --step DIR     reads one step from standard input, does it in that workspace, prints
 *                           {"result": ...} or {"error": ...}: for readers whose door lacks it
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

enum { PATH_CAP = 512 };

typedef struct runner {
        const char *file;
        msptk_json *table, *doc, *saved; /* saved: name -> value of earlier results */
        msptk_toolkit *tk;
        char dir[64];
        int64_t now;
        bool regenerate;
        int passed, failed;
} runner;

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputc('\n', stderr);
        exit(2);
}

static const msptk_json *get(const msptk_json *o, const char *key)
{
        return msptk_json_get(o, key);
}

static const char *str(const msptk_json *o, const char *key)
{
        return msptk_json_string(get(o, key), NULL);
}

static char *print(const msptk_json *json, uint64_t flags)
{
        char *text = NULL;

        if (msptk_json_print(json, flags, &text, NULL) < 0)
                die("no memory");
        return text;
}

static msptk_json *need(msptk_json *json)
{
        if (!json)
                die("no memory");
        return json;
}

static void set(msptk_json *o, const char *key, msptk_json *value)
{
        if (msptk_json_set(o, key, need(value)) < 0)
                die("no memory");
}

static void set_str(msptk_json *o, const char *key, const char *value)
{
        if (msptk_json_set_string(o, key, value) < 0)
                die("no memory");
}

/* ---- files ---- */

static char *read_all(FILE *f, size_t *ret_len)
{
        size_t cap = 1 << 16, len = 0, n;
        char *text = malloc(cap);

        while (text && (n = fread(text + len, 1, cap - len, f)) > 0)
                if ((len += n) == cap)
                        text = realloc(text, cap *= 2);
        if (!text)
                die("no memory");
        *ret_len = len;
        return text;
}

static msptk_json *read_json(FILE *f, const char *what)
{
        msptk_json *doc = NULL;
        msptk_error *err = NULL;
        size_t len;
        char *text = read_all(f, &len);

        if (msptk_json_parse(text, len, &doc, &err) < 0)
                die("%s: %s", what, msptk_error_message(err));
        free(text);
        return doc;
}

static void write_file(const char *path, const char *text)
{
        FILE *f = fopen(path, "w");

        if (!f || fputs(text, f) < 0 || fputs("\n", f) < 0 || fclose(f) != 0)
                die("%s cannot be written", path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        (void)st, (void)type, (void)at;
        return remove(path);
}

/* ---- the workspace ---- */

static int64_t clock_of(void *user)
{
        return ((runner *)user)->now;
}

/* "2026-11-21T12:00:00Z" as microseconds, by days of the civil calendar. */
static int64_t moment(const char *text)
{
        int y, mo, d, h, mi, s;
        int64_t days;

        if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &y, &mo, &d, &h, &mi, &s) != 6)
                die("'%s' is no moment", text);
        y -= mo <= 2;
        days = 365 * (int64_t)y + y / 4 - y / 100 + y / 400 +
               (153 * (mo + (mo > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
        return (((days * 24 + h) * 60 + mi) * 60 + s) * INT64_C(1000000);
}

static void open_workspace(runner *r)
{
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();
        char path[PATH_CAP];
        msptk_error *err = NULL;

        snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", r->dir);
        if (!o)
                die("no memory");
        msptk_toolkit_opts_set_clock(o, clock_of, r);
        if (msptk_toolkit_opts_set_config_path(o, path, &err) < 0 ||
            msptk_toolkit_opts_set(o, "principal", "tester", &err) < 0 ||
            msptk_toolkit_open(o, &r->tk, &err) < 0)
                die("%s: open %s: %s", r->file, path, msptk_error_message(err));
        msptk_toolkit_opts_free(o);
}

static void make_workspace(runner *r)
{
        char path[PATH_CAP], *config = print(get(r->doc, "config"), 0);

        snprintf(r->dir, sizeof(r->dir), "/tmp/msptk-case-XXXXXX");
        if (!mkdtemp(r->dir))
                die("no place for a workspace");
        snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", r->dir);
        write_file(path, config);
        msptk_string_free(config);
        r->now = moment(str(r->doc, "now"));
        open_workspace(r);
}

static void close_workspace(runner *r, bool keep)
{
        msptk_error *err = NULL;

        if (msptk_toolkit_close(r->tk, 10000, &err) < 0)
                die("%s: close: %s", r->file, msptk_error_message(err));
        msptk_toolkit_free(r->tk);
        if (!keep && nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
                die("%s cannot be removed", r->dir);
}

/* ---- a step ---- */

static const msptk_json *row_of(const runner *r, const char *name)
{
        for (const msptk_json *o = msptk_json_first(get(r->table, "operations")); o;
             o = msptk_json_next(o))
                if (!strcmp(str(o, "name"), name))
                        return o;
        die("%s: there is no operation '%s'", r->file, name);
}

/* A text "$name" is what an earlier step saved under that name. */
static msptk_json *substituted(const runner *r, const msptk_json *given)
{
        msptk_json *copy = need(given ? msptk_json_copy(given) : msptk_json_new_object());

        for (const msptk_json *m = msptk_json_first(given); m; m = msptk_json_next(m)) {
                const char *text = msptk_json_string(m, "");
                const msptk_json *value = *text == '$' ? get(r->saved, text + 1) : NULL;

                if (value)
                        set(copy, msptk_json_key(m), msptk_json_copy(value));
        }
        return copy;
}

static void fill_opts(msptk_call_opts *o, const msptk_json *given)
{
        msptk_error *err = NULL;

        for (const msptk_json *m = msptk_json_first(given); m; m = msptk_json_next(m)) {
                const char *key = msptk_json_key(m), *text = msptk_json_string(m, NULL);
                msptk_status st =
                        text ? msptk_call_opts_set_str(o, key, text, &err)
                             : msptk_call_opts_set_int(o, key, msptk_json_bool(m, 0), &err);

                if (st < 0)
                        die("option '%s': %s", key, msptk_error_message(err));
        }
}

/* {"code": ..., "reason": ..., "status": ...}: what every door says of an error. */
static msptk_json *error_of(const msptk_error *err)
{
        msptk_json *o = need(msptk_json_new_object());

        set_str(o, "code", msptk_error_code(err));
        set_str(o, "reason", msptk_error_reason(err));
        set_str(o, "status", msptk_status_name(msptk_error_status(err)));
        return o;
}

/* {"result": ...} or {"error": ...} */
static msptk_json *do_step(runner *r, const msptk_json *step)
{
        msptk_json *outcome = need(msptk_json_new_object());
        msptk_json *values = substituted(r, get(step, "args")),
                   *given = substituted(r, get(step, "opts"));
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        if (!opts)
                die("no memory");
        fill_opts(opts, given);
        st = msptk_args_from_json(str(step, "do"), values, &args, &err);
        if (st == MSPTK_OK)
                st = msptk_call(r->tk, args, opts, &result, &err);
        if (st == MSPTK_OK)
                set(outcome, "result", msptk_json_copy(msptk_result_json(result)));
        else
                set(outcome, "error", error_of(err));
        msptk_error_free(err);
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_call_opts_free(opts);
        msptk_json_free(given);
        msptk_json_free(values);
        return outcome;
}

static const msptk_json *nth(const msptk_json *list, unsigned long n)
{
        const msptk_json *item = msptk_json_first(list);

        while (item && n--)
                item = msptk_json_next(item);
        return item;
}

/* "/alerts/0/id" */
static const msptk_json *at_path(const msptk_json *doc, const char *path)
{
        while (doc && *path == '/') {
                char key[128];
                size_t n = strcspn(++path, "/");

                snprintf(key, sizeof(key), "%.*s", (int)n, path);
                if (msptk_json_type(doc) == MSPTK_JSON_ARRAY)
                        doc = nth(doc, strtoul(key, NULL, 10));
                else
                        doc = get(doc, key);
                path += n;
        }
        return doc;
}

static void save(runner *r, const msptk_json *step, const msptk_json *result)
{
        for (const msptk_json *m = msptk_json_first(get(step, "save")); m; m = msptk_json_next(m)) {
                const msptk_json *value = at_path(result, msptk_json_string(m, ""));

                if (!value)
                        die("%s: nothing at %s to save", r->file, msptk_json_string(m, ""));
                set(r->saved, msptk_json_key(m), msptk_json_copy(value));
        }
}

/* ---- what is expected ---- */

static void mask_key(msptk_json *v, const char *key)
{
        if (get(v, key) && msptk_json_type(get(v, key)) != MSPTK_JSON_NULL)
                set_str(v, key, "*");
        for (msptk_json *m = msptk_json_first(v); m; m = msptk_json_next(m))
                mask_key(m, key);
}

/* What the row calls volatile, and the token of a plan. */
static void mask(const runner *r, const msptk_json *step, msptk_json *outcome)
{
        const msptk_json *row = row_of(r, str(step, "do"));

        for (const msptk_json *k = msptk_json_first(get(get(row, "result"), "volatile")); k;
             k = msptk_json_next(k))
                mask_key(msptk_json_get(outcome, "result"), msptk_json_string(k, ""));
        mask_key(msptk_json_get(outcome, "result"), "plan_token");
}

static void judge(runner *r, const msptk_json *step, size_t number, const msptk_json *outcome)
{
        char *is = print(outcome, 0), *wanted = print(get(step, "expect"), 0);

        if (!strcmp(is, wanted)) {
                r->passed++;
                printf("ok %s %zu: %s\n", r->file, number, str(step, "do"));
        } else {
                r->failed++;
                printf("FAILED %s %zu: %s\n  is     %s\n  wanted %s\n", r->file, number,
                       str(step, "do"), is, wanted);
        }
        msptk_string_free(is);
        msptk_string_free(wanted);
}

static void run_step(runner *r, msptk_json *step, size_t number)
{
        const char *now = str(step, "now");
        msptk_json *outcome;

        if (now)
                r->now = moment(now);
        outcome = do_step(r, step);
        save(r, step, get(outcome, "result"));
        mask(r, step, outcome);
        if (r->regenerate)
                set(step, "expect", msptk_json_copy(outcome));
        else
                judge(r, step, number, outcome);
        msptk_json_free(outcome);
}

static void run_file(const char *path, const msptk_json *table, runner *total)
{
        FILE *f = fopen(path, "r");
        const char *slash = strrchr(path, '/');
        runner r = { .file = slash ? slash + 1 : path,
                     .table = (msptk_json *)table,
                     .saved = need(msptk_json_new_object()),
                     .regenerate = getenv("MSPTK_REGENERATE") != NULL };
        size_t number = 0;

        if (!f)
                die("%s cannot be read", path);
        r.doc = read_json(f, path);
        fclose(f);
        make_workspace(&r);
        for (msptk_json *step = msptk_json_first(get(r.doc, "steps")); step;
             step = msptk_json_next(step))
                run_step(&r, step, ++number);
        close_workspace(&r, false);
        if (r.regenerate) {
                char *text = print(r.doc, MSPTK_JSON_PRETTY);

                write_file(path, text);
                msptk_string_free(text);
        }
        total->passed += r.passed;
        total->failed += r.failed;
        msptk_json_free(r.saved);
        msptk_json_free(r.doc);
}

/* The step has its values already; "now" is the moment. */
static void one_step(const char *dir, const msptk_json *table)
{
        runner r = { .file = "step", .table = (msptk_json *)table };
        msptk_json *step = read_json(stdin, "standard input"), *outcome;
        char *text;

        snprintf(r.dir, sizeof(r.dir), "%s", dir);
        r.now = moment(str(step, "now"));
        open_workspace(&r);
        outcome = do_step(&r, step);
        close_workspace(&r, true);
        text = print(outcome, 0);
        puts(text);
        msptk_string_free(text);
        msptk_json_free(outcome);
        msptk_json_free(step);
}

int main(int argc, char **argv)
{
        runner total = { 0 };
        msptk_json *table = NULL;

        if (argc < 2)
                die("run_c FILE... | run_c --step DIR");
        if (msptk_operations(&table, NULL) < 0)
                die("no memory");
        if (argc == 3 && !strcmp(argv[1], "--step"))
                one_step(argv[2], table);
        else
                for (int i = 1; i < argc; i++)
                        run_file(argv[i], table, &total);
        msptk_json_free(table);
        if (total.passed + total.failed)
                printf("%d passed, %d failed, 0 skipped\n", total.passed, total.failed);
        return total.failed != 0;
}
