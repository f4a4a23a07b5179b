/* Known secrets go in through every way (vault, variable, .env, file) and to a vendor that repeats
 * them in everything it answers, and an adapter that passes all of it on. They must be nowhere:
 * not in results, errors, logs, the trail, doctor's report, nor in the bytes of the database. */
#include "support.h"

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

#include "scripted_http.h"

/* 0: vault, 1: variable, 2: .env, 3: file */
static const char *const canaries[] = { "Canary/vault+7Qd0", "Canary/variable+x9Lk",
                                        "Canary/dotenv+m3Wp", "Canary/file+u5Tz" };
enum { CANARIES = sizeof(canaries) / sizeof(canaries[0]) };

static struct {
        char dir[64];
        scripted *vendor;
        msptk_toolkit *tk;
        pthread_mutex_t lock; /* of the log */
        char *log;
        size_t log_len;
        int searched; /* texts that were looked through */
        int repeated; /* replies of the vendor with a secret in them */
        int emitted;
        char token[64]; /* shown once, by the call that made it */
} w = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- an adapter that tells everybody what it heard ---- */

typedef struct leaky {
        const msptk_host *host;
        char url[200];
} leaky;

static msptk_status leaky_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                               msptk_error **ret_err)
{
        leaky *self = host->alloc(host, sizeof(*self));

        (void)ret_err;
        if (!self)
                return MSPTK_E_NOMEM;
        self->host = host;
        snprintf(self->url, sizeof(self->url), "%s",
                 msptk_json_string(msptk_json_get(settings, "api_url"), ""));
        *ret_self = self;
        return MSPTK_OK;
}

static void leaky_close(void *self)
{
        if (self)
                ((leaky *)self)->host->free(((leaky *)self)->host, self);
}

/* The vendor's reply, which holds the credential that it was asked with. */
static msptk_status ask(leaky *self, const msptk_request *req, char text[512],
                        msptk_error **ret_err)
{
        msptk_http_request in = { .struct_size = sizeof(in),
                                  .auth = MSPTK_HTTP_AUTH_BEARER,
                                  .method = "GET",
                                  .url = self->url,
                                  .auth_setting = "api_key" };
        msptk_http_reply reply = { .struct_size = sizeof(reply) };
        msptk_status st = self->host->http_request(req, &in, &reply, ret_err);

        if (st < 0)
                return st;
        snprintf(text, 512, "%s", reply.body);
        for (size_t i = 0; i < CANARIES; i++)
                w.repeated += strstr(text, canaries[i]) != NULL;
        self->host->log(self->host, 0, text);
        self->host->log(self->host, 3, text);
        return MSPTK_OK;
}

static msptk_status leaky_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        char text[512];
        msptk_status st = ask(self, req, text, ret_err);

        if (st < 0)
                return st;
        st = msptk_error_set(ret_err, MSPTK_E_AUTH, "vendor", text);
        if (ret_err)
                msptk_error_set_vendor(*ret_err, 401, text, 0, -1);
        return st;
}

static msptk_status leaky_list(void *self, const msptk_request *req, const msptk_query *query,
                               msptk_error **ret_err)
{
        char text[512];
        msptk_json *facts = msptk_json_new_object();
        msptk_device_row row = { .struct_size = sizeof(row),
                                 .presence = MSPTK_PRESENCE_UP,
                                 .vendor_id = "one",
                                 .name = text,
                                 .os = text,
                                 .attributes = facts };
        msptk_status st = ask(self, req, text, ret_err);

        (void)query;
        if (st >= 0) {
                msptk_json_set_string(facts, "said", text);
                st = ((leaky *)self)->host->emit_device(req, &row);
                w.emitted++;
        }
        msptk_json_free(facts);
        return st;
}

static msptk_status leaky_collect(void *self, const msptk_request *req, const msptk_query *query,
                                  msptk_error **ret_err)
{
        char text[512];
        msptk_json *facts = msptk_json_new_object();
        msptk_metric_row row = { .struct_size = sizeof(row),
                                 .state = MSPTK_STATE_CRITICAL,
                                 .vendor_id = query->devices ? query->devices[0] : "one",
                                 .check = "cpu",
                                 .metric = "cpu_percent",
                                 .message = text,
                                 .value = 99,
                                 .data = facts };
        msptk_status st = ask(self, req, text, ret_err);

        if (st >= 0) {
                msptk_json_set_string(facts, "said", text);
                st = ((leaky *)self)->host->emit_metric(req, &row);
                w.emitted++;
        }
        msptk_json_free(facts);
        return st < 0 ? st : msptk_error_set(ret_err, MSPTK_E_UNAVAILABLE, "vendor", text);
}

