/* The services of the real host: programs, state, rows, memory, texts, and what happens to errors.
 */
#define ROOM "test"
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real_host.h"

#define CANARY "Tr0ub4dor&3-canary"

/* The one slot of the puppet runs what the test wants. */
typedef msptk_status (*script_fn)(const msptk_host *host, const msptk_request *req,
                                  msptk_error **ret_err);
static script_fn script;
static void *given; /* of the test, for its script */

typedef struct puppet {
        const msptk_host *host;
} puppet;

static msptk_status puppet_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                                msptk_error **ret_err)
{
        puppet *self = host->alloc(host, sizeof(*self));

        (void)settings;
        (void)ret_err;
        assert_int_equal(host->struct_size, sizeof(*host));
        self->host = host;
        *ret_self = self;
        return MSPTK_OK;
}

static void puppet_close(void *self)
{
        const msptk_host *host = ((puppet *)self)->host;

        host->free(host, self);
}

static msptk_status puppet_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        return script(((puppet *)self)->host, req, ret_err);
}

static msptk_status puppet_collect(void *self, const msptk_request *req, const msptk_query *query,
                                   msptk_error **ret_err)
{
        (void)query;
        return script(((puppet *)self)->host, req, ret_err);
}

static msptk_status puppet_execute(void *self, const msptk_request *req, const char *vendor_id,
                                   const char *const *command, msptk_program_result *ret_result,
                                   msptk_error **ret_err)
{
        const msptk_host *host = ((puppet *)self)->host;
        char *out = host->request_alloc(req, 64);

        (void)vendor_id;
        (void)command;
        (void)ret_err;
        memcpy(out, "a\0" CANARY, sizeof("a\0" CANARY));
        *ret_result = (msptk_program_result){ .out = out, .out_len = sizeof("a\0" CANARY) - 1 };
        return MSPTK_OK;
}

static msptk_status puppet_agent(void *self, const msptk_request *req,
                                 const msptk_device_row *device, char **ret_evidence,
                                 msptk_error **ret_err)
{
        const msptk_host *host = ((puppet *)self)->host;

        (void)req;
        (void)ret_err;
        if (device->name) {
                *ret_evidence = host->alloc(host, 64);
                snprintf(*ret_evidence, 64, "seen with %s", CANARY);
        }
        return MSPTK_OK;
}

static const msptk_metric_ops metrics = { .struct_size = sizeof(metrics),
                                          .collect = puppet_collect };
static const msptk_command_ops commands = { .struct_size = sizeof(commands),
                                            .execute = puppet_execute };
static const msptk_deploy_ops deploy = { .struct_size = sizeof(deploy), .agent = puppet_agent };
static const msptk_adapter_info info = { .struct_size = sizeof(info),
                                         .type = "puppet",
                                         .title = "A puppet" };
static const msptk_adapter_ops ops = { .struct_size = sizeof(ops),
                                       .sdk_version = MSPTK_SDK_VERSION,
                                       .info = &info,
                                       .open = puppet_open,
                                       .close = puppet_close,
                                       .probe = puppet_probe,
                                       .metrics = &metrics,
                                       .commands = &commands,
                                       .deploy = &deploy };

typedef struct world {
        real_host h;
        instance *i;
        kept k;
} world;

static void begin(world *w, const char *database)
{
        static const char yaml[] = "adapters:\n  - {name: it, type: puppet}\n";

        memset(w, 0, sizeof(*w));
        real_host_open(&w->h, yaml, database);
        assert_int_equal(msptk__registry_add_adapter(w->h.r, &ops, NULL), MSPTK_OK);
        w->i = real_instance(&w->h, "it");
        kept_begin(&w->k);
}

static void end(world *w)
{
        real_host_close(&w->h);
        kept_end(&w->k);
}

static msptk_status run(world *w, script_fn what, cancel *tok, msptk_error **ret_err)
{
        msptk_query query = { .struct_size = sizeof(query) };

        script = what;
        return msptk__adapter_collect(w->i, &query, &w->k.sink, tok, ret_err);
}

/* ---- programs ---- */

typedef struct programs {
        size_t count, seen, stop_at;
        const msptk_program *list;
        int32_t ended[64], code[64], truncated[64];
        size_t out_len[64], err_len[64];
} programs;

