/* The services that adapters get: everything they reach of the world goes through here. */
#define ROOM "adapters"
#include "adapters/internal.h"
#include "vault/vault.h"

#include <string.h>

enum { REQUEST_MEMORY_MAX = 16 * 1024 * 1024, LINE_MAX_BYTES = 2048, PROGRAM_OUTPUT = 65536 };

typedef struct request_block {
        struct request_block *next;
        _Alignas(16) unsigned char bytes[];
} request_block;

static instance *of_host(const msptk_host *host)
{
        return host->impl;
}

static const char *host_instance(const msptk_host *host)
{
        return of_host(host)->info.name;
}

static int64_t host_now(const msptk_host *host)
{
        return msptk__now(of_host(host)->r->c);
}

static void host_clean_text(const msptk_host *host, const char *text, size_t len, char *out,
                            size_t cap)
{
        /* Into the caller's memory, so that short memory cannot lose a label or a message. */
        buf clean = { .data = out, .cap = cap, .limit = cap - 1 };
        AUTO_FREE char *copy = NULL;

        (void)host;
        if (!cap)
                return;
        if (text && text < out + cap && out < text + len) /* in place: cleaning may lengthen */
                text = copy = msptk__strndup(text, len);
        out[0] = '\0';
        if (text)
                (void)msptk__text_clean(text, len, 0, cap - 1, &clean);
}

/* Redacted before it is cut, and again after the cleaning put together what it took apart. */
void msptk__log_clean(const ctx *c, int32_t level, const char *room, const char *message)
{
        AUTO_FREE char *whole = msptk__strdup(message);
        char line[LINE_MAX_BYTES];

        if (!whole)
                return;
        msptk__redact(c, whole);
        host_clean_text(NULL, whole, strlen(whole), line, sizeof(line));
        msptk__redact(c, line);
        level = level < LOG_DEBUG ? LOG_DEBUG : level > LOG_ERROR ? LOG_ERROR : level;
        msptk__log(c, level, room, "%s", line);
}

static void host_log(const msptk_host *host, int32_t level, const char *message)
{
        msptk__log_clean(of_host(host)->r->c, level, of_host(host)->info.name, message);
}

static void host_random(const msptk_host *host, void *bytes, size_t len)
{
        (void)host;
        (void)msptk__random_bytes(bytes, len, NULL);
}

static void *host_alloc(const msptk_host *host, size_t size)
{
        (void)host;
        return msptk__alloc(size);
}

static void host_free(const msptk_host *host, void *memory)
{
        (void)host;
        msptk__free(memory);
}

static int32_t host_cancelled(const msptk_request *req)
{
        return msptk__cancelled(req->tok);
}

static int64_t host_deadline_left(const msptk_request *req)
{
        return msptk__deadline_left_ms(req->tok);
}

static msptk_status host_sleep(const msptk_request *req, int64_t ms)
{
        return msptk__cancel_sleep(req->tok, ms);
}

static void host_progress(const msptk_request *req, int64_t at, int64_t total)
{
        if (req->sink->progress)
                req->sink->progress(req->sink->user, at, total);
}

static void *host_request_alloc(const msptk_request *given, size_t size)
{
        msptk_request *req = (msptk_request *)given;
        request_block *b;

        if (size > REQUEST_MEMORY_MAX - req->allocated)
                return NULL;
        b = msptk__alloc(sizeof(*b) + size);
        if (!b)
                return NULL;
        b->next = req->blocks;
        req->blocks = b;
        req->allocated += size;
        return b->bytes;
}

void msptk__request_end(msptk_request *req)
{
        for (request_block *b = req->blocks, *next; b; b = next) {
                next = b->next;
                msptk__free(b);
        }
        req->blocks = NULL;
        msptk__host_http_end(req);
}

static void translate(const child_result *from, msptk_program_result *to)
{
        static const int32_t kinds[] = {
                [CHILD_EXITED] = MSPTK_PROGRAM_EXITED,
                [CHILD_SIGNALLED] = MSPTK_PROGRAM_SIGNALLED,
                [CHILD_TIMEOUT] = MSPTK_PROGRAM_TIMED_OUT,
                [CHILD_CANCELLED] = MSPTK_PROGRAM_TIMED_OUT,
                [CHILD_OVERFLOW] = MSPTK_PROGRAM_SIGNALLED,
                [CHILD_NOT_STARTED] = MSPTK_PROGRAM_NOT_STARTED,
                [CHILD_STATUS_UNKNOWN] = MSPTK_PROGRAM_LOST,
        };

        *to = (msptk_program_result){
                .struct_size = sizeof(*to),
                .ended = kinds[from->kind],
                .code = from->code,
                .truncated =
                        from->kind == CHILD_OVERFLOW || from->out_truncated || from->err_truncated,
                .out = from->out,
                .out_len = from->out_len,
                .err = from->err,
                .err_len = from->err_len,
                .wall_us = from->wall_us,
                .cpu_us = from->cpu_us,
        };
}