static msptk_status leaky_alerts(void *self, const msptk_request *req, const msptk_query *query,
                                 msptk_error **ret_err)
{
        char text[512];
        msptk_alert_row row = { .struct_size = sizeof(row),
                                .severity = MSPTK_STATE_CRITICAL,
                                .vendor_alert = "a-1",
                                .check = "disk",
                                .message = text };
        msptk_status st = ask(self, req, text, ret_err);

        (void)query;
        return st < 0 ? st : ((leaky *)self)->host->emit_alert(req, &row);
}

static const char *const leaky_checks[] = { "cpu", NULL };
static const msptk_device_ops leaky_devices = { .struct_size = sizeof(leaky_devices),
                                                .list = leaky_list };
static const msptk_metric_ops leaky_metrics = { .struct_size = sizeof(leaky_metrics),
                                                .checks = leaky_checks,
                                                .collect = leaky_collect };
static const msptk_alert_ops leaky_alert_ops = { .struct_size = sizeof(leaky_alert_ops),
                                                 .list = leaky_alerts };
static const msptk_adapter_info leaky_info = { .struct_size = sizeof(leaky_info),
                                               .type = "leaky",
                                               .title = "Repeats what it hears" };
static const msptk_adapter_ops leaky_ops = { .struct_size = sizeof(leaky_ops),
                                             .sdk_version = MSPTK_SDK_VERSION,
                                             .info = &leaky_info,
                                             .open = leaky_open,
                                             .close = leaky_close,
                                             .probe = leaky_probe,
                                             .devices = &leaky_devices,
                                             .metrics = &leaky_metrics,
                                             .alerts = &leaky_alert_ops };

/* ---- looking ---- */

static void look(const char *where, const char *bytes, size_t len)
{
        w.searched++;
        if (*w.token && memmem(bytes, len, w.token, strlen(w.token)))
                fail_msg("%s: the API token is in it", where);
        for (size_t i = 0; i < CANARIES; i++) {
                const char *at = memmem(bytes, len, canaries[i], strlen(canaries[i]));

                if (at)
                        fail_msg("%s: secret %zu is in: ...%.*s...", where, i,
                                 (int)(at - bytes > 120 ? 120 : at - bytes),
                                 at - bytes > 120 ? at - 120 : bytes);
        }
}

static void look_at_error(const char *where, const msptk_error *err)
{
        char *text = NULL;

        if (err && msptk_error_to_json(err, &text) >= 0)
                look(where, text, strlen(text));
        msptk_string_free(text);
        for (const msptk_error *e = err; e; e = msptk_error_cause(e)) {
                look(where, msptk_error_message(e), strlen(msptk_error_message(e)));
                look(where, msptk_error_suggestion(e), strlen(msptk_error_suggestion(e)));
                look(where, msptk_error_vendor_code(e), strlen(msptk_error_vendor_code(e)));
        }
}

static void note_log(void *user, int32_t level, const char *room, const char *message)
{
        size_t len = strlen(message);

        (void)user;
        (void)level;
        (void)room;
        pthread_mutex_lock(&w.lock);
        w.log = realloc(w.log, w.log_len + len + 2);
        memcpy(w.log + w.log_len, message, len);
        w.log[w.log_len + len] = '\n';
        w.log_len += len + 1;
        w.log[w.log_len] = '\0';
        pthread_mutex_unlock(&w.lock);
}

/* Calls an operation with arguments in JSON and looks through whatever comes back. */
static msptk_status call(const char *operation, const char *json)
{
        msptk_json *values = NULL;
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        msptk_status st;
        char *text = NULL;

        assert_int_equal(msptk_json_parse(json, strlen(json), &values, NULL), MSPTK_OK);
        assert_int_equal(msptk_args_from_json(operation, values, &args, NULL), MSPTK_OK);
        st = msptk_call(w.tk, args, NULL, &result, &err);
        look_at_error(operation, err);
        if (st >= 0) {
                assert_int_equal(msptk_json_print(msptk_result_json(result), 0, &text, NULL),
                                 MSPTK_OK);
                look(operation, text, strlen(text));
        }
        msptk_string_free(text);
        msptk_result_free(result);
        msptk_error_free(err);
        msptk_args_free(args);
        msptk_json_free(values);
        return st;
}

static void look_at_files(const char *dir)
{
        DIR *d = opendir(dir);

        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));) {
                char path[512], *bytes;
                struct stat info;
                FILE *f;

                snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
                if (lstat(path, &info) < 0 || e->d_name[0] == '.' ||
                    !strcmp(e->d_name, "secret.txt"))
                        continue;
                if (S_ISDIR(info.st_mode)) {
                        look_at_files(path);
                        continue;
                }
                f = fopen(path, "rb");
                assert_non_null(f);
                bytes = malloc((size_t)info.st_size + 1);
                look(path, bytes, fread(bytes, 1, (size_t)info.st_size, f));
                free(bytes);
                fclose(f);
        }
        closedir(d);
}

