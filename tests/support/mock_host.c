/* A small host for tests of single adapters. */
#include "support.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mock_host.h"

struct msptk_request {
        mock_host *mock;
};

typedef struct mock_all {
        mock_host mock; /* first */
        struct msptk_request request;
} mock_all;

static char *keep(const char *text)
{
        char *copy = strdup(text ? text : "");

        assert_non_null(copy);
        return copy;
}

static char *keep_json(const msptk_json *json)
{
        char *text = NULL, *copy;

        if (!json)
                return keep("");
        assert_int_equal(msptk_json_print(json, 0, &text, NULL), MSPTK_OK);
        copy = keep(text);
        msptk_string_free(text);
        return copy;
}

static mock_host *of(const msptk_host *host)
{
        return host->impl;
}

static const char *mock_instance(const msptk_host *host)
{
        (void)host;
        return "mock";
}

static int64_t mock_now(const msptk_host *host)
{
        return of(host)->now;
}

static void mock_log(const msptk_host *host, int32_t level, const char *message)
{
        (void)host;
        (void)level;
        assert_non_null(message);
}

static void mock_random(const msptk_host *host, void *bytes, size_t len)
{
        (void)host;
        memset(bytes, 42, len);
}

static void *mock_alloc(const msptk_host *host, size_t size)
{
        mock_host *m = of(host);

        if (++m->allocs == m->fail_alloc_at)
                return NULL;
        m->live++;
        return calloc(1, size ? size : 1);
}

static void mock_free(const msptk_host *host, void *memory)
{
        if (memory)
                of(host)->live--;
        free(memory);
}

static int32_t mock_cancelled(const msptk_request *req)
{
        return req->mock->cancelled;
}

static int64_t mock_deadline(const msptk_request *req)
{
        return req->mock->deadline_left_ms;
}

static msptk_status mock_sleep(const msptk_request *req, int64_t ms)
{
        mock_host *m = req->mock;

        if (m->cancelled)
                return MSPTK_E_CANCELLED;
        if (m->deadline_left_ms <= ms)
                return MSPTK_E_TIMEOUT;
        m->slept_ms += ms;
        if (m->on_sleep)
                m->on_sleep(m, m->user);
        return MSPTK_OK;
}

static void mock_progress(const msptk_request *req, int64_t done, int64_t total)
{
        (void)req;
        assert_true(done <= total);
}

static bool refuses(mock_host *m)
{
        return ++m->emitted == m->fail_emit_at;
}

static msptk_status mock_emit_device(const msptk_request *req, const msptk_device_row *row)
{
        mock_host *m = req->mock;

        if (refuses(m))
                return MSPTK_E_CANCELLED;
        assert_true(m->device_count < MOCK_MAX_ROWS);
        assert_int_equal(row->struct_size, sizeof(*row));
        assert_non_null(row->vendor_id);
        m->devices[m->device_count++] = (mock_device){
                row->presence,
                keep(row->vendor_id),
                keep(row->name),
                keep(row->serial),
                keep(row->machine_id),
                keep(row->macs),
                keep(row->os),
                keep(row->kind),
                keep(row->address),
                keep(row->vendor_client),
                keep_json(row->attributes),
                row->last_seen,
        };
        return MSPTK_OK;
}

static msptk_status mock_emit_metric(const msptk_request *req, const msptk_metric_row *row)
{
        mock_host *m = req->mock;

        if (refuses(m))
                return MSPTK_E_CANCELLED;
        assert_true(m->metric_count < MOCK_MAX_ROWS);
        assert_int_equal(row->struct_size, sizeof(*row));
        assert_non_null(row->check);
        assert_non_null(row->metric);
        m->metrics[m->metric_count++] = (mock_metric){
                row->state,          keep(row->vendor_id),
                keep(row->check),    keep(row->metric),
                keep(row->instance), keep(row->unit),
                keep(row->message),  keep_json(row->data),
                row->value,          row->at,
        };
        return MSPTK_OK;
}

