/* A scriptable, seeded world: what its files share. Everything is a function of the settings, the
 * names and the time, so that the same question at the same time has the same answer. */
#ifndef FAKE_FAKE_H
#define FAKE_FAKE_H

#include <stdbool.h>
#include <msptk/sdk/adapter.h>

enum {
        FAKE_NAME_CAP = 256,
        FAKE_MESSAGE_CAP = 400,
        FAKE_MAX_DEVICES = 100000, /* of one client */
        FAKE_MAX_RULES = 10000,
        FAKE_EPISODE_SLOTS = 48 /* how long a problem lasts: four hours at five minutes a slot */
};

/* One entry of `script`. Texts are borrowed from the settings; NULL matches everything. */
typedef struct fake_rule {
        const char *device;
        const char *check;
        const char *instance;
        const char *metric;
        const char *message;
        double value;      /* NaN when the entry gives a state only */
        int32_t state;     /* MSPTK_STATE_* */
        msptk_status fail; /* all calls fail so; MSPTK_OK when they do not */
        bool down;         /* the device does not answer */
        int64_t from;      /* microseconds UTC, inclusive */
        int64_t until;     /* exclusive */
} fake_rule;

typedef struct fake {
        const msptk_host *host;
        int64_t clients; /* 0: every name is a client */
        int64_t devices;
        int64_t seed;
        int64_t latency_ms;
        int64_t slot_s;
        int64_t deploy_calls;
        double fail;
        double silent;
        double missing;
        double problems;
        double flap;
        double drift;
        msptk_status fail_as; /* MSPTK_OK: mixed */
        fake_rule *rules;
        size_t rule_count;
} fake;

/* What a check measures in this world. */
typedef struct fake_metric {
        const char *check;
        const char *metric;
        const char *instance;
        const char *unit;
        double low; /* range of everyday values */
        double high;
        double bad; /* problems lie between here and the limit */
        double limit;
        bool up_down; /* 1 or 0 with a state of its own, not judged */
} fake_metric;
extern const fake_metric msptk__fake_metrics[];
extern const size_t msptk__fake_metric_count;

/* settings.c */
msptk_status msptk__fake_read_settings(fake *self, const msptk_json *settings,
                                       msptk_error **ret_err);
msptk_status msptk__fake_fail(msptk_error **ret_err, msptk_status status, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* world.c */
uint64_t msptk__fake_hash(uint64_t seed, const char *a, const char *b, const char *c,
                          uint64_t number);
bool msptk__fake_chance(uint64_t hash, double fraction);
int64_t msptk__fake_slot(const fake *self, int64_t now);
bool msptk__fake_is_problem(const fake *self, const char *device, const fake_metric *m,
                            int64_t slot);
/* First slot of the problem that exists at `slot`. */
int64_t msptk__fake_problem_since(const fake *self, const char *device, const fake_metric *m,
                                  int64_t slot);
double msptk__fake_value(const fake *self, const char *device, const fake_metric *m, int64_t now);
bool msptk__fake_is_down(const fake *self, const char *device, int64_t now);
bool msptk__fake_is_missing(const fake *self, const char *device);
const fake_rule *msptk__fake_rule_for(const fake *self, const char *device, const char *check,
                                      const char *metric, const char *instance, int64_t now);
bool msptk__fake_rule_matches(const fake_rule *r, const char *device, const char *check,
                              const char *metric, const char *instance, int64_t now);
void msptk__fake_device_id(char *out, size_t cap, const char *client, int64_t number);

/* rows.c */
msptk_status msptk__fake_emit_device(fake *self, const msptk_request *req, const char *client,
                                     const char *device);
msptk_status msptk__fake_emit_metrics(fake *self, const msptk_request *req,
                                      const msptk_query *query, const char *device);
msptk_status msptk__fake_emit_alerts(fake *self, const msptk_request *req, const msptk_query *query,
                                     const char *device);

extern const msptk_adapter_ops msptk__fake_adapter;

#endif
