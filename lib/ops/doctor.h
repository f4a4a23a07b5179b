/* The inside of doctor: each check is performed for real and says what it observed. A check whose
 * ground is missing is not performed, and named as such with the reason, so that one fault is told
 * once. */
#ifndef OPS_DOCTOR_H
#define OPS_DOCTOR_H

#include "config/config.h"
#include "ops/admin.h"

enum { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_UNKNOWN, DOCTOR_CRITICAL }; /* worse is greater */

typedef struct doctor {
        act *a;
        ctx *host; /* of the toolkit, which may not be able to open */
        ctx c;     /* of our own: what could be opened, for reading */
        bool full, probe;
        json_obj checks, skipped;
        int32_t worst;
        int64_t began_ns; /* of the check that runs */
        int32_t done;     /* how many checks were said or skipped */
        /* Which check is to blame for what, as its name; NULL while all is well. */
        const char *no_config, *no_zone, *no_store, *no_tables, *no_key, *no_write;
} doctor;

/* One row. `suggestion` is NULL when there is nothing to do. */
void msptk__doctor_say(doctor *d, const char *check, int32_t status, const char *suggestion,
                       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A failure as a row, with its own advice. */
void msptk__doctor_say_error(doctor *d, const char *check, int32_t status, const msptk_error *err);
void msptk__doctor_skip(doctor *d, const char *check, const char *because);

void msptk__doctor_config(doctor *d);
void msptk__doctor_zone(doctor *d);
void msptk__doctor_permissions(doctor *d);
void msptk__doctor_libraries(doctor *d);
msptk_status msptk__doctor_adapters(doctor *d, msptk_error **ret_err);
msptk_status msptk__doctor_dns(doctor *d, msptk_error **ret_err);
/* database, shared_memory, schema, integrity, disk_space, writable */
void msptk__doctor_store(doctor *d);
void msptk__doctor_clock(doctor *d);
void msptk__doctor_vault(doctor *d); /* vault_key_file, vault */
void msptk__doctor_audit(doctor *d);

#endif
