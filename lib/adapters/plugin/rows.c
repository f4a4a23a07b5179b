/* From the end of a program to rows: one for the verdict, one for each value. */
#include "plugin.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define VERDICT_METRIC "status"

typedef struct verdict {
        int32_t state;
        char message[PLUGIN_MESSAGE_CAP];
        bool trusted; /* the values may be shown with their own states */
} verdict;

static void end_badly(verdict *v, const plugin_check *check, const msptk_program_result *r)
{
        switch (r->ended) {
        case MSPTK_PROGRAM_SIGNALLED:
                snprintf(v->message, sizeof(v->message), "'%s' was killed by signal %" PRId32,
                         check->program, r->code);
                break;
        case MSPTK_PROGRAM_TIMED_OUT:
                snprintf(v->message, sizeof(v->message),
                         "'%s' did not end in time and was ended after %" PRId64 " ms",
                         check->program, r->wall_us / 1000);
                break;
        case MSPTK_PROGRAM_NOT_STARTED:
                errno = r->code;
                snprintf(v->message, sizeof(v->message), "'%s' could not be started: %m",
                         check->program);
                break;
        default:
                snprintf(v->message, sizeof(v->message),
                         "'%s' ended, but its exit status was lost to the host process",
                         check->program);
        }
}

/* True when the output itself forbids believing the exit status. */
static bool output_is_useless(verdict *v, const plugin_check *check, const msptk_program_result *r,
                              const plugin_output *out)
{
        const char *what = NULL;

        if (out->binary)
                what = "wrote bytes that are no text";
        else if (out->too_many)
                what = "gave more values than it may";
        if (what)
                snprintf(v->message, sizeof(v->message), "'%s' %s; exit status %" PRId32,
                         check->program, what, r->code);
        return what != NULL;
}

/* The line for people: the first of the output, else of standard error. */
static bool take_message(const plugin *self, verdict *v, const msptk_program_result *r,
                         const plugin_output *out)
{
        const char *text = out->text;
        size_t len = out->text_len;

        if (!len && !out->count) {
                const char *nl;

                text = r->err;
                len = r->err_len;
                while (len && (*text == '\n' || *text == '\r' || *text == ' ')) {
                        text++;
                        len--;
                }
                nl = len ? memchr(text, '\n', len) : NULL;
                len = nl ? (size_t)(nl - text) : len;
        }
        self->host->clean_text(self->host, text, len, v->message, sizeof(v->message));
        return v->message[0] != '\0' || out->count;
}

static void judge(const plugin *self, const plugin_check *check, const msptk_program_result *r,
                  const plugin_output *out, verdict *v)
{
        v->state = MSPTK_STATE_UNKNOWN;
        v->trusted = false;
        if (r->truncated) { /* the host may have ended it for that, by a signal */
                snprintf(v->message, sizeof(v->message), "'%s' wrote more than it may (%zu bytes)",
                         check->program, r->out_len);
                return;
        }
        if (r->ended != MSPTK_PROGRAM_EXITED) {
                end_badly(v, check, r);
                return;
        }
        if (output_is_useless(v, check, r, out))
                return;
        if (!take_message(self, v, r, out) || (r->code == 0 && !r->out_len)) {
                snprintf(v->message, sizeof(v->message),
                         "'%s' wrote nothing and ended with exit status %" PRId32, check->program,
                         r->code);
                return;
        }
        if (r->code < 0 || r->code > 3) {
                char said[PLUGIN_MESSAGE_CAP / 2];

                self->host->clean_text(self->host, v->message, strlen(v->message), said,
                                       sizeof(said));
                snprintf(v->message, sizeof(v->message),
                         "'%s' ended with exit status %" PRId32 ", which is no plugin's: %s",
                         check->program, r->code, said);
                return;
        }
        v->state = r->code;
        v->trusted = true;
}

static void add_text(const plugin *self, msptk_json *data, const char *key, const char *text,
                     size_t len)
{
        char clean[PLUGIN_MORE_CAP];

        self->host->clean_text(self->host, text, len, clean, sizeof(clean));
        if (clean[0])
                (void)msptk_json_set_string(data, key, clean);
}

/* Facts kept with the verdict. NULL when memory is short: then the row goes without. */
static msptk_json *verdict_data(const plugin *self, const msptk_program_result *r,
                                const plugin_output *out)
{
        msptk_json *data = msptk_json_new_object();

        if (!data)
                return NULL;
        if (r->ended == MSPTK_PROGRAM_EXITED)
                (void)msptk_json_set_int(data, "exit_status", r->code);
        (void)msptk_json_set_int(data, "wall_us", r->wall_us);
        (void)msptk_json_set_int(data, "cpu_us", r->cpu_us);
        if (out->more_len)
                add_text(self, data, "long_text", out->more, out->more_len);
        if (r->err_len)
                add_text(self, data, "stderr", r->err, r->err_len);
        if (out->skipped)
                (void)msptk_json_set_int(data, "values_not_understood", (int64_t)out->skipped);
        return data;
}

static void add_number(msptk_json *data, const char *key, double value)
{
        if (isfinite(value))
                (void)msptk_json_set_double(data, key, value);
}