static int32_t keep_program(void *user, size_t index, const msptk_program_result *r)
{
        programs *p = user;

        assert_true(index < p->count);
        p->seen++;
        p->ended[index] = r->ended;
        p->code[index] = r->code;
        p->truncated[index] = r->truncated;
        p->out_len[index] = r->out_len;
        p->err_len[index] = r->err_len;
        assert_int_equal(r->out[r->out_len], 0);
        return p->seen == p->stop_at;
}

static msptk_status run_list(const msptk_host *host, const msptk_request *req,
                             msptk_error **ret_err)
{
        programs *p = given;

        return host->run_programs(req, p->list, p->count, keep_program, p, ret_err);
}

#define PROGRAM(...) \
        { \
                .struct_size = sizeof(msptk_program), __VA_ARGS__ \
        }
#define SH(text) \
        (const char *const[]) \
        { \
                "/bin/sh", "-c", text, NULL \
        }

static void forty_programs_run_at_once_and_each_has_its_result(void **state)
{
        msptk_program list[40] = { 0 };
        programs p = { .count = 40, .list = list };
        char numbers[40][16];
        const char *argv[40][5];
        world w;

        (void)state;
        begin(&w, NULL);
        for (int n = 0; n < 40; n++) {
                snprintf(numbers[n], sizeof(numbers[n]), "%d", n);
                memcpy(argv[n], (const char *[]){ "/bin/sh", "-c", "exit $0", numbers[n], NULL },
                       sizeof(argv[n]));
                list[n] = (msptk_program)PROGRAM(.argv = argv[n]);
        }
        given = &p;
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_OK);
        assert_int_equal(p.seen, 40);
        for (int n = 0; n < 40; n++) {
                assert_int_equal(p.ended[n], MSPTK_PROGRAM_EXITED);
                assert_int_equal(p.code[n], n);
        }
        end(&w);
}

static void a_program_that_fails_is_a_result(void **state)
{
        const char *const missing[] = { "/nonexistent/program", NULL };
        const char *const plain[] = { "/bin/cat", NULL };
        const msptk_program list[] = {
                PROGRAM(.argv = missing),
                PROGRAM(.argv = SH("kill -9 $$")),
                PROGRAM(.argv = SH("sleep 20"), .timeout_ms = 100),
                PROGRAM(.argv = SH("head -c 5000 /dev/zero; head -c 5000 /dev/zero >&2"),
                        .output_limit = 100),
                PROGRAM(.argv = SH("exec cat /dev/zero"), .output_limit = 1000,
                        .flags = MSPTK_PROGRAM_STOP_AT_LIMIT),
                PROGRAM(.argv = plain, .input = "abc", .input_len = 3),
        };
        programs p = { .count = ARRAY_LEN(list), .list = list };
        world w;

        (void)state;
        begin(&w, NULL);
        given = &p;
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_OK);
        assert_int_equal(p.seen, p.count);
        assert_int_equal(p.ended[0], MSPTK_PROGRAM_NOT_STARTED);
        assert_int_equal(p.code[0], 2); /* ENOENT */
        assert_int_equal(p.ended[1], MSPTK_PROGRAM_SIGNALLED);
        assert_int_equal(p.code[1], 9);
        assert_int_equal(p.ended[2], MSPTK_PROGRAM_TIMED_OUT);
        assert_int_equal(p.ended[3], MSPTK_PROGRAM_EXITED);
        assert_int_equal(p.truncated[3], 1);
        assert_int_equal(p.out_len[3], 100);
        assert_int_equal(p.err_len[3], 100);
        assert_int_equal(p.ended[4], MSPTK_PROGRAM_SIGNALLED);
        assert_int_equal(p.truncated[4], 1);
        assert_int_equal(p.out_len[4], 1000);
        assert_int_equal(p.ended[5], MSPTK_PROGRAM_EXITED);
        assert_int_equal(p.out_len[5], 3);
        end(&w);
}

static const char *const sleeps[] = { "/bin/sh", "-c", "sleep 20", NULL };
static const char *const exits_3[] = { "/bin/sh", "-c", "exit 3", NULL };
static const char *const exits_4[] = { "/bin/sh", "-c", "exit 4", NULL };

