/* A host for the plugin adapter: keeps the emitted rows, runs programs for real. */
#ifndef TESTS_PLUGIN_HOST_H
#define TESTS_PLUGIN_HOST_H

#include "support.h"
#include "adapters/plugin/plugin.h"
#include "work/work.h"

typedef struct kept_row {
        char vendor_id[64], check[64], metric[160], unit[24], message[1024], data[8192];
        int32_t state;
        double value;
} kept_row;

typedef struct plugin_world {
        msptk_host host; /* first */
        work *work;
        kept_row *rows;
        size_t count, refuse_after; /* refuse_after 0: never */
        bool kill_on_overflow;
} plugin_world;

/* A request is the world itself. */
static plugin_world *world_of(const msptk_request *req)
{
        return (plugin_world *)(uintptr_t)req;
}

static void *world_alloc(const msptk_host *host, size_t size)
{
        (void)host;
        return calloc(1, size ? size : 1);
}

static void world_free(const msptk_host *host, void *memory)
{
        (void)host;
        free(memory);
}

static void world_clean(const msptk_host *host, const char *text, size_t len, char *out, size_t cap)
{
        size_t at = 0;

        (void)host;
        for (size_t i = 0; i < len && at + 1 < cap; i++)
                out[at++] = (unsigned char)text[i] < ' ' || (unsigned char)text[i] > 126 ? '?'
                                                                                         : text[i];
        out[at] = '\0';
}

static void keep_text(char *out, size_t cap, const char *text)
{
        snprintf(out, cap, "%s", text ? text : "");
}

static msptk_status world_emit(const msptk_request *req, const msptk_metric_row *row)
{
        plugin_world *w = world_of(req);
        kept_row *k;
        char *data = NULL;

        if (w->refuse_after && w->count >= w->refuse_after)
                return MSPTK_E_CANCELLED;
        w->rows = realloc(w->rows, (w->count + 1) * sizeof(*w->rows));
        k = &w->rows[w->count++];
        memset(k, 0, sizeof(*k));
        k->state = row->state;
        k->value = row->value;
        keep_text(k->vendor_id, sizeof(k->vendor_id), row->vendor_id);
        keep_text(k->check, sizeof(k->check), row->check);
        keep_text(k->metric, sizeof(k->metric), row->metric);
        keep_text(k->unit, sizeof(k->unit), row->unit);
        keep_text(k->message, sizeof(k->message), row->message);
        if (row->data && msptk_json_print(row->data, 0, &data, NULL) == MSPTK_OK)
                keep_text(k->data, sizeof(k->data), data);
        msptk_string_free(data);
        return MSPTK_OK;
}

static int32_t world_ended(const child_result *r)
{
        switch (r->kind) {
        case CHILD_EXITED:
                return MSPTK_PROGRAM_EXITED;
        case CHILD_SIGNALLED:
        case CHILD_OVERFLOW:
                return MSPTK_PROGRAM_SIGNALLED;
        case CHILD_NOT_STARTED:
                return MSPTK_PROGRAM_NOT_STARTED;
        case CHILD_STATUS_UNKNOWN:
                return MSPTK_PROGRAM_LOST;
        default:
                return MSPTK_PROGRAM_TIMED_OUT;
        }
}

static msptk_status world_run(const msptk_request *req, const msptk_program *programs, size_t count,
                              msptk_program_fn on_result, void *user, msptk_error **ret_err)
{
        plugin_world *w = world_of(req);
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        msptk_status st;

        TRY(msptk__group_new(w->work, NULL, "plugins", NULL, &g, ret_err));
        for (size_t i = 0; i < count; i++)
                TRY(msptk__group_child(g, i,
                                       &(child_spec){ .argv = programs[i].argv,
                                                      .timeout_ms = programs[i].timeout_ms,
                                                      .out_max = programs[i].output_limit
                                                                         ? programs[i].output_limit
                                                                         : 65536,
                                                      .kill_on_overflow = w->kill_on_overflow,
                                                      .kill_grace_ms = 100 },
                                       ret_err));
        while ((st = msptk__group_next(g, &d, -1, ret_err)) == MSPTK_OK) {
                const child_result *r = d.child;
                msptk_program_result res = { .struct_size = sizeof(res),
                                             .ended = world_ended(r),
                                             .code = r->code,
                                             .truncated = r->out_truncated,
                                             .out = r->out,
                                             .out_len = r->out_len,
                                             .err = r->err,
                                             .err_len = r->err_len,
                                             .wall_us = r->wall_us,
                                             .cpu_us = r->cpu_us };
                int32_t stop = on_result(user, (size_t)d.tag, &res);

                msptk__done_clear(&d);
                if (stop)
                        return MSPTK_E_CALLBACK;
        }
        return st == MSPTK_DONE ? MSPTK_OK : st;
}

static void world_open(plugin_world *w)
{
        *w = (plugin_world){ .host = { .struct_size = sizeof(msptk_host),
                                       .sdk_version = MSPTK_SDK_VERSION,
                                       .alloc = world_alloc,
                                       .free = world_free,
                                       .emit_metric = world_emit,
                                       .run_programs = world_run,
                                       .clean_text = world_clean } };
        assert_int_equal(msptk__work_new(NULL, &w->work, NULL), MSPTK_OK);
}

static void world_close(plugin_world *w)
{
        assert_int_equal(msptk__work_close(w->work, 60000, NULL), MSPTK_OK);
        msptk__work_free(w->work);
        free(w->rows);
}

/* Opens the adapter with the settings and collects for the devices. */
static msptk_status world_collect(plugin_world *w, const char *settings, const char *const *devices,
                                  const char *const *addresses, const char *const *checks,
                                  msptk_error **ret_err)
{
        msptk_json *doc = NULL;
        void *self = NULL;
        msptk_query query = { .struct_size = sizeof(query),
                              .client_id = "acme-corp",
                              .devices = devices,
                              .addresses = addresses,
                              .checks = checks };
        msptk_status st = msptk_json_parse(settings, strlen(settings), &doc, ret_err);

        if (!st)
                st = msptk__plugin_adapter.open(&w->host, doc, &self, ret_err);
        if (!st) {
                st = msptk__plugin_adapter.metrics->collect(self, (const msptk_request *)w, &query,
                                                            ret_err);
                msptk__plugin_adapter.close(self);
        }
        msptk_json_free(doc);
        return st;
}

static const kept_row *world_row(const plugin_world *w, const char *check, const char *metric)
{
        for (size_t i = 0; i < w->count; i++)
                if (!strcmp(w->rows[i].check, check) && !strcmp(w->rows[i].metric, metric))
                        return &w->rows[i];
        return NULL;
}

#endif