/* ---- the test ---- */

static void write_text(const char *name, const char *text)
{
        char path[512];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", w.dir, name);
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
        chmod(path, 0600);
}

static int begin(void **state)
{
        static char bodies[CANARIES][300], config[2000], line[200];
        static const char *const refs[] = { "vault:canary", "env:CANARY_VARIABLE",
                                            "env:CANARY_DOTENV", "file:secret.txt" };
        static char paths[CANARIES][16];
        size_t at;

        (void)state;
        snprintf(w.dir, sizeof(w.dir), "/tmp/msptk-canary-XXXXXX");
        assert_non_null(mkdtemp(w.dir));
        w.vendor = scripted_start();
        at = (size_t)snprintf(config, sizeof(config),
                              "general: {log_level: DEBUG}\ndatabase: {path: db}\n"
                              "vault: {key_file: key}\nadapters:\n");
        for (size_t i = 0; i < CANARIES; i++) {
                snprintf(paths[i], sizeof(paths[i]), "/v%zu", i);
                snprintf(bodies[i], sizeof(bodies[i]), "bad credential '%s' of you", canaries[i]);
                SCRIPT(w.vendor, .path = paths[i], .body = bodies[i]);
                at += (size_t)snprintf(config + at, sizeof(config) - at,
                                       "  - {name: leak%zu, type: leaky, api_url: \"%s\", api_key: "
                                       "\"%s\"}\n",
                                       i, scripted_url(w.vendor, paths[i]), refs[i]);
        }
        write_text("msp-toolkit.yaml", config);
        snprintf(line, sizeof(line), "CANARY_DOTENV='%s'\n", canaries[2]);
        write_text(".env", line);
        write_text("secret.txt", canaries[3]);
        setenv("CANARY_VARIABLE", canaries[1], 1);
        return 0;
}