static void add_range(msptk_json *data, const char *key, const plugin_range *range)
{
        msptk_json *r = range->set ? msptk_json_new_object() : NULL;

        if (!r)
                return;
        add_number(r, "low", range->low);
        add_number(r, "high", range->high);
        (void)msptk_json_set_string(r, "alert", range->inside ? "inside" : "outside");
        if (msptk_json_set(data, key, r) < 0)
                msptk_json_free(r);
}

static msptk_json *metric_data(const plugin_metric *m)
{
        msptk_json *data = msptk_json_new_object();

        if (!data)
                return NULL;
        add_range(data, "warning", &m->warning);
        add_range(data, "critical", &m->critical);
        add_number(data, "min", m->min);
        add_number(data, "max", m->max);
        return data;
}

/* By its own thresholds, but never worse than what the program says of the whole. */
static int32_t metric_state(const plugin_metric *m, const verdict *v)
{
        int32_t state = MSPTK_STATE_OK;

        if (isnan(m->value) || !v->trusted || v->state == MSPTK_STATE_UNKNOWN)
                return MSPTK_STATE_UNKNOWN;
        if (!m->warning.set && !m->critical.set)
                return MSPTK_STATE_JUDGE;
        if (msptk__plugin_range_alerts(&m->warning, m->value))
                state = MSPTK_STATE_WARNING;
        if (msptk__plugin_range_alerts(&m->critical, m->value))
                state = MSPTK_STATE_CRITICAL;
        return state < v->state ? state : v->state;
}

static msptk_status emit(const plugin *self, const msptk_request *req, msptk_metric_row *row,
                         msptk_json *data, msptk_error **ret_err)
{
        msptk_status st;

        row->struct_size = sizeof(*row);
        row->data = data;
        st = self->host->emit_metric(req, row);
        msptk_json_free(data);
        if (st < 0)
                return msptk_error_set(ret_err, st, "plugin", "the caller wants no more rows");
        return MSPTK_OK;
}

static msptk_status emit_metric(const plugin *self, const msptk_request *req,
                                const plugin_check *check, const char *vendor_id,
                                const plugin_metric *m, const verdict *v, msptk_error **ret_err)
{
        char name[PLUGIN_LABEL_CAP + 1], unit[PLUGIN_UNIT_CAP];
        msptk_metric_row row = {
                .state = metric_state(m, v),
                .vendor_id = vendor_id,
                .check = check->name,
                .metric = name,
                .value = m->value,
        };

        self->host->clean_text(self->host, m->label, strlen(m->label), name, PLUGIN_LABEL_CAP);
        self->host->clean_text(self->host, m->unit, strlen(m->unit), unit, sizeof(unit));
        row.unit = unit[0] ? unit : NULL;
        if (!name[0])
                return MSPTK_OK;
        if (!strcmp(name, VERDICT_METRIC)) /* taken by the verdict */
                snprintf(name, sizeof(name), "%s", VERDICT_METRIC "_value");
        if (isnan(m->value))
                row.message = "the program could not tell this value";
        return emit(self, req, &row, metric_data(m), ret_err);
}

msptk_status msptk__plugin_emit(const plugin *self, const msptk_request *req,
                                const plugin_check *check, const char *vendor_id,
                                const msptk_program_result *result, msptk_error **ret_err)
{
        plugin_metric *metrics =
                self->host->alloc(self->host, PLUGIN_METRICS_MAX * sizeof(*metrics));
        plugin_output out = { 0 };
        verdict v;
        msptk_metric_row row = { .vendor_id = vendor_id,
                                 .check = check->name,
                                 .metric = VERDICT_METRIC,
                                 .message = v.message,
                                 .value = NAN };
        msptk_status st;

        if (!metrics)
                return msptk_error_set(ret_err, MSPTK_E_NOMEM, "plugin", "out of memory");
        msptk__plugin_parse(result->out, result->out_len, metrics, PLUGIN_METRICS_MAX, &out);
        if (out.starved) {
                self->host->free(self->host, metrics);
                return msptk_error_set(ret_err, MSPTK_E_NOMEM, "plugin", "out of memory");
        }
        judge(self, check, result, &out, &v);
        row.state = v.state;
        if (!v.message[0])
                row.message = NULL;
        st = emit(self, req, &row, verdict_data(self, result, &out), ret_err);
        for (size_t i = 0; !st && v.trusted && i < out.count; i++)
                st = emit_metric(self, req, check, vendor_id, &metrics[i], &v, ret_err);
        self->host->free(self->host, metrics);
        return st;
}

msptk_status msptk__plugin_emit_unknown(const plugin *self, const msptk_request *req,
                                        const plugin_check *check, const char *vendor_id,
                                        const char *why, msptk_error **ret_err)
{
        char clean[PLUGIN_MESSAGE_CAP];
        msptk_metric_row row = { .state = MSPTK_STATE_UNKNOWN,
                                 .vendor_id = vendor_id,
                                 .check = check->name,
                                 .metric = VERDICT_METRIC,
                                 .message = clean,
                                 .value = NAN };

        self->host->clean_text(self->host, why, strlen(why), clean, sizeof(clean));
        return emit(self, req, &row, NULL, ret_err);
}
