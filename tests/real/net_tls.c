/* Trust against the TLS server of the openssl program: verification cannot be had without, and a
 * pin trusts one key. */
#include "support.h"
#include "net_support.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "/usr/bin/openssl";
static char dir[] = "/tmp/msptk-tls-XXXXXX";
static char key_path[64], cert_path[64], pin[80];
static int port;
static pid_t server;

static pid_t start(const char *const *argv, int out)
{
        posix_spawn_file_actions_t files;
        char *const none[] = { NULL };
        pid_t pid = -1;

        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
        posix_spawn_file_actions_adddup2(&files, out, 1);
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
        assert_int_equal(posix_spawn(&pid, program, &files, NULL, (char *const *)argv, none), 0);
        posix_spawn_file_actions_destroy(&files);
        return pid;
}

/* What a command prints, as far as it goes into `text`; -1 when it failed. */
static ssize_t output(const char *const *argv, char *text, size_t cap)
{
        int fds[2], status;
        ssize_t n, len = 0;
        pid_t pid;

        assert_int_equal(pipe(fds), 0);
        pid = start(argv, fds[1]);
        close(fds[1]);
        while ((size_t)len < cap && (n = read(fds[0], text + len, cap - (size_t)len)) > 0)
                len += n;
        close(fds[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status ? -1 : len;
}

static void make_pin(void)
{
        const char *public_key[] = { program, "x509", "-in", cert_path, "-pubkey", "-noout", NULL };
        char public_path[64], text[4096], hash_path[64];
        const char *der[] = {
                program, "pkey", "-pubin", "-in", public_path, "-outform", "der", NULL
        };
        char der_path[64];
        const char *sum[] = {
                program, "dgst", "-sha256", "-binary", "-out", hash_path, der_path, NULL
        };
        const char *base64[] = { program, "base64", "-in", hash_path, NULL };
        ssize_t n = output(public_key, text, sizeof(text));
        FILE *f;

        assert_true(n > 0);
        snprintf(public_path, sizeof(public_path), "%s/public", dir);
        snprintf(der_path, sizeof(der_path), "%s/der", dir);
        snprintf(hash_path, sizeof(hash_path), "%s/digest", dir);
        f = fopen(public_path, "wb");
        fwrite(text, 1, (size_t)n, f);
        fclose(f);
        n = output(der, text, sizeof(text));
        assert_true(n > 0);
        f = fopen(der_path, "wb");
        fwrite(text, 1, (size_t)n, f);
        fclose(f);
        assert_true(output(sum, text, sizeof(text)) >= 0);
        n = output(base64, text, sizeof(text));
        assert_true(n >= 44);
        snprintf(pin, sizeof(pin), "sha256//%.44s", text);
        unlink(public_path);
        unlink(der_path);
        unlink(hash_path);
}

/* "ACCEPT 127.0.0.1:40123" */
static void read_port(int fd)
{
        char text[512] = "";
        size_t len = 0;
        char *at;

        while (!(at = strstr(text, "127.0.0.1:")) || !strchr(at, '\n')) {
                ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

                assert_true(n > 0);
                len += (size_t)n;
                text[len] = '\0';
        }
        port = (int)strtol(at + 10, NULL, 10);
        assert_true(port > 0);
}

static int server_up(void **state)
{
        const char *make[] = { program,  "req",     "-x509",  "-newkey",       "rsa:2048",
                               "-nodes", "-keyout", key_path, "-out",          cert_path,
                               "-days",  "2",       "-subj",  "/CN=appliance", NULL };
        const char *serve[] = { program,  "s_server", "-accept", "127.0.0.1:0", "-key",
                                key_path, "-cert",    cert_path, "-www",        NULL };
        char text[256];
        int fds[2];

        (void)state;
        assert_non_null(mkdtemp(dir));
        snprintf(key_path, sizeof(key_path), "%s/key", dir);
        snprintf(cert_path, sizeof(cert_path), "%s/cert", dir);
        assert_true(output(make, text, sizeof(text)) >= 0);
        make_pin();
        assert_int_equal(pipe(fds), 0);
        server = start(serve, fds[1]);
        close(fds[1]);
        read_port(fds[0]);
        close(fds[0]);
        return 0;
}

static int server_down(void **state)
{
        (void)state;
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        unlink(key_path);
        unlink(cert_path);
        return rmdir(dir);
}

static msptk_status ask(net_world *w, const char *host, const char *with_pin, msptk_error **ret_err)
{
        AUTO_NET_REPLY net_reply r = { 0 };
        AUTO_NET_SITE net_site *s = NULL;
        char url[64], settings[256];
        msptk_json *json = NULL;

        snprintf(url, sizeof(url), "https://%s:%d/", host, port);
        snprintf(settings, sizeof(settings),
                 with_pin ? "{\"api_url\": \"%s\", \"certificate_pin\": \"%s\"}"
                          : "{\"api_url\": \"%s\"}",
                 url, with_pin);
        assert_int_equal(msptk_json_parse(settings, strlen(settings), &json, NULL), MSPTK_OK);
        assert_int_equal(msptk__net_site_new(w->c.net, "tls", json, 0, &s, NULL), MSPTK_OK);
        msptk_json_free(json);
        return msptk__net_exchange(s, &(net_request){ .url = url, .timeout_ms = 10000 }, NULL, &r,
                                   ret_err);
}

static void a_certificate_that_nobody_signed_is_not_trusted(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;

        assert_int_equal(ask(*state, "127.0.0.1", NULL, &err), MSPTK_E_UNAVAILABLE);
        assert_string_equal(msptk_error_reason(err), "TLS_UNTRUSTED");
        assert_false(msptk_error_is_retriable(err));
}

static void a_pinned_key_is_trusted_on_purpose(void **state)
{
        assert_int_equal(ask(*state, "127.0.0.1", pin, NULL), MSPTK_OK);
}

static void another_key_than_the_pinned_one_is_not(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        char other[80];

        memcpy(other, pin, sizeof(pin));
        other[12] = other[12] == 'A' ? 'B' : 'A';
        assert_int_equal(ask(*state, "127.0.0.1", pin, NULL), MSPTK_OK); /* kept, but not for: */
        assert_int_equal(ask(*state, "127.0.0.1", other, &err), MSPTK_E_UNAVAILABLE);
        assert_string_equal(msptk_error_reason(err), "TLS_UNTRUSTED");
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(ask(*state, "127.0.0.1", NULL, &err), MSPTK_E_UNAVAILABLE);
        assert_string_equal(msptk_error_reason(err), "TLS_UNTRUSTED");
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WORLD(a_certificate_that_nobody_signed_is_not_trusted),
                WORLD(a_pinned_key_is_trusted_on_purpose),
                WORLD(another_key_than_the_pinned_one_is_not),
        };

        if (access(program, X_OK) != 0) {
                printf("openssl is not installed\n");
                return 77;
        }
        return cmocka_run_group_tests(tests, server_up, server_down);
}
