/* The service: opening, rows, closing. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

static void set_defaults(audit_opts *o)
{
        if (o->segment_entries <= 0)
                o->segment_entries = 1000;
        if (o->group_ms <= 0)
                o->group_ms = 200;
        if (o->group_entries <= 0)
                o->group_entries = 1000;
        if (o->plan_ms <= 0)
                o->plan_ms = 10 * MS_PER_MIN;
}

void msptk__audit_configure(audit *a, const audit_opts *opts)
{
        a->opts = *opts;
        set_defaults(&a->opts);
}

static void audit_free(audit *a);

msptk_status msptk__audit_open(ctx *c, audit **ret_audit, msptk_error **ret_err)
{
        audit *a = msptk__alloc(sizeof(*a));
        msptk_status st;

        if (!a)
                return msptk__nomem(ret_err);
        a->c = c;
        set_defaults(&a->opts);
        pthread_mutex_init(&a->lock, NULL);
        pthread_cond_init(&a->idle, NULL);
        a->stop = msptk__cancel_new(NULL, NULL, -1);
        st = a->stop ? msptk__random_bytes(a->mac_key, sizeof(a->mac_key), ret_err)
                     : msptk__nomem(ret_err);
        if (st < 0) {
                audit_free(a);
                return st;
        }
        *ret_audit = a;
        return MSPTK_OK;
}

static void audit_free(audit *a)
{
        msptk__entries_clear(&a->queue);
        for (size_t i = 0; i < a->usage_count; i++)
                msptk__free(a->usages[i].principal);
        msptk__grants_clear(a);
        msptk__free(a->usages);
        msptk__free(a->rows);
        msptk__cancel_unref(a->stop);
        pthread_cond_destroy(&a->idle);
        pthread_mutex_destroy(&a->lock);
        msptk__wipe(a->mac_key, sizeof(a->mac_key));
        msptk__wipe(a->seal_key, sizeof(a->seal_key));
        msptk__free(a);
}

void msptk__audit_close(audit *a)
{
        AUTO_ERROR msptk_error *err = NULL;

        if (!a)
                return;
        msptk__cancel_trigger(a->stop);
        pthread_mutex_lock(&a->lock);
        while (a->flushers)
                pthread_cond_wait(&a->idle, &a->lock);
        if (a->acts)
                msptk__log(a->c, LOG_ERROR, ROOM, "the audit trail is closed while %d acts run",
                           a->acts);
        pthread_mutex_unlock(&a->lock);
        if (msptk__queue_flush(a, &err) < 0)
                msptk__log(a->c, LOG_ERROR, ROOM, "%d audit entries were lost: %s", a->queue.count,
                           msptk_error_message(err));
        audit_free(a);
}

/* ---- rows ---- */

/* Where `name` is, or would be. */
static size_t place_of(const audit *a, const char *name)
{
        size_t low = 0, high = a->row_count;

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (strcmp(a->rows[mid].name, name) < 0)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

const act_row *msptk__act_row(const audit *a, const char *name)
{
        size_t i = place_of(a, name);

        return i < a->row_count && !strcmp(a->rows[i].name, name) ? &a->rows[i] : NULL;
}

msptk_status msptk__act_register(audit *a, const act_row *row, msptk_error **ret_err)
{
        size_t at = place_of(a, row->name);
        act_row *grown;

        if (msptk__act_row(a, row->name))
                return fail(ret_err, MSPTK_E_EXISTS, "there is an operation '%s' already",
                            row->name);
        grown = msptk__realloc_array(a->rows, a->row_count + 1, sizeof(*grown));
        if (!grown)
                return msptk__nomem(ret_err);
        a->rows = grown;
        memmove(grown + at + 1, grown + at, (a->row_count - at) * sizeof(*grown));
        grown[at] = *row;
        a->row_count++;
        return MSPTK_OK;
}
