/* What the files of this room share. */
#ifndef HEALTH_INTERNAL_H
#define HEALTH_INTERNAL_H

#include "adapters/adapters.h"
#include "alerts/alerts.h"
#include "clients/clients.h"
#include "devices/devices.h"
#include "evidence/evidence.h"
#include "health/health.h"
#include "policy/policy.h"
#include "work/work.h"

/* ---- arena.c: texts that live and die together ---- */

typedef struct arena {
        struct arena_block *blocks;
} arena;
void *msptk__arena_alloc(arena *a, size_t size); /* not zeroed; NULL when out of memory */
/* A copy of at most `max` bytes; "" for NULL; NULL when out of memory. */
const char *msptk__arena_text(arena *a, const char *text, size_t max);
void msptk__arena_clear(arena *a);

/* ---- judge.c ---- */

enum { HEALTH_NONE = -1 };

/* What is remembered of a series. */
typedef struct health_state {
        int32_t status;         /* MSPTK_STATE_*; HEALTH_NONE before the first observation */
        int32_t known;          /* the last one that was not unknown; HEALTH_NONE */
        int64_t since;          /* when `status` began */
        int64_t warning_since;  /* since when values are at least a warning; 0 */
        int64_t critical_since; /* likewise */
        int64_t gap_since;      /* since when nothing is known; 0 */
} health_state;

/* Takes one observation in; whether the status changed. `state` is what the adapter said. */
bool msptk__health_judge(health_state *s, const threshold *t, int32_t state, double value,
                         int64_t at);
/* For "worst": ok < warning < unknown < critical. What is not known is never better than a
 * warning. */
int32_t msptk__health_rank(int32_t status);
const char *msptk__health_word(int32_t status);

/* ---- ask.c: one call of an adapter or a check, on a pool thread ---- */

enum { NAME_BYTES = 200, MESSAGE_BYTES = 400, DATA_BYTES = 4096, BATCH_ROWS = 256 };

/* A metric row as it was copied on the pool. */
typedef struct observed {
        struct observed *next; /* of the same device */
        const struct ask *from;
        int32_t device; /* index in ask->devices */
        int32_t state;
        double value;
        int64_t at;
        const char *check, *metric, *item, *unit, *message;
        const char *data; /* JSON; "" when there is none */
} observed;

typedef struct batch {
        struct batch *next;
        arena texts;
        size_t count;
        observed rows[BATCH_ROWS];
} batch;
void msptk__batch_free(void *b);

typedef struct ask_device {
        const char *vendor_id, *address;
        size_t index;  /* in the run */
        int32_t alive; /* atomic: something is known of it, be it only what was not wanted */
} ask_device;

/* Everything that the task needs is its own, so that it may outlive the run. */
typedef struct ask {
        int32_t refs; /* atomic */
        ctx *c;       /* the gate is held while this lives */
        bool entered;
        arena texts;
        instance *inst;      /* or */
        custom_check *check; /* the one */
        msptk_json *context; /* of a custom check */
        const char *source;  /* name of the instance, or "check:NAME@VERSION" */
        const char *client_id, *vendor_client;
        ask_device *devices; /* sorted by vendor_id */
        size_t device_count;
        const char *const *checks; /* what it was asked; NULL: whatever it can */
        uint32_t types;            /* TYPE_* that are wanted */
        int64_t timeout_ms;
        int64_t took_us;

        /* of the run */
        batch *batches;
        size_t open_devices; /* not yet settled */
        int32_t ended;
        msptk_status status;
        char *problem;     /* why it failed */
        const char *asked; /* for the evidence; NULL until it is needed */
} ask;

enum { TYPE_CPU = 1, TYPE_MEMORY = 2, TYPE_DISK = 4, TYPE_SERVICES = 8, TYPE_NETWORK = 16 };
enum { TYPE_CUSTOM = 32, TYPE_ALL = 63 };
uint32_t msptk__health_type(const char *check);

msptk_status msptk__ask_new(ctx *c, ask **ret, msptk_error **ret_err);
ask *msptk__ask_ref(ask *k);
void msptk__ask_unref(void *k);
msptk_status msptk__ask_run(void *user, job *self, cancel *tok, msptk_error **ret_err);

/* ---- the run ---- */

typedef struct series {
        struct series *next; /* of the same device */
        int64_t id;
        const char *source, *check, *metric, *item, *unit;
        health_state state;
        bool seen, fresh;
} series;

typedef struct run_device {
        char *id; /* NULL: the client as a whole */
        char *name;
        size_t client;
        size_t waiting; /* asks that have not ended */
        size_t ask_count;
        size_t first_ask; /* in run->links */
        observed *first, *last;
        series *series, *series_end;
        const char *reason; /* why nothing was reported; NULL */
        bool reported, settled, asked;
        uint8_t note; /* NOTE_*: what is to be remembered of it */
} run_device;
enum { NOTE_NONE, NOTE_REPORTED, NOTE_SILENT };

