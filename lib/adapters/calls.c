/* Calls of an instance's slots: opened at the first one, unsupported groups answered, results and
 * errors taken over. */
#define ROOM "adapters"
#include "adapters/internal.h"
#include "vault/vault.h"

#include <string.h>

static const adapter_sink nowhere = { 0 };

static void redact_text(void *user, char *text)
{
        msptk__redact(user, text);
}

/* What is true of every failure of an instance. An error that the adapter made and then forgot is
 * released. */
static msptk_status end(instance *i, msptk_status st, msptk_error *err, msptk_error **ret_err)
{
        if (st >= 0 || !ret_err) {
                msptk_error_free(err);
                return st < 0 ? st : MSPTK_OK;
        }
        if (!err)
                fail(&err, st, "adapter '%s' failed without saying why (%s)", i->info.name,
                     msptk_status_name(st));
        msptk__error_set_adapter(err, i->info.name);
        msptk__error_scrub(err, redact_text, i->r->c);
        *ret_err = err;
        return st;
}

static msptk_status begin(instance *i, uint32_t capability, const char *what, cancel *tok,
                          msptk_error **ret_err)
{
        msptk_error *err = NULL;
        msptk_status st = msptk__instance_open(i, &err);

        if (st >= 0 && capability && !(msptk__instance_info(i)->capabilities & capability))
                st = fail_why(&err, MSPTK_E_UNSUPPORTED, "UNSUPPORTED",
                              "see 'adapter list' for what each adapter can do",
                              "adapter '%s' of type '%s' cannot %s", i->info.name, i->info.type,
                              what);
        if (st >= 0)
                st = msptk__cancel_check(tok, what, &err);
        return end(i, st, err, ret_err);
}

/* The end of a slot. One that swallowed a refusal has not given everything, whatever it says. */
static msptk_status end_slot(msptk_request *req, msptk_status st, msptk_error *err,
                             msptk_error **ret_err)
{
        const char *name = req->i->info.name;

        msptk__request_end(req);
        if (st >= 0 && (req->stopped || req->refused)) {
                msptk_error_free(STEAL(err));
                st = req->stopped ? fail(&err, req->stopped,
                                         "adapter '%s' was told that no more rows are wanted", name)
                                  : fail_why(&err, MSPTK_E_INTERNAL, "BAD_ROW",
                                             "tell the author of the adapter",
                                             "adapter '%s' gave %zu rows that are not well formed",
                                             name, req->refused);
        }
        return end(req->i, st, err, ret_err);
}

msptk_status msptk__adapter_probe(instance *i, cancel *tok, msptk_error **ret_err)
{
        msptk_request req = { .i = i, .tok = tok, .sink = &nowhere };
        msptk_error *err = NULL;
        msptk_status st;

        TRY(begin(i, 0, "be probed", tok, ret_err));
        st = i->kind->ops.probe(i->self, &req, &err);
        return end_slot(&req, st, err, ret_err);
}

msptk_status msptk__adapter_devices(instance *i, const msptk_query *query, const adapter_sink *sink,
                                    cancel *tok, msptk_error **ret_err)
{
        msptk_request req = { .i = i, .tok = tok, .sink = sink };
        msptk_error *err = NULL;
        msptk_status st;

        TRY(begin(i, CAP_DEVICES, "list devices", tok, ret_err));
        st = i->kind->devices.list(i->self, &req, query, &err);
        return end_slot(&req, st, err, ret_err);
}

msptk_status msptk__adapter_collect(instance *i, const msptk_query *query, const adapter_sink *sink,
                                    cancel *tok, msptk_error **ret_err)
{
        msptk_request req = { .i = i, .tok = tok, .sink = sink };
        msptk_error *err = NULL;
        msptk_status st;

        TRY(begin(i, CAP_METRICS, "measure devices", tok, ret_err));
        st = i->kind->metrics.collect(i->self, &req, query, &err);
        return end_slot(&req, st, err, ret_err);
}

msptk_status msptk__adapter_alerts(instance *i, const msptk_query *query, const adapter_sink *sink,
                                   cancel *tok, msptk_error **ret_err)
{
        msptk_request req = { .i = i, .tok = tok, .sink = sink };
        msptk_error *err = NULL;
        msptk_status st;

        TRY(begin(i, CAP_ALERTS, "list alerts", tok, ret_err));
        st = i->kind->alerts.list(i->self, &req, query, &err);
        return end_slot(&req, st, err, ret_err);
}

/* A copy of output, which may hold any byte, without known secrets. */
static char *keep_output(const ctx *c, const char *text, size_t *len)
{
        char *copy;

        *len = text ? *len : 0;
        copy = msptk__strndup(text ? text : "", *len);
        if (copy)
                *len = msptk__redact_bytes(c, copy, *len);
        return copy;
}

/* The result's texts die with the request, so they are copied out of it. */
static msptk_status keep_result(const ctx *c, const msptk_program_result *from,
                                msptk_program_result *to, msptk_error **ret_err)
{
        msptk_program_result kept = *from;

        kept.struct_size = sizeof(kept);
        kept.out = keep_output(c, from->out, &kept.out_len);
        kept.err = keep_output(c, from->err, &kept.err_len);
        if (!kept.out || !kept.err) {
                msptk__program_result_clear(&kept);
                return msptk__nomem(ret_err);
        }
        *to = kept;
        return MSPTK_OK;
}

msptk_status msptk__adapter_execute(instance *i, const char *vendor_id, const char *const *command,
                                    cancel *tok, msptk_program_result *ret, msptk_error **ret_err)
{
        msptk_request req = { .i = i, .tok = tok, .sink = &nowhere };
        msptk_program_result result = { .struct_size = sizeof(result) };
        msptk_error *err = NULL;
        msptk_status st;

        TRY(begin(i, CAP_COMMANDS, "execute commands", tok, ret_err));
        if (!vendor_id || !*vendor_id || !command || !command[0]) {
                st = fail(&err, MSPTK_E_INVALID, "execute: no device or no command");
                return end(i, st, err, ret_err);
        }
        st = i->kind->commands.execute(i->self, &req, vendor_id, command, &result, &err);
        if (st >= 0)
                st = keep_result(i->r->c, &result, ret, &err);
        return end_slot(&req, st, err, ret_err);
}

void msptk__program_result_clear(msptk_program_result *r)
{
        msptk__free((char *)r->out);
        msptk__free((char *)r->err);
        memset(r, 0, sizeof(*r));
}

msptk_status msptk__adapter_deploy(instance *i, const msptk_device_row *device, cancel *tok,
                                   char **ret_evidence, msptk_error **ret_err)
{
        msptk_request req = { .i = i, .tok = tok, .sink = &nowhere };
        AUTO_FREE char *evidence = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        TRY(begin(i, CAP_DEPLOY, "deploy agents", tok, ret_err));
        st = i->kind->deploy.agent(i->self, &req, device, &evidence, &err);
        if (st >= 0 && (!evidence || !*evidence)) {
                msptk_error_free(STEAL(err));
                st = fail_why(&err, MSPTK_E_INTERNAL, "NO_EVIDENCE",
                              "look at the device list for the agent",
                              "adapter '%s' says that the agent is there, but not how it was seen",
                              i->info.name);
        }
        st = end_slot(&req, st, err, ret_err);
        if (st >= 0) {
                msptk__redact(i->r->c, evidence);
                *ret_evidence = STEAL(evidence);
        }
        return st;
}