static void programs_stop_when_asked(void **state)
{
        msptk_program list[8];
        programs p = { .count = 8, .list = list, .stop_at = 1 };
        int64_t before;
        msptk_error *err = NULL;
        world w;

        (void)state;
        begin(&w, NULL);
        given = &p;
        list[0] = (msptk_program)PROGRAM(.argv = SH("exit 0"));
        for (int n = 1; n < 8; n++)
                list[n] = (msptk_program)PROGRAM(.argv = sleeps);
        before = msptk__mono_ns();
        assert_int_equal(run(&w, run_list, NULL, &err), MSPTK_E_CALLBACK);
        assert_string_equal(msptk_error_adapter(err), "it");
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(p.seen, 1);

        AUTO_CANCEL cancel *late = msptk__cancel_new(NULL, NULL, 100);

        p.seen = p.stop_at = 0;
        assert_int_equal(run(&w, run_list, late, &err), MSPTK_E_TIMEOUT);
        msptk_error_free(err);
        assert_true(msptk__mono_ns() - before < INT64_C(10000000000));
        end(&w);
}

static int32_t cancel_at_first(void *user, size_t index, const msptk_program_result *r)
{
        (void)index;
        (void)r;
        msptk__cancel_trigger(user);
        return 0;
}

static msptk_status run_and_cancel(const msptk_host *host, const msptk_request *req,
                                   msptk_error **ret_err)
{
        const msptk_program list[] = { PROGRAM(.argv = SH("exit 0")),
                                       PROGRAM(.argv = SH("sleep 20")) };

        return host->run_programs(req, list, 2, cancel_at_first, given, ret_err);
}

static void a_cancel_ends_programs_that_run(void **state)
{
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        int64_t before = msptk__mono_ns();
        world w;

        (void)state;
        begin(&w, NULL);
        given = tok;
        assert_int_equal(run(&w, run_and_cancel, tok, NULL), MSPTK_E_CANCELLED);
        end(&w);
        assert_true(msptk__mono_ns() - before < INT64_C(10000000000));
}

static void programs_of_older_and_newer_authors_run(void **state)
{
        struct {
                msptk_program p;
                uint64_t future[3];
        } newer[2];
        programs p = { .count = 2, .list = &newer[0].p };
        msptk_program bad = PROGRAM(.argv = SH("exit 0"), .flags = 8);
        world w;

        (void)state;
        begin(&w, NULL);
        given = &p;
        memset(newer, 0xa5, sizeof(newer));
        for (int n = 0; n < 2; n++) {
                newer[n].p = (msptk_program)PROGRAM(.argv = n ? exits_4 : exits_3);
                newer[n].p.struct_size = sizeof(newer[n]);
        }
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_OK);
        assert_int_equal(p.code[0], 3);
        assert_int_equal(p.code[1], 4);
        p.count = 1;
        p.list = &bad;
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_E_INVALID);
        bad.flags = 0;
        bad.struct_size = 4;
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_E_INVALID);
        bad.struct_size = offsetof(msptk_program, env); /* knows argv only */
        bad.env = (const void *)(uintptr_t)0xdead0;
        bad.timeout_ms = -5;
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_OK);
        bad.struct_size = sizeof(bad);
        bad.env = NULL;
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_E_INVALID);
        bad.timeout_ms = 0;
        bad.argv = (const char *const[]){ "sh", NULL };
        assert_int_equal(run(&w, run_list, NULL, NULL), MSPTK_E_INVALID);
        end(&w);
}

/* ---- state ---- */