static msptk_status start_program(const msptk_request *req, group *g, size_t number,
                                  const msptk_program *p, msptk_error **ret_err)
{
        const ctx *c = req->i->r->c;
        size_t limit = (size_t)msptk__config_int(c->config, "limits.plugin_output", PROGRAM_OUTPUT);
        int64_t left = msptk__deadline_left_ms(req->tok);
        child_spec spec = {
                .argv = p->argv,
                .envp = p->env,
                .cwd = p->cwd,
                .input = p->input,
                .input_len = p->input_len,
                .timeout_ms = p->timeout_ms      ? p->timeout_ms
                              : left < INT64_MAX ? left
                                                 : 0,
                .out_max = p->output_limit ? p->output_limit : limit,
                .err_max = p->output_limit ? p->output_limit : limit,
                .kill_on_overflow = p->flags & MSPTK_PROGRAM_STOP_AT_LIMIT,
        };

        if (p->flags & ~(uint32_t)MSPTK_PROGRAM_STOP_AT_LIMIT)
                return fail(ret_err, MSPTK_E_INVALID, "run a program: unknown flags");
        if (!p->argv || !p->argv[0] || p->argv[0][0] != '/')
                return fail(ret_err, MSPTK_E_INVALID, "run a program: its path must be absolute");
        if (p->timeout_ms < 0)
                return fail(ret_err, MSPTK_E_INVALID,
                            "run '%s': its time limit must not be negative", p->argv[0]);
        return msptk__group_child(g, number, &spec, ret_err);
}

static msptk_status start_programs(const msptk_request *req, group *g,
                                   const msptk_program *programs, size_t count,
                                   msptk_error **ret_err)
{
        size_t stride = programs->struct_size; /* of an array as its author compiled it */
        const char *at = (const char *)programs;

        if (stride < offsetof(msptk_program, env) || stride % _Alignof(msptk_program))
                return fail(ret_err, MSPTK_E_INVALID, "run programs: the first has struct_size %zu",
                            stride);
        for (size_t i = 0; i < count; i++, at += stride) {
                msptk_program p = { 0 };

                COMPLETE_ROW(p, (const msptk_program *)(const void *)at);
                TRY(start_program(req, g, i, &p, ret_err));
        }
        return MSPTK_OK;
}

static msptk_status host_run_programs(const msptk_request *req, const msptk_program *programs,
                                      size_t count, msptk_program_fn on_result, void *user,
                                      msptk_error **ret_err)
{
        AUTO_GROUP group *g = NULL;
        msptk_status st;

        if (!programs || !on_result || !count)
                return fail(ret_err, MSPTK_E_INVALID, "run programs: none given");
        TRY(msptk__group_new(req->i->r->c->work, req->tok, req->i->info.name, NULL, &g, ret_err));
        TRY(start_programs(req, g, programs, count, ret_err));
        for (;;) {
                AUTO_DONE done d = { 0 };
                msptk_program_result result;

                st = msptk__group_next(g, &d, -1, ret_err);
                if (st == MSPTK_DONE) /* programs that the deadline ended are results, too */
                        return msptk__cancel_check(req->tok, "run programs", ret_err);
                if (st != MSPTK_OK)
                        return st;
                if (d.status < 0) {
                        if (ret_err)
                                *ret_err = STEAL(d.err);
                        return d.status;
                }
                translate(d.child, &result);
                if (on_result(user, (size_t)d.tag, &result))
                        return fail(ret_err, MSPTK_E_CALLBACK,
                                    "the adapter wanted no more results");
        }
}

void msptk__host_fill(instance *i)
{
        i->host = (msptk_host){
                .struct_size = sizeof(msptk_host),
                .sdk_version = MSPTK_SDK_VERSION,
                .impl = i,
                .instance = host_instance,
                .now = host_now,
                .log = host_log,
                .random = host_random,
                .alloc = host_alloc,
                .free = host_free,
                .cancelled = host_cancelled,
                .deadline_left_ms = host_deadline_left,
                .sleep_ms = host_sleep,
                .progress = host_progress,
                .emit_device = msptk__host_emit_device,
                .emit_metric = msptk__host_emit_metric,
                .emit_alert = msptk__host_emit_alert,
                .run_programs = host_run_programs,
                .http_request = msptk__host_http,
                .state_get = msptk__host_state_get,
                .state_put = msptk__host_state_put,
                .state_update = msptk__host_state_update,
                .clean_text = host_clean_text,
                .request_alloc = host_request_alloc,
        };
}
