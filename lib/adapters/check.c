/* Custom checks: one function of an embedder, run once, its reports turned into metric rows. */
#define ROOM "checks"
#include "adapters/internal.h"

#include <math.h>
#include <string.h>

typedef struct running_check {
        msptk_check_host host; /* host.impl is this */
        custom_check *k;
        registry *r;
        const adapter_sink *sink;
        cancel *tok;
        size_t reports;
        msptk_status stopped; /* why the caller takes no more rows */
} running_check;

static registry *registry_of_check(const msptk_check_host *host)
{
        return ((running_check *)host->impl)->r;
}

static int32_t check_cancelled(const msptk_check_host *host)
{
        return msptk__cancelled(((running_check *)host->impl)->tok);
}

static int64_t check_deadline_left(const msptk_check_host *host)
{
        return msptk__deadline_left_ms(((running_check *)host->impl)->tok);
}

static int64_t check_now(const msptk_check_host *host)
{
        return msptk__now(registry_of_check(host)->c);
}

static void check_log(const msptk_check_host *host, int32_t level, const char *message)
{
        msptk__log_clean(registry_of_check(host)->c, level, ROOM, message);
}

static msptk_status emit(running_check *run, const msptk_metric_row *row)
{
        msptk_status st;

        if (!run->stopped && msptk__cancelled(run->tok))
                run->stopped = msptk__cancel_status(run->tok);
        if (run->stopped)
                return run->stopped;
        st = msptk__metric_out(run->r->c, run->sink, row);
        if (st >= 0)
                run->reports++;
        else if (st != MSPTK_E_INVALID)
                run->stopped = st;
        return st;
}

static msptk_status check_report(const msptk_check_host *host, const char *instance_name,
                                 int32_t state, const char *message, const msptk_json *data)
{
        running_check *run = host->impl;
        msptk_metric_row row = { .struct_size = sizeof(row),
                                 .state = state,
                                 .check = run->k->ops.name,
                                 .instance = instance_name,
                                 .message = message,
                                 .value = NAN,
                                 .data = data };

        if (state < MSPTK_STATE_OK || state > MSPTK_STATE_UNKNOWN)
                return MSPTK_E_INVALID;
        return emit(run, &row);
}

static msptk_status check_metric(const msptk_check_host *host, const char *instance_name,
                                 const char *metric, double value, const char *unit)
{
        running_check *run = host->impl;
        msptk_metric_row row = { .struct_size = sizeof(row),
                                 .state = MSPTK_STATE_JUDGE,
                                 .check = run->k->ops.name,
                                 .metric = metric,
                                 .instance = instance_name,
                                 .unit = unit,
                                 .value = value };

        if (!metric || !*metric)
                return MSPTK_E_INVALID;
        return emit(run, &row);
}

size_t msptk__check_count(registry *r)
{
        size_t n = 0;

        pthread_mutex_lock(&r->lock);
        for (custom_check *k = r->checks; k; k = k->next)
                n++;
        pthread_mutex_unlock(&r->lock);
        return n;
}

custom_check *msptk__check_at(registry *r, size_t n)
{
        custom_check *k;

        pthread_mutex_lock(&r->lock);
        for (k = r->checks; k && n; k = k->next)
                n--;
        pthread_mutex_unlock(&r->lock);
        return k;
}

const char *msptk__check_name(const custom_check *k)
{
        return k->ops.name;
}

const char *msptk__check_version(const custom_check *k)
{
        return k->ops.version;
}

int32_t msptk__check_per(const custom_check *k)
{
        return k->ops.per;
}

msptk_status msptk__check_run(registry *r, custom_check *k, const msptk_json *context,
                              const adapter_sink *sink, cancel *tok)
{
        running_check run = { .k = k, .r = r, .sink = sink, .tok = tok };
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        run.host = (msptk_check_host){ .struct_size = sizeof(run.host),
                                       .sdk_version = MSPTK_SDK_VERSION,
                                       .impl = &run,
                                       .cancelled = check_cancelled,
                                       .deadline_left_ms = check_deadline_left,
                                       .now = check_now,
                                       .log = check_log,
                                       .report = check_report,
                                       .metric = check_metric };
        st = msptk__cancel_status(tok);
        if (st < 0)
                return st;
        st = k->ops.execute(k->user, &run.host, context, &why);
        if (run.stopped)
                return run.stopped;
        if (msptk__cancelled(tok) && (st == MSPTK_E_CANCELLED || st == MSPTK_E_TIMEOUT))
                return msptk__cancel_status(tok); /* it obeyed: that says nothing of the device */
        if (st < 0)
                return check_report(&run.host, NULL, MSPTK_STATE_UNKNOWN,
                                    why ? msptk_error_message(why) : msptk_status_name(st), NULL);
        if (!run.reports)
                return check_report(&run.host, NULL, MSPTK_STATE_UNKNOWN,
                                    "the check ended without a report", NULL);
        return MSPTK_OK;
}