static msptk_status use_state(const msptk_host *host, const msptk_request *req,
                              msptk_error **ret_err)
{
        static const char *const bad_keys[] = { NULL, "", "\xff" };
        char *value = NULL, *huge = calloc(1, 70000);

        (void)ret_err;
        assert_int_equal(host->state_get(req, "k", &value, NULL), MSPTK_E_NOTFOUND);
        assert_null(value);
        assert_int_equal(host->state_update(req, "k", "x", "1", NULL), MSPTK_E_CONFLICT);
        assert_int_equal(host->state_update(req, "k", NULL, "1", NULL), MSPTK_OK);
        assert_int_equal(host->state_update(req, "k", NULL, "2", NULL), MSPTK_E_CONFLICT);
        assert_int_equal(host->state_update(req, "k", "1", "2", NULL), MSPTK_OK);
        assert_int_equal(host->state_get(req, "k", &value, NULL), MSPTK_OK);
        assert_string_equal(value, "2");
        host->free(host, value);
        assert_int_equal(host->state_put(req, "k", "", NULL), MSPTK_OK);
        assert_int_equal(host->state_update(req, "k", "", "3", NULL), MSPTK_OK);
        for (size_t n = 0; n < ARRAY_LEN(bad_keys); n++)
                assert_int_equal(host->state_put(req, bad_keys[n], "1", NULL), MSPTK_E_INVALID);
        memset(huge, 'x', 65537);
        assert_int_equal(host->state_put(req, huge, "1", NULL), MSPTK_E_INVALID);
        assert_int_equal(host->state_put(req, "k", huge, NULL), MSPTK_E_INVALID);
        huge[65536] = '\0';
        assert_int_equal(host->state_put(req, "k", huge, NULL), MSPTK_OK);
        assert_int_equal(host->state_put(req, "k", NULL, NULL), MSPTK_E_INVALID);
        assert_int_equal(host->state_put(req, "k", "\xc0\x80", NULL), MSPTK_E_INVALID);
        free(huge);
        return MSPTK_OK;
}

static void state_is_kept_and_updated_in_one_step(void **state)
{
        world w;

        (void)state;
        begin(&w, NULL);
        assert_int_equal(run(&w, use_state, NULL, NULL), MSPTK_OK);
        end(&w);
}

enum { COUNTS = 100 };

static msptk_status count_up(const msptk_host *host, const msptk_request *req,
                             msptk_error **ret_err)
{
        for (int n = 0; n < COUNTS;) {
                char *saved = NULL, text[16];
                msptk_status st = host->state_get(req, "n", &saved, NULL);

                if (st < 0 && st != MSPTK_E_NOTFOUND)
                        return msptk_error_set(ret_err, st, "test", "get");
                snprintf(text, sizeof(text), "%d", saved ? atoi(saved) + 1 : 1);
                st = host->state_update(req, "n", saved, text, NULL);
                host->free(host, saved);
                if (st < 0 && st != MSPTK_E_CONFLICT)
                        return msptk_error_set(ret_err, st, "test", "update");
                n += st >= 0;
        }
        return MSPTK_OK;
}

static msptk_status read_count(const msptk_host *host, const msptk_request *req,
                               msptk_error **ret_err)
{
        return host->state_get(req, "n", given, ret_err);
}

static void remove_directory(const char *path)
{
        DIR *dir = opendir(path);
        struct dirent *e;

        while ((e = readdir(dir)))
                if (e->d_name[0] != '.')
                        unlinkat(dirfd(dir), e->d_name, 0);
        closedir(dir);
        assert_int_equal(rmdir(path), 0);
}

static void two_processes_never_lose_an_update(void **state)
{
        char dir[] = "/tmp/msptk-host-XXXXXX", path[64], *value = NULL;
        int status = -1;
        pid_t other;
        world w;

        (void)state;
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/state.db", dir);
        other = fork();
        begin(&w, path);
        if (run(&w, count_up, NULL, NULL) < 0)
                fail_msg("counting failed");
        if (!other) {
                end(&w);
                _exit(0);
        }
        assert_int_equal(waitpid(other, &status, 0), other);
        assert_int_equal(status, 0);
        given = &value;
        assert_int_equal(run(&w, read_count, NULL, NULL), MSPTK_OK);
        assert_int_equal(atoi(value), 2 * COUNTS);
        msptk__free(value);
        end(&w);
        remove_directory(dir);
}

/* ---- rows ---- */