static void open_toolkit(void)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;
        char path[512];

        snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", w.dir);
        msptk_toolkit_opts_set_config_path(opts, path, NULL);
        msptk_toolkit_opts_set_flags(opts, MSPTK_OPEN_READ_ENVIRONMENT, NULL);
        msptk_toolkit_opts_set_log(opts, note_log, NULL);
        if (msptk_toolkit_open(opts, &w.tk, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        if (msptk_toolkit_register_adapter(w.tk, &leaky_ops, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
}

/* The only answer that shows it. */
static void make_token(void)
{
        msptk_args *args = msptk_args_new("token_create");
        msptk_result *result = NULL;

        msptk_args_set_str(args, "name", "canary", NULL);
        assert_int_equal(msptk_call(w.tk, args, NULL, &result, NULL), MSPTK_OK);
        snprintf(w.token, sizeof(w.token), "%s",
                 msptk_json_string(msptk_json_get(msptk_result_json(result), "token"), ""));
        assert_int_equal(strlen(w.token), 49);
        msptk_result_free(result);
        msptk_args_free(args);
}

static void misplace_token(const char *operation, const char *parameter)
{
        msptk_args *args = msptk_args_new(operation);
        msptk_result *result = NULL;

        assert_int_equal(msptk_args_set_str(args, parameter, w.token, NULL), MSPTK_OK);
        (void)msptk_call(w.tk, args, NULL, &result, NULL);
        msptk_result_free(result);
        msptk_args_free(args);
}

/* Shown by its owner, rightly and wrongly. */
static void show_token(void)
{
        char args[300];

        make_token();
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", w.token);
        assert_int_equal(call("token_check", args), MSPTK_OK);
        snprintf(args, sizeof(args), "{\"token\":\"%sx\"}", w.token);
        assert_int_equal(call("token_check", args), MSPTK_E_AUTH);
        snprintf(args, sizeof(args), "{\"token\":[\"%s\"]}", w.token);
        assert_int_equal(call("token_check", args), MSPTK_E_INVALID);
        snprintf(args, sizeof(args), "{\"token\":\"%s\\u0001\"}", w.token);
        assert_int_equal(call("token_check", args), MSPTK_E_INVALID);
        /* In the wrong place it is not kept either; the answer repeats what its owner said. */
        misplace_token("client_get", "client_id");
        misplace_token("device_list", "search");
        misplace_token("alert_explain", "alert_id");
}

static void a_secret_is_found_nowhere(void **state)
{
        char args[300];

        (void)state;
        open_toolkit();
        snprintf(args, sizeof(args), "{\"name\":\"canary\",\"value\":\"%s\"}", canaries[0]);
        assert_int_equal(call("secret_set", args), MSPTK_OK);
        /* Refusals of the secret itself. */
        snprintf(args, sizeof(args), "{\"name\":\"canary\",\"value\":[\"%s\"]}", canaries[0]);
        assert_int_equal(call("secret_set", args), MSPTK_E_INVALID);
        snprintf(args, sizeof(args), "{\"name\":\"canary\",\"value\":\"%s\\u0001\"}", canaries[0]);
        assert_int_equal(call("secret_set", args), MSPTK_E_INVALID);
        assert_int_equal(call("client_create", "{\"name\":\"Acme Corp\"}"), MSPTK_OK);
        show_token();
        for (size_t i = 0; i < CANARIES; i++) {
                snprintf(args, sizeof(args), "{\"adapter\":\"leak%zu\"}", i);
                (void)call("adapter_probe", args);
                snprintf(args, sizeof(args),
                         "{\"adapter\":\"leak%zu\",\"client_id\":\"acme-corp\"}", i);
                (void)call("device_scan", args);
                (void)call("adapter_alerts", args);
        }
        /* Once while the vendor is asked for the first time, once when all is known. */
        (void)call("health_check", "{\"client_id\":\"acme-corp\"}");
        (void)call("health_check", "{\"all\":true}");
        if (w.repeated < (int)CANARIES * 3)
                fail_msg("the vendor repeated a secret %d times only", w.repeated);
        assert_true(w.emitted >= CANARIES);
        static const char *const reads[] = {
                "config_show",    "config_check",  "secret_list",  "audit_list",
                "audit_verify",   "audit_head",    "adapter_list", "device_list",
                "alert_list",     "client_list",   "doctor",       "health_morning",
                "health_history", "health_status", "token_list",   NULL
        };
        for (size_t i = 0; reads[i]; i++) {
                (void)call(reads[i], "{}");
                (void)call(reads[i], "{\"client_id\":\"acme-corp\"}");
        }
        for (size_t i = 0; i < CANARIES; i++) {
                snprintf(args, sizeof(args), "{\"key\":\"adapters.leak%zu.api_key\"}", i);
                (void)call("config_explain", args);
        }
        assert_int_equal(call("secret_rotate", "{}"), MSPTK_OK);
        look_at_files(w.dir); /* with the log of the database still there */
        assert_int_equal(msptk_toolkit_close(w.tk, 20000, NULL), MSPTK_OK);
        msptk_toolkit_free(w.tk);
        look_at_files(w.dir);
        assert_true(w.log_len > 0);
        look("the log", w.log, w.log_len);
        assert_non_null(strstr(w.log, "***"));
        if (w.searched < 80)
                fail_msg("only %d texts were looked through", w.searched);
}

/* The same, where the secret stands where no secret may. */
static void a_literal_secret_in_the_configuration_is_refused_without_showing_it(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;
        msptk_toolkit *tk = NULL;
        char path[512], text[300];

        (void)state;
        snprintf(text, sizeof(text), "rmm: {provider: fake, api_key: \"%s\"}\n", canaries[0]);
        write_text("literal.yaml", text);
        snprintf(path, sizeof(path), "%s/literal.yaml", w.dir);
        msptk_toolkit_opts_set_config_path(opts, path, NULL);
        assert_true(msptk_toolkit_open(opts, &tk, &err) < 0);
        look_at_error("open", err);
        msptk_error_free(err);
        err = NULL;
        msptk_toolkit_opts_set_flags(opts, MSPTK_OPEN_LAZY, NULL);
        assert_int_equal(msptk_toolkit_open(opts, &w.tk, &err), MSPTK_OK);
        (void)call("config_check", "{}");
        (void)call("config_show", "{}");
        (void)call("doctor", "{}");
        assert_int_equal(msptk_toolkit_close(w.tk, 20000, NULL), MSPTK_OK);
        msptk_toolkit_free(w.tk);
        msptk_toolkit_opts_free(opts);
        unlink(path);
}

static int end(void **state)
{
        char command[128];
        DIR *d = opendir(w.dir);

        (void)state;
        for (struct dirent *e; d && (e = readdir(d));) {
                snprintf(command, sizeof(command), "%s/%.60s", w.dir, e->d_name);
                unlink(command);
        }
        if (d)
                closedir(d);
        rmdir(w.dir);
        scripted_stop(w.vendor);
        free(w.log);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_secret_is_found_nowhere),
                cmocka_unit_test(
                        a_literal_secret_in_the_configuration_is_refused_without_showing_it),
        };
        return cmocka_run_group_tests(tests, begin, end);
}