typedef struct run_client {
        client_row row;
        policy *policy;
        size_t first_device, device_count;
        int64_t fence;
        bool leased, skipped;
        const char *reason; /* why it was skipped or failed; NULL */
        bool failed;        /* what was observed could not be stored */
        bool has_whole;     /* its last device is the client as a whole */
        int64_t opened, still, resolved;
} run_client;

typedef struct check_result {
        int32_t status;
        bool lower_is_worse;
        size_t device;
        double value, warning, critical; /* NaN: none */
        int64_t at, since, evidence;
        const char *check, *metric, *item, *unit;
        const char *said; /* the adapter's words; "": the value says it */
} check_result;

typedef struct run {
        act *a;
        ctx *c;
        char id[UUID_TEXT];
        int64_t started, now;
        uint32_t types;
        const char *only_device;
        arena texts;
        run_client *clients;
        size_t client_count;
        run_device *devices;
        size_t device_count;
        ask **asks;
        size_t ask_count, ask_cap;
        uint32_t *links; /* asks of each device */
        size_t *ready;
        size_t ready_count, ready_rows;
        check_result *results;
        size_t result_count, result_cap;
        store_sample *samples;
        size_t sample_count, sample_cap;
        size_t reported, settled, missing;
        int64_t stale_us;
        msptk_status stopped; /* E_CANCELLED, E_TIMEOUT, E_CALLBACK */
        char *stop_reason;
        const char *holder;
} run;

/* plan.c */
msptk_status msptk__run_read(run *r, const msptk_json *args, msptk_error **ret_err);
msptk_status msptk__run_series(run *r, msptk_error **ret_err);
msptk_status msptk__run_asks(run *r, msptk_error **ret_err);

/* lease.c */
msptk_status msptk__lease_take(run *r, bool named, msptk_error **ret_err);
/* Inside the transaction that stores; E_CONFLICT (LEASE_LOST) when another run has taken over. */
msptk_status msptk__lease_keep(run *r, store_tx *tx, const run_client *k, msptk_error **ret_err);
void msptk__lease_release(run *r);

/* settle.c: judge and store what is ready, in one transaction. */
msptk_status msptk__run_settle(run *r, msptk_error **ret_err);
/* series.c */
series *msptk__series_find(run_device *d, series **hint, const observed *o);
msptk_status msptk__series_new(run *r, store_tx *tx, size_t device, const observed *o, series **ret,
                               msptk_error **ret_err);
msptk_status msptk__series_save(store_tx *tx, const series *s, msptk_error **ret_err);
msptk_status msptk__series_retire(store_tx *tx, series *s, msptk_error **ret_err);

/* words.c */
enum { RESULT_WORDS = 700 };
void msptk__result_words(const check_result *c, char out[RESULT_WORDS]);
/* "2.8 %", "5.41", "120 ms". */
void msptk__value_words(char *out, size_t cap, double value, const char *unit);
void msptk__metric_words(char *out, size_t cap, const char *name, double value, const char *unit);

/* page.c: results behind the first page, kept for a day. */
msptk_status msptk__pages_store(const run *r, store_tx *tx, size_t first, msptk_error **ret_err);
msptk_status msptk__pages_drop(store_tx *tx, int64_t before, msptk_error **ret_err);
/* A page of a run that has ended, by args.cursor. */
msptk_status msptk__run_page(act *a, const msptk_json *args, msptk_json **ret,
                             msptk_error **ret_err);
void msptk__put_cursor(json_obj *o, const char *run_id, size_t next, bool more);

/* result.c */
msptk_status msptk__run_result(run *r, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err);

/* "msptk.check_result/1" */
typedef struct result_view {
        const char *check, *item, *unit, *message;
        const char *metric; /* NULL: of all metrics of the check */
        int32_t status;
        double value, warning, critical; /* NaN: none */
        const char *device_id, *device;  /* NULL: the client as a whole */
        const char *client_id;
        int64_t at, since, evidence; /* 0: none */
} result_view;
msptk_status msptk__result_json(const result_view *v, msptk_json **ret, msptk_error **ret_err);

/* retain.c: once a day: roll-ups of the days that have ended, then what is too old goes. */
msptk_status msptk__health_upkeep(ctx *c, msptk_error **ret_err);

/* Coverage as words: "87 of 90 devices reported". */
void msptk__coverage_words(char *out, size_t cap, size_t reported, size_t devices,
                           const char *when);
/* What was last heard of, older than this, counts as unknown in summaries. */
int64_t msptk__stale_us(const ctx *c);

#endif
