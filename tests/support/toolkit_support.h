/* A toolkit in memory with a clock of the test's own, seen from inside; for tests of single rooms.
 */
#ifndef TESTS_TOOLKIT_SUPPORT_H
#define TESTS_TOOLKIT_SUPPORT_H

#include <msptk/msptk.h>

#include "store/store.h"
#include "toolkit/toolkit.h"

#define SECONDS(n) ((int64_t)(n)*INT64_C(1000000))
#define MINUTES(n) SECONDS((n)*60)
#define HOURS(n) MINUTES((n)*60)

typedef struct world {
        msptk_toolkit *tk;
        ctx *c;
        int64_t now;
} world;

static int64_t world_clock(void *user)
{
        return ((world *)user)->now;
}

/* `config` may be NULL. The clock starts at 2026-11-21T12:00:00Z and stands still. */
static inline void world_open(world *w, const char *config)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();

        *w = (world){ .now = INT64_C(1795262400) * 1000000 };
        assert_non_null(o);
        if (config)
                assert_int_equal(msptk_toolkit_opts_set_config_path(o, config, NULL), MSPTK_OK);
        msptk_toolkit_opts_set_clock(o, world_clock, w);
        if (msptk_toolkit_open(o, &w->tk, &err) < 0)
                print_error("%s\n", msptk_error_message(err)), assert_null(err);
        msptk_toolkit_opts_free(o);
        w->c = msptk__toolkit_ctx(w->tk);
}

static inline void world_close(world *w)
{
        assert_int_equal(msptk_toolkit_close(w->tk, 5000, NULL), MSPTK_OK);
        msptk_toolkit_free(w->tk);
}
#define AUTO_WORLD __attribute__((cleanup(world_close)))

/* Does an operation; `json` holds its arguments with ' instead of ". The result is the caller's. */
static inline msptk_status world_call(world *w, const char *operation, const char *json,
                                      msptk_json **ret, msptk_error **ret_err)
{
        AUTO_FREE char *text = msptk__strdup(json);
        AUTO_JSON msptk_json *values = NULL;
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_status st;

        for (char *p = text; *p; p++)
                if (*p == '\'')
                        *p = '"';
        assert_int_equal(msptk_json_parse(text, strlen(text), &values, NULL), MSPTK_OK);
        st = msptk_args_from_json(operation, values, &args, ret_err);
        if (st < 0)
                return st;
        st = msptk_call(w->tk, args, NULL, &result, ret_err);
        msptk_args_free(args);
        if (st < 0)
                return st;
        if (ret)
                *ret = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        return MSPTK_OK;
}

/* The same where success is expected. */
static inline msptk_json *world_do(world *w, const char *operation, const char *json)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *ret = NULL;

        if (world_call(w, operation, json, &ret, &err) < 0)
                print_error("%s: %s\n", operation, msptk_error_message(err)), assert_null(err);
        return ret;
}

static inline const char *text_at(const msptk_json *o, const char *key)
{
        return msptk_json_string(msptk_json_get(o, key), "");
}

#endif