static msptk_status emit_odd_rows(const msptk_host *host, const msptk_request *req,
                                  msptk_error **ret_err)
{
        msptk_metric_row row = { .struct_size = sizeof(row),
                                 .check = "cpu",
                                 .state = MSPTK_STATE_JUDGE,
                                 .vendor_id = "d1",
                                 .message = "red \x1b[31mtext\nand \xff, told " CANARY,
                                 .value = INFINITY };
        struct {
                msptk_metric_row row;
                uint64_t future[4];
        } newer = { .row = row };

        (void)ret_err;
        host->progress(req, 3, 7);
        assert_int_equal(host->emit_metric(req, &row), MSPTK_OK);
        row.struct_size = offsetof(msptk_metric_row, value); /* knows no value */
        row.value = 5;
        row.message = "";
        assert_int_equal(host->emit_metric(req, &row), MSPTK_OK);
        memset(newer.future, 0xa5, sizeof(newer.future));
        newer.row.struct_size = sizeof(newer);
        newer.row.value = 7;
        assert_int_equal(host->emit_metric(req, &newer.row), MSPTK_OK);
        return MSPTK_OK;
}

static void rows_are_completed_and_cleaned(void **state)
{
        world w;

        (void)state;
        begin(&w, NULL);
        msptk__redact_learn(&w.h.c, CANARY, strlen(CANARY));
        assert_int_equal(run(&w, emit_odd_rows, NULL, NULL), MSPTK_OK);
        assert_int_equal(w.k.metric_count, 3);
        assert_string_equal(w.k.metrics[0].message, "red text and \xef\xbf\xbd, told ***");
        assert_true(isnan(w.k.metrics[0].value));
        assert_true(isnan(w.k.metrics[1].value));
        assert_true(w.k.metrics[2].value == 7);
        assert_int_equal(w.k.done, 3);
        assert_int_equal(w.k.total, 7);
        end(&w);
}

static msptk_status emit_bad_rows(const msptk_host *host, const msptk_request *req,
                                  msptk_error **ret_err)
{
        const msptk_metric_row bad[] = {
                { .struct_size = sizeof(bad[0]), .state = 0, .check = NULL },
                { .struct_size = sizeof(bad[0]), .state = 0, .check = "" },
                { .struct_size = sizeof(bad[0]), .state = 4, .check = "cpu" },
                { .struct_size = sizeof(bad[0]), .state = -2, .check = "cpu" },
                { .struct_size = 0, .state = 0, .check = "cpu" },
        };
        const msptk_device_row device = { .struct_size = sizeof(device) };
        const msptk_alert_row alert = { .struct_size = sizeof(alert) };

        (void)ret_err;
        for (size_t n = 0; n < ARRAY_LEN(bad); n++)
                assert_int_equal(host->emit_metric(req, &bad[n]), MSPTK_E_INVALID);
        assert_int_equal(host->emit_metric(req, NULL), MSPTK_E_INVALID);
        assert_int_equal(host->emit_device(req, &device), MSPTK_E_INVALID);
        assert_int_equal(host->emit_alert(req, &alert), MSPTK_E_INVALID);
        return MSPTK_OK; /* as if nothing had been */
}

static void a_row_that_was_refused_fails_the_call(void **state)
{
        msptk_error *err = NULL;
        world w;

        (void)state;
        begin(&w, NULL);
        assert_int_equal(run(&w, emit_bad_rows, NULL, &err), MSPTK_E_INTERNAL);
        assert_non_null(strstr(msptk_error_message(err), "8 rows"));
        msptk_error_free(err);
        assert_int_equal(w.k.seen, 0);
        end(&w);
}

static msptk_status emit_many(const msptk_host *host, const msptk_request *req,
                              msptk_error **ret_err)
{
        const msptk_metric_row row = { .struct_size = sizeof(row), .check = "cpu", .value = 1 };

        (void)ret_err;
        for (int n = 0; n < 100; n++)
                (void)host->emit_metric(req, &row); /* does not listen */
        return MSPTK_OK;
}

static void nothing_arrives_after_a_cancel_or_a_refusal(void **state)
{
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        world w;

        (void)state;
        begin(&w, NULL);
        w.k.cancel_at = 4;
        w.k.tok = tok;
        assert_int_equal(run(&w, emit_many, tok, NULL), MSPTK_E_CANCELLED);
        assert_int_equal(w.k.metric_count, 4);
        kept_end(&w.k);
        kept_begin(&w.k);
        w.k.stop_at = 3;
        w.k.stop_with = MSPTK_E_TOOBIG;
        assert_int_equal(run(&w, emit_many, NULL, NULL), MSPTK_E_TOOBIG);
        assert_int_equal(w.k.metric_count, 3);
        kept_end(&w.k);
        kept_begin(&w.k);
        assert_int_equal(run(&w, emit_many, tok, NULL), MSPTK_E_CANCELLED); /* not even begun */
        assert_int_equal(w.k.metric_count, 0);
        end(&w);
}

