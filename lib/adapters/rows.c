/* Rows on their way from adapters and checks to the caller: completed to today's structs, checked,
 * their texts made fit to be kept and shown. */
#define ROOM "adapters"
#include "adapters/internal.h"
#include "vault/vault.h"

#include <math.h>
#include <string.h>

enum { NAME_BYTES = 1024, MESSAGE_BYTES = 4096, TEXTS_OF_A_ROW = 12 };

/* The texts of one row that had to be changed; they live until the row was given out. */
typedef struct tidy {
        const ctx *c;
        bool idle; /* no secret is known */
        size_t count;
        char *owned[TEXTS_OF_A_ROW];
        msptk_json *data;
        bool failed;
} tidy;

static tidy tidy_begin(const ctx *c)
{
        return (tidy){ .c = c, .idle = msptk__redact_idle(c) };
}

static void tidy_end(tidy *t)
{
        for (size_t i = 0; i < t->count; i++)
                msptk__free(t->owned[i]);
        msptk_json_free(t->data);
}
#define AUTO_TIDY __attribute__((cleanup(tidy_end)))

/* Most texts are short and plain, and nothing has to be done about them. */
static bool is_plain(const char *text, size_t max)
{
        size_t n = 0;

        while (text[n] >= ' ' && text[n] < 0x7f && n <= max)
                n++;
        return !text[n] && n <= max;
}

/* What a vendor, a program or a check says may be no UTF-8, steer a terminal, or hold a secret that
 * it was given. */
static void tidy_text(tidy *t, const char **text, size_t max)
{
        AUTO_BUF buf clean = BUF_INIT(MESSAGE_BYTES + 16);
        bool plain;
        char *copy;

        if (!*text || !**text || t->failed)
                return;
        plain = is_plain(*text, max);
        if (plain && t->idle)
                return;
        copy = msptk__strdup(*text);
        msptk__redact(t->c, copy); /* before it is cut */
        if (copy && !plain) {
                msptk__text_clean(copy, strlen(copy), 0, max, &clean);
                msptk__free(copy);
                copy = clean.failed ? NULL : msptk__strdup(msptk__buf_text(&clean));
                msptk__redact(t->c, copy); /* what the cleaning put together */
        }
        if (!copy) {
                t->failed = true;
                return;
        }
        *text = t->owned[t->count++] = copy;
}

/* The same for facts. What is no JSON any more after redaction is dropped. */
static void tidy_data(tidy *t, const msptk_json **data)
{
        AUTO_FREE char *text = NULL;
        msptk_status st;
        size_t len;

        if (!*data || t->idle || t->failed)
                return;
        if (msptk_json_print(*data, 0, &text, NULL) < 0) {
                t->failed = true;
                return;
        }
        len = strlen(text);
        if (msptk__redact(t->c, text) == len)
                return;
        st = msptk_json_parse(text, strlen(text), &t->data, NULL);
        *data = st < 0 ? NULL : t->data;
        t->failed = st == MSPTK_E_NOMEM;
}

msptk_status msptk__metric_out(const ctx *c, const adapter_sink *sink, const msptk_metric_row *row)
{
        AUTO_TIDY tidy t = tidy_begin(c);
        msptk_metric_row clean = *row;

        if (!sink->metric || !row->check || !*row->check || row->state < MSPTK_STATE_JUDGE ||
            row->state > MSPTK_STATE_UNKNOWN)
                return MSPTK_E_INVALID;
        if (isinf(clean.value))
                clean.value = NAN; /* no number that anybody measured */
        tidy_text(&t, &clean.vendor_id, NAME_BYTES);
        tidy_text(&t, &clean.check, NAME_BYTES);
        tidy_text(&t, &clean.metric, NAME_BYTES);
        tidy_text(&t, &clean.instance, NAME_BYTES);
        tidy_text(&t, &clean.unit, NAME_BYTES);
        tidy_text(&t, &clean.message, MESSAGE_BYTES);
        tidy_data(&t, &clean.data);
        if (t.failed)
                return MSPTK_E_NOMEM;
        return *clean.check ? sink->metric(sink->user, &clean) : MSPTK_E_INVALID;
}

static msptk_status device_out(const ctx *c, const adapter_sink *sink, msptk_device_row *row)
{
        const char **texts[] = { &row->vendor_id,  &row->name,    &row->serial,
                                 &row->machine_id, &row->macs,    &row->os,
                                 &row->kind,       &row->address, &row->vendor_client };
        AUTO_TIDY tidy t = tidy_begin(c);

        if (!sink->device || !row->vendor_id || !*row->vendor_id ||
            row->presence < MSPTK_PRESENCE_UNKNOWN || row->presence > MSPTK_PRESENCE_DOWN)
                return MSPTK_E_INVALID;
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                tidy_text(&t, texts[i], NAME_BYTES);
        tidy_data(&t, &row->attributes);
        if (t.failed)
                return MSPTK_E_NOMEM;
        return *row->vendor_id ? sink->device(sink->user, row) : MSPTK_E_INVALID;
}

static msptk_status alert_out(const ctx *c, const adapter_sink *sink, msptk_alert_row *row)
{
        AUTO_TIDY tidy t = tidy_begin(c);

        if (!sink->alert || !row->vendor_alert || !*row->vendor_alert ||
            row->severity < MSPTK_STATE_OK || row->severity > MSPTK_STATE_UNKNOWN)
                return MSPTK_E_INVALID;
        tidy_text(&t, &row->vendor_id, NAME_BYTES);
        tidy_text(&t, &row->vendor_alert, NAME_BYTES);
        tidy_text(&t, &row->check, NAME_BYTES);
        tidy_text(&t, &row->instance, NAME_BYTES);
        tidy_text(&t, &row->message, MESSAGE_BYTES);
        if (t.failed)
                return MSPTK_E_NOMEM;
        return *row->vendor_alert ? sink->alert(sink->user, row) : MSPTK_E_INVALID;
}

/* ---- what adapters call ---- */

/* Once the caller wants no more it stays so, whatever the adapter makes of it. */
static msptk_status may_emit(msptk_request *req)
{
        if (!req->stopped && msptk__cancelled(req->tok))
                req->stopped = msptk__cancel_status(req->tok);
        return req->stopped;
}

static msptk_status emitted(msptk_request *req, msptk_status st)
{
        if (st == MSPTK_E_INVALID)
                req->refused++;
        else if (st < 0)
                req->stopped = st;
        return st;
}

msptk_status msptk__host_emit_device(const msptk_request *given_req, const msptk_device_row *given)
{
        msptk_request *req = (msptk_request *)given_req;
        msptk_device_row row = { 0 };

        TRY(may_emit(req));
        COMPLETE_ROW(row, given);
        return emitted(req, device_out(req->i->r->c, req->sink, &row));
}

msptk_status msptk__host_emit_metric(const msptk_request *given_req, const msptk_metric_row *given)
{
        msptk_request *req = (msptk_request *)given_req;
        msptk_metric_row row = { .value = NAN };

        TRY(may_emit(req));
        COMPLETE_ROW(row, given);
        return emitted(req, msptk__metric_out(req->i->r->c, req->sink, &row));
}

msptk_status msptk__host_emit_alert(const msptk_request *given_req, const msptk_alert_row *given)
{
        msptk_request *req = (msptk_request *)given_req;
        msptk_alert_row row = { 0 };

        TRY(may_emit(req));
        COMPLETE_ROW(row, given);
        return emitted(req, alert_out(req->i->r->c, req->sink, &row));
}
