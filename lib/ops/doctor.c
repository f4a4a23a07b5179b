/* doctor: runs every check in the order in which one stands on another, and gathers the rows. */
#define ROOM "ops"
#include "ops/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "store/store.h"
#include "vault/vault.h"
#include "work/work.h"

enum { CHECKS = 16 };

static const char *const status_names[] = { "ok", "warning", "unknown", "critical" };

void msptk__doctor_say(doctor *d, const char *check, int32_t status, const char *suggestion,
                       const char *fmt, ...)
{
        AUTO_OBJ json_obj row = msptk__obj();
        AUTO_BUF buf clean = BUF_INIT(4096);
        char message[1024];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(message, sizeof(message), fmt, ap);
        va_end(ap);
        /* paths are any bytes, and the cut may have split a character */
        msptk__text_clean(message, strlen(message), CLEAN_VISIBLE, 2000, &clean);
        msptk__obj_str(&row, "check", check);
        msptk__obj_str(&row, "status", status_names[status]);
        msptk__obj_str(&row, "message", msptk__buf_text(&clean));
        msptk__obj_str_or_null(&row, "suggestion", suggestion && *suggestion ? suggestion : NULL);
        msptk__obj_int(&row, "took_ms", (msptk__mono_ns() - d->began_ns) / 1000000);
        msptk__array_take(&d->checks, &row);
        if (status > d->worst)
                d->worst = status;
        d->began_ns = msptk__mono_ns();
        d->done++;
}

void msptk__doctor_say_error(doctor *d, const char *check, int32_t status, const msptk_error *err)
{
        msptk__doctor_say(d, check, status, msptk_error_suggestion(err), "%s",
                          msptk_error_message(err));
}

void msptk__doctor_skip(doctor *d, const char *check, const char *because)
{
        AUTO_OBJ json_obj row = msptk__obj();

        msptk__obj_str(&row, "check", check);
        msptk__obj_str(&row, "because", because);
        msptk__array_take(&d->skipped, &row);
        d->began_ns = msptk__mono_ns();
        d->done++;
}

void msptk__doctor_libraries(doctor *d)
{
        const library_version all[] = { msptk__store_library(), msptk__vault_library(),
                                        msptk__config_library() };
        AUTO_BUF buf said = BUF_INIT(512);
        int32_t status = DOCTOR_OK;

        msptk__buf_addf(&said, "libmsptk %s", msptk_version_string());
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                bool older = strverscmp(all[i].running, all[i].built) < 0;

                msptk__buf_addf(&said, ", %s %s", all[i].name, all[i].running);
                if (older) {
                        msptk__buf_addf(&said, " (older than %s, which it was built with)",
                                        all[i].built);
                        status = DOCTOR_WARNING;
                }
        }
        msptk__doctor_say(d, "libraries", status,
                          status ? "install the version that libmsptk was built with, or build it "
                                   "again on this machine"
                                 : NULL,
                          "%s", msptk__buf_text(&said));
}

static msptk_status progress(doctor *d, const char *what, msptk_error **ret_err)
{
        return msptk__act_progress(d->a, d->done, CHECKS, what, ret_err);
}

static msptk_status run_checks(doctor *d, msptk_error **ret_err)
{
        msptk__doctor_config(d);
        msptk__doctor_zone(d);
        TRY(progress(d, "database", ret_err));
        msptk__doctor_store(d);
        TRY(progress(d, "vault", ret_err));
        msptk__doctor_clock(d);
        msptk__doctor_vault(d);
        TRY(progress(d, "audit trail", ret_err));
        msptk__doctor_audit(d);
        msptk__doctor_permissions(d);
        TRY(progress(d, "adapters", ret_err));
        TRY(msptk__doctor_adapters(d, ret_err));
        TRY(msptk__doctor_dns(d, ret_err));
        msptk__doctor_libraries(d);
        return progress(d, "done", ret_err);
}

static void doctor_clear(doctor *d)
{
        msptk__obj_clear(&d->checks);
        msptk__obj_clear(&d->skipped);
        msptk__vault_free(d->c.vault);
        msptk__store_free(d->c.store);
        msptk__zone_free(d->c.zone);
        msptk__config_free(d->c.config);
}

/* The host's clock, log and pool, and nothing that it opened. */
static ctx own_ctx(const ctx *host)
{
        ctx c = *host;

        c.store = NULL;
        c.vault = NULL;
        c.config = NULL;
        c.audit = NULL;
        c.registry = NULL;
        c.zone = NULL;
        c.read_only = 1;
        return c;
}

msptk_status msptk__op_doctor(act *a, const msptk_json *args, msptk_json **ret,
                              msptk_error **ret_err)
{
        __attribute__((cleanup(doctor_clear))) doctor d = {
                .a = a,
                .host = msptk__act_ctx(a),
                .c = own_ctx(msptk__act_ctx(a)),
                .full = msptk_json_bool(msptk_json_get(args, "full"), 0),
                .probe = msptk_json_bool(msptk_json_get(args, "probe"), 0),
                .checks = msptk__array(),
                .skipped = msptk__array(),
                .began_ns = msptk__mono_ns(),
        };
        AUTO_OBJ json_obj o = msptk__obj();

        TRY(run_checks(&d, ret_err));
        msptk__obj_str(&o, "schema", "msptk.doctor/1");
        msptk__obj_str(&o, "status", status_names[d.worst]);
        msptk__obj_str(&o, "version", msptk_version_string());
        msptk__obj_str_or_null(&o, "config", d.c.config ? msptk__config_file(d.c.config) : NULL);
        msptk__obj_take(&o, "checks", &d.checks);
        msptk__obj_take(&o, "not_checked", &d.skipped);
        return msptk__obj_end(&o, ret, ret_err);
}