static msptk_status mock_emit_alert(const msptk_request *req, const msptk_alert_row *row)
{
        mock_host *m = req->mock;

        if (refuses(m))
                return MSPTK_E_CANCELLED;
        assert_true(m->alert_count < MOCK_MAX_ROWS);
        m->alerts[m->alert_count++] =
                (mock_alert){ row->severity,    keep(row->vendor_id), keep(row->vendor_alert),
                              keep(row->check), keep(row->instance),  keep(row->message),
                              row->at };
        return MSPTK_OK;
}

/* ---- programs ---- */

static int64_t monotonic_us(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static pid_t start(const msptk_program *p, int out, int err)
{
        char *const env[] = { (char *)"PATH=/usr/bin:/bin", NULL };
        pid_t pid = fork();

        if (pid == 0) {
                dup2(open("/dev/null", O_RDONLY), 0);
                dup2(out, 1);
                dup2(err, 2);
                execve(p->argv[0], (char *const *)p->argv, env);
                _exit(127);
        }
        return pid;
}

static void take(int *fd, char *data, size_t *len, size_t limit, int32_t *truncated)
{
        char piece[4096];
        ssize_t n = read(*fd, piece, sizeof(piece));

        if (n <= 0) {
                close(*fd);
                *fd = -1;
                return;
        }
        if ((size_t)n > limit - *len) {
                n = (ssize_t)(limit - *len);
                *truncated = 1;
        }
        memcpy(data + *len, piece, (size_t)n);
        *len += (size_t)n;
}

static void run_one(const msptk_program *p, msptk_program_result *r)
{
        size_t limit = p->output_limit ? p->output_limit : 65536;
        char *out = calloc(1, limit + 1), *err = calloc(1, limit + 1);
        int64_t began = monotonic_us();
        int64_t until = began + (p->timeout_ms ? p->timeout_ms : 60000) * 1000;
        int o[2], e[2], status;
        pid_t pid;

        assert_true(out && err && pipe2(o, O_CLOEXEC) == 0 && pipe2(e, O_CLOEXEC) == 0);
        if (access(p->argv[0], X_OK) != 0) {
                r->ended = MSPTK_PROGRAM_NOT_STARTED;
                r->code = errno;
        }
        pid = r->ended ? -1 : start(p, o[1], e[1]);
        close(o[1]);
        close(e[1]);
        while (pid > 0 && (o[0] >= 0 || e[0] >= 0)) {
                struct pollfd fds[2] = { { o[0], POLLIN, 0 }, { e[0], POLLIN, 0 } };
                int64_t left = (until - monotonic_us()) / 1000;

                if (left <= 0 || poll(fds, 2, (int)left) == 0) {
                        kill(pid, SIGKILL);
                        r->ended = MSPTK_PROGRAM_TIMED_OUT;
                        break;
                }
                if (fds[0].revents)
                        take(&o[0], out, &r->out_len, limit, &r->truncated);
                if (fds[1].revents)
                        take(&e[0], err, &r->err_len, limit, &r->truncated);
        }
        if (o[0] >= 0)
                close(o[0]);
        if (e[0] >= 0)
                close(e[0]);
        if (pid > 0 && waitpid(pid, &status, 0) == pid && !r->ended) {
                r->ended = WIFEXITED(status) ? MSPTK_PROGRAM_EXITED : MSPTK_PROGRAM_SIGNALLED;
                r->code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
        }
        r->out = out;
        r->err = err;
        r->wall_us = monotonic_us() - began;
}

static msptk_status mock_run_programs(const msptk_request *req, const msptk_program *programs,
                                      size_t count, msptk_program_fn on_result, void *user,
                                      msptk_error **ret_err)
{
        for (size_t i = 0; i < count; i++) {
                msptk_program_result r = { .struct_size = sizeof(r) };
                int32_t stop;

                if (req->mock->cancelled)
                        return msptk_error_set(ret_err, MSPTK_E_CANCELLED, "mock", "cancelled");
                assert_int_equal(programs[i].struct_size, sizeof(programs[i]));
                assert_int_equal(programs[i].argv[0][0], '/');
                run_one(&programs[i], &r);
                stop = on_result(user, i, &r);
                free((char *)r.out);
                free((char *)r.err);
                if (stop)
                        return msptk_error_set(ret_err, MSPTK_E_CALLBACK, "mock", "stopped");
        }
        return MSPTK_OK;
}

static msptk_status mock_http(const msptk_request *req, const msptk_http_request *in,
                              msptk_http_reply *ret_reply, msptk_error **ret_err)
{
        (void)req;
        (void)in;
        (void)ret_reply;
        return msptk_error_set(ret_err, MSPTK_E_UNSUPPORTED, "mock", "no network in tests");
}

/* ---- state ---- */

const char *mock_state(const mock_host *m, const char *key)
{
        for (size_t i = 0; i < m->state_count; i++) {
                if (strcmp(m->states[i].key, key) == 0)
                        return m->states[i].value;
        }
        return NULL;
}

static msptk_status mock_state_get(const msptk_request *req, const char *key, char **ret_value,
                                   msptk_error **ret_err)
{
        const char *value = mock_state(req->mock, key);
        char *copy;

        if (req->mock->state_broken)
                return msptk_error_set(ret_err, MSPTK_E_IO, "mock", "broken");
        if (!value)
                return msptk_error_set(ret_err, MSPTK_E_NOTFOUND, "mock", "never put");
        copy = mock_alloc(&req->mock->host, strlen(value) + 1);
        if (!copy)
                return msptk_error_set(ret_err, MSPTK_E_NOMEM, "mock", "out of memory");
        memcpy(copy, value, strlen(value) + 1);
        *ret_value = copy;
        return MSPTK_OK;
}

static msptk_status mock_state_put(const msptk_request *req, const char *key, const char *value,
                                   msptk_error **ret_err)
{
        mock_host *m = req->mock;

        if (m->state_broken)
                return msptk_error_set(ret_err, MSPTK_E_IO, "mock", "broken");
        for (size_t i = 0; i < m->state_count; i++) {
                if (strcmp(m->states[i].key, key) == 0) {
                        free(m->states[i].value);
                        m->states[i].value = keep(value);
                        return MSPTK_OK;
                }
        }
        assert_true(m->state_count < MOCK_MAX_STATES);
        m->states[m->state_count].key = keep(key);
        m->states[m->state_count++].value = keep(value);
        return MSPTK_OK;
}

static msptk_status mock_state_update(const msptk_request *req, const char *key,
                                      const char *expected, const char *value,
                                      msptk_error **ret_err)
{
        const char *is = mock_state(req->mock, key);

        if (!is != !expected || (is && strcmp(is, expected) != 0))
                return msptk_error_set(ret_err, MSPTK_E_CONFLICT, "mock", "changed");
        return mock_state_put(req, key, value, ret_err);
}

/* Valid ASCII is enough here; the real host knows UTF-8. */
static void mock_clean(const msptk_host *host, const char *text, size_t len, char *out, size_t cap)
{
        size_t n = 0;

        (void)host;
        for (size_t i = 0; i < len && n + 1 < cap; i++)
                out[n++] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
        out[n] = '\0';
}

static void *mock_request_alloc(const msptk_request *req, size_t size)
{
        mock_host *m = req->mock;
        void **more;

        if (++m->allocs == m->fail_alloc_at)
                return NULL;
        more = realloc(m->request_memory, (m->request_memory_count + 1) * sizeof(*more));
        assert_non_null(more);
        m->request_memory = more;
        return m->request_memory[m->request_memory_count++] = calloc(1, size ? size : 1);
}

/* ---- life ---- */

mock_host *mock_host_new(void)
{
        mock_all *all = calloc(1, sizeof(*all));
        mock_host *m = &all->mock;

        assert_non_null(all);
        all->request.mock = m;
        m->now = INT64_C(1760000000000000);
        m->deadline_left_ms = INT64_MAX;
        m->metrics = calloc(MOCK_MAX_ROWS, sizeof(*m->metrics));
        m->devices = calloc(MOCK_MAX_ROWS, sizeof(*m->devices));
        m->alerts = calloc(MOCK_MAX_ROWS, sizeof(*m->alerts));
        m->states = calloc(MOCK_MAX_STATES, sizeof(*m->states));
        assert_true(m->metrics && m->devices && m->alerts && m->states);
        m->host = (msptk_host){ .struct_size = sizeof(m->host),
                                .sdk_version = MSPTK_SDK_VERSION,
                                .impl = m,
                                .instance = mock_instance,
                                .now = mock_now,
                                .log = mock_log,
                                .random = mock_random,
                                .alloc = mock_alloc,
                                .free = mock_free,
                                .cancelled = mock_cancelled,
                                .deadline_left_ms = mock_deadline,
                                .sleep_ms = mock_sleep,
                                .progress = mock_progress,
                                .emit_device = mock_emit_device,
                                .emit_metric = mock_emit_metric,
                                .emit_alert = mock_emit_alert,
                                .run_programs = mock_run_programs,
                                .http_request = mock_http,
                                .state_get = mock_state_get,
                                .state_put = mock_state_put,
                                .clean_text = mock_clean,
                                .request_alloc = mock_request_alloc,
                                .state_update = mock_state_update };
        return m;
}

const msptk_request *mock_request(mock_host *mock)
{
        return &((mock_all *)mock)->request;
}

void mock_host_reset(mock_host *m)
{
        for (size_t i = 0; i < m->metric_count; i++) {
                mock_metric *r = &m->metrics[i];
                char *texts[] = { r->vendor_id, r->check,   r->metric, r->instance,
                                  r->unit,      r->message, r->data };

                for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
                        free(texts[k]);
        }
        for (size_t i = 0; i < m->device_count; i++) {
                mock_device *r = &m->devices[i];
                char *texts[] = {
                        r->vendor_id, r->name, r->serial,  r->machine_id,    r->macs,
                        r->os,        r->kind, r->address, r->vendor_client, r->attributes
                };

                for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
                        free(texts[k]);
        }
        for (size_t i = 0; i < m->alert_count; i++) {
                mock_alert *r = &m->alerts[i];
                char *texts[] = { r->vendor_id, r->vendor_alert, r->check, r->instance,
                                  r->message };

                for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
                        free(texts[k]);
        }
        for (size_t i = 0; i < m->request_memory_count; i++)
                free(m->request_memory[i]);
        free(m->request_memory);
        m->request_memory = NULL;
        m->request_memory_count = m->metric_count = m->device_count = m->alert_count = 0;
        m->emitted = m->allocs = 0;
}

void mock_host_free(mock_host *m)
{
        mock_host_reset(m);
        for (size_t i = 0; i < m->state_count; i++) {
                free(m->states[i].key);
                free(m->states[i].value);
        }
        free(m->states);
        free(m->metrics);
        free(m->devices);
        free(m->alerts);
        free(m);
}

void *mock_open(mock_host *mock, const msptk_adapter_ops *ops, const char *settings,
                msptk_json **ret_settings)
{
        void *self = NULL;

        assert_int_equal(msptk_json_parse(settings, strlen(settings), ret_settings, NULL),
                         MSPTK_OK);
        assert_int_equal(ops->open(&mock->host, *ret_settings, &self, NULL), MSPTK_OK);
        return self;
}

static bool same(const char *want, const char *have)
{
        return !want || strcmp(want, have) == 0;
}

const mock_metric *mock_find(const mock_host *m, const char *check, const char *metric,
                             const char *instance)
{
        for (size_t i = 0; i < m->metric_count; i++) {
                const mock_metric *r = &m->metrics[i];

                if (same(check, r->check) && same(metric, r->metric) && same(instance, r->instance))
                        return r;
        }
        return NULL;
}

size_t mock_count(const mock_host *m, const char *check, const char *metric)
{
        size_t n = 0;

        for (size_t i = 0; i < m->metric_count; i++)
                n += same(check, m->metrics[i].check) && same(metric, m->metrics[i].metric);
        return n;
}