/* ---- memory, texts, errors ---- */

static msptk_status use_memory(const msptk_host *host, const msptk_request *req,
                               msptk_error **ret_err)
{
        const size_t mib = 1024 * 1024;
        char out[8], *p;

        (void)ret_err;
        p = host->request_alloc(req, 100);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (int n = 0; n < 100; n++)
                assert_int_equal(p[n], 0);
        assert_non_null(host->request_alloc(req, 10 * mib));
        assert_null(host->request_alloc(req, 6 * mib));
        assert_null(host->request_alloc(req, SIZE_MAX));
        assert_non_null(host->request_alloc(req, 5 * mib));
        assert_non_null(host->request_alloc(req, 0));
        host->free(host, NULL);

        host->clean_text(host, "a\tb\x1b[1m\xe2\x82\xac", 10, out, sizeof(out));
        assert_string_equal(out, "a b\xe2\x82\xac");
        host->clean_text(host, "abcdefghijkl", 12, out, sizeof(out));
        assert_true(strlen(out) < sizeof(out));
        host->clean_text(host, "abc", 3, out, 1);
        assert_string_equal(out, "");
        host->clean_text(host, NULL, 0, out, sizeof(out));
        assert_string_equal(out, "");
        assert_string_equal(host->instance(host), "it");
        assert_int_equal(host->deadline_left_ms(req), INT64_MAX);
        assert_int_equal(host->sleep_ms(req, 0), MSPTK_OK);
        host->log(host, 99, "a\nb " CANARY);
        host->log(host, -9, NULL);
        return MSPTK_OK;
}

static void memory_and_texts_have_limits(void **state)
{
        world w;

        (void)state;
        begin(&w, NULL);
        msptk__redact_learn(&w.h.c, CANARY, strlen(CANARY));
        assert_int_equal(run(&w, use_memory, NULL, NULL), MSPTK_OK);
        assert_non_null(strstr(w.h.log, "it: a b ***\n"));
        end(&w);
}

static msptk_status say_too_much(const msptk_host *host, const msptk_request *req,
                                 msptk_error **ret_err)
{
        (void)host;
        (void)req;
        msptk_error_set(ret_err, MSPTK_E_AUTH, "puppet", "could not log in with " CANARY);
        msptk_error_set_vendor(*ret_err, 401, "bad " CANARY, 0, 0);
        return MSPTK_E_AUTH;
}

static msptk_status say_nothing(const msptk_host *host, const msptk_request *req,
                                msptk_error **ret_err)
{
        (void)host;
        (void)req;
        (void)ret_err;
        return MSPTK_E_UNAVAILABLE;
}

static msptk_status forget_an_error(const msptk_host *host, const msptk_request *req,
                                    msptk_error **ret_err)
{
        (void)host;
        (void)req;
        msptk_error_set(ret_err, MSPTK_E_IO, "puppet", "a passing worry");
        return MSPTK_OK;
}

