/* What the files of this room share. */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include "policy/policy.h"

enum {
        KEY_WARNING,
        KEY_CRITICAL,
        KEY_HYSTERESIS,
        KEY_SUSTAINED, /* milliseconds */
        KEY_LOWER,     /* 0 or 1 */
        KEY_ENABLED,   /* 0 or 1 */
        KEY_COUNT
};
/* From weak to strong. */
enum { LAYER_DEFAULT, LAYER_CONFIG, LAYER_TIER, LAYER_CLIENT, LAYER_DEVICE, LAYER_OVERRIDE };

enum { NAME_CAP = 160 };

/* One value at one layer. NaN: "none", a threshold switched off on purpose. */
typedef struct rule {
        int32_t layer, key;
        double value;
        char *check;
        char *metric; /* "": the check as a whole */
        char *device; /* NULL but in LAYER_DEVICE */
        char *source;
} rule;

typedef struct rules {
        rule *items;
        size_t count, cap;
} rules;

void msptk__rules_clear(rules *r);
#define AUTO_RULES __attribute__((cleanup(msptk__rules_clear)))
msptk_status msptk__rules_add(rules *r, const rule *what, msptk_error **ret_err); /* copies */
/* The rule of the same check, metric, key and device; NULL. */
rule *msptk__rules_find(const rules *r, const rule *like);

/* ---- catalogue.c: what can be set ---- */

typedef struct metric_info {
        const char *check;
        const char *metric;
        const char *unit;
        double warning, critical, hysteresis; /* defaults; NaN: none */
        int64_t sustained_ms;
        bool main;    /* what "disk.warning" means */
        bool percent; /* 0 to 100 */
} metric_info;

const metric_info *msptk__metric_at(size_t i); /* NULL beyond the end */
const metric_info *msptk__metric_find(const char *check, const char *metric);
const char *msptk__policy_key_name(int32_t key);

/* What an address ("disk.critical", "cpu_percent", "custom.queue.length.warning") means. */
typedef struct address {
        char check[NAME_CAP], metric[NAME_CAP];
        int32_t key;
} address;
/* E_INVALID (UNKNOWN_NAME) names the nearest that exists. */
msptk_status msptk__address_parse(const ctx *c, const char *text, address *ret,
                                  msptk_error **ret_err);

/* ---- values.c ---- */

/* {"cpu_percent": 80, "disk": {"critical": 95}} as rules with this layer, device and source. */
msptk_status msptk__values_read(const ctx *c, const msptk_json *map, const rule *like, rules *out,
                                msptk_error **ret_err);
/* Refuses a warning beyond its critical in one layer. */
msptk_status msptk__values_check_order(const rules *r, msptk_error **ret_err);
msptk_status msptk__value_parse(const address *at, const msptk_json *value, double *ret,
                                msptk_error **ret_err);

/* ---- load.c ---- */

/* A policy of a tier alone when client_id is NULL. */
msptk_status msptk__policy_load_scope(const ctx *c, store_tx *tx, const char *client_id,
                                      const char *tier, const msptk_json *overrides, policy **ret,
                                      msptk_error **ret_err);
void msptk__value_json(json_obj *o, const char *name, int32_t key, double value);

#endif