static void errors_carry_the_adapter_and_no_secret(void **state)
{
        static const char *const command[] = { "show", NULL }, *const none[] = { NULL };
        msptk_device_row row = { .struct_size = sizeof(row), .name = "pc" };
        msptk_program_result result;
        char *json = NULL, *evidence = NULL;
        msptk_error *err = NULL;
        world w;

        (void)state;
        begin(&w, NULL);
        msptk__redact_learn(&w.h.c, CANARY, strlen(CANARY));
        assert_int_equal(run(&w, say_too_much, NULL, &err), MSPTK_E_AUTH);
        assert_string_equal(msptk_error_message(err), "could not log in with ***");
        assert_string_equal(msptk_error_adapter(err), "it");
        assert_int_equal(msptk_error_to_json(err, &json), MSPTK_OK);
        assert_null(strstr(json, CANARY));
        msptk_string_free(json);
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(run(&w, say_too_much, NULL, NULL), MSPTK_E_AUTH); /* nobody listens */
        assert_int_equal(run(&w, say_nothing, NULL, &err), MSPTK_E_UNAVAILABLE);
        assert_string_equal(msptk_error_adapter(err), "it");
        assert_int_equal(msptk_error_status(err), MSPTK_E_UNAVAILABLE);
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(run(&w, forget_an_error, NULL, &err), MSPTK_OK);
        assert_null(err);

        assert_int_equal(msptk__adapter_execute(w.i, "d", command, NULL, &result, NULL), MSPTK_OK);
        assert_int_equal(result.out_len, 5);
        assert_memory_equal(result.out, "a\0***", 6);
        assert_string_equal(result.err, "");
        msptk__program_result_clear(&result);
        assert_int_equal(msptk__adapter_execute(w.i, "d", none, NULL, &result, NULL),
                         MSPTK_E_INVALID);
        assert_int_equal(msptk__adapter_deploy(w.i, &row, NULL, &evidence, NULL), MSPTK_OK);
        assert_string_equal(evidence, "seen with ***");
        msptk__free(evidence);
        evidence = NULL;
        row.name = NULL; /* says that it is there, but not how it knows */
        assert_int_equal(msptk__adapter_deploy(w.i, &row, NULL, &evidence, NULL), MSPTK_E_INTERNAL);
        assert_null(evidence);
        end(&w);
}

/* Runs a plugin that writes `bytes` under a limit, and gives the state of its row. */
static int32_t state_of_a_plugin_that_writes(int bytes, const char *limit)
{
        static const char *const devices[] = { "d", NULL };
        msptk_query q = { .struct_size = sizeof(q), .client_id = "c", .devices = devices };
        char yaml[512];
        real_host h;
        kept k;
        int32_t state;

        snprintf(yaml, sizeof(yaml),
                 "limits: {plugin_output: %s}\n"
                 "adapters:\n  - name: it\n    type: plugin\n    checks:\n      - name: big\n"
                 "        command: [/bin/sh, -c, \"head -c %d /dev/zero | tr '\\\\0' x\"]\n",
                 limit, bytes);
        real_host_open(&h, yaml, NULL);
        kept_begin(&k);
        assert_int_equal(msptk__adapter_collect(real_instance(&h, "it"), &q, &k.sink, NULL, NULL),
                         MSPTK_OK);
        assert_int_equal(k.metric_count, 1);
        state = k.metrics[0].state;
        if (state == MSPTK_STATE_UNKNOWN)
                assert_non_null(strstr(k.metrics[0].message, "wrote more than it may"));
        kept_end(&k);
        real_host_close(&h);
        return state;
}

static void the_configured_limit_of_output_holds_for_plugins(void **state)
{
        (void)state;
        assert_int_equal(state_of_a_plugin_that_writes(1000, "2KiB"), MSPTK_STATE_OK);
        assert_int_equal(state_of_a_plugin_that_writes(3000, "2KiB"), MSPTK_STATE_UNKNOWN);
        assert_int_equal(state_of_a_plugin_that_writes(100000, "64KiB"), MSPTK_STATE_UNKNOWN);
        assert_int_equal(state_of_a_plugin_that_writes(100000, "128KiB"), MSPTK_STATE_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_processes_never_lose_an_update), /* forks: first */
                cmocka_unit_test(forty_programs_run_at_once_and_each_has_its_result),
                cmocka_unit_test(a_program_that_fails_is_a_result),
                cmocka_unit_test(programs_stop_when_asked),
                cmocka_unit_test(a_cancel_ends_programs_that_run),
                cmocka_unit_test(programs_of_older_and_newer_authors_run),
                cmocka_unit_test(state_is_kept_and_updated_in_one_step),
                cmocka_unit_test(rows_are_completed_and_cleaned),
                cmocka_unit_test(a_row_that_was_refused_fails_the_call),
                cmocka_unit_test(nothing_arrives_after_a_cancel_or_a_refusal),
                cmocka_unit_test(memory_and_texts_have_limits),
                cmocka_unit_test(errors_carry_the_adapter_and_no_secret),
                cmocka_unit_test(the_configured_limit_of_output_holds_for_plugins),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
