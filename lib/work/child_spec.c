/* Child processes: what was asked for, copied and completed; and how an end is worded. */
#define ROOM "work"
#include "work/child_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
        TIMEOUT_MS = 60000,
        KILL_GRACE_MS = 1000,
        LINGER_MS = 200,
        OUT_MAX = 65536,
        ERR_MAX = 16384,
        PATH_LIMIT = 4096,
};

#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *const clean_env[] = { "PATH=" SYSTEM_PATH, "LC_ALL=C", NULL };

static void free_vector(char **v)
{
        for (size_t i = 0; v && v[i]; i++)
                msptk__free(v[i]);
        msptk__free(v);
}

static char **copy_vector(const char *const *v)
{
        size_t count = 0;
        char **copy;

        while (v[count])
                count++;
        copy = msptk__alloc_array(count + 1, sizeof(*copy));
        for (size_t i = 0; copy && i < count; i++) {
                copy[i] = msptk__strdup(v[i]);
                if (!copy[i]) {
                        free_vector(copy);
                        return NULL;
                }
        }
        return copy;
}

void msptk__child_destroy(child *c)
{
        if (!c)
                return;
        free_vector(c->argv);
        free_vector(c->envp);
        msptk__free(c->label);
        msptk__free(c->path);
        msptk__free(c->cwd);
        msptk__free(c->input);
        msptk__buf_clear(&c->out.text);
        msptk__buf_clear(&c->err.text);
        msptk__child_result_free(c->result);
        msptk__free(c);
}

void msptk__child_result_free(child_result *r)
{
        if (!r)
                return;
        msptk__free(r->start_error);
        msptk__free(r->out);
        msptk__free(r->err);
        msptk__free(r);
}

/* The directories of PATH in the child's own environment; a relative one is not searched. */
static const char *search_path(char *const *envp)
{
        for (size_t i = 0; envp[i]; i++)
                if (!strncmp(envp[i], "PATH=", 5))
                        return envp[i] + 5;
        return SYSTEM_PATH;
}

static char *find_program(const char *name, char *const *envp)
{
        const char *dir = search_path(envp);

        if (strchr(name, '/'))
                return msptk__strdup(name);
        while (*dir) {
                size_t len = strcspn(dir, ":");
                AUTO_BUF buf full = BUF_INIT(PATH_LIMIT);

                if (*dir == '/' && msptk__buf_add(&full, dir, len) == MSPTK_OK &&
                    msptk__buf_addf(&full, "/%s", name) == MSPTK_OK &&
                    !access(msptk__buf_text(&full), X_OK))
                        return msptk__buf_steal(&full);
                dir += len + (dir[len] == ':');
        }
        return msptk__strdup(name); /* execve will say that it is not there */
}

static int64_t or_default(int64_t given, int64_t otherwise)
{
        return given > 0 ? given : otherwise;
}

static child *child_alloc(const child_spec *spec)
{
        child *c = msptk__alloc(sizeof(*c));

        if (!c)
                return NULL;
        c->result = msptk__alloc(sizeof(*c->result));
        c->argv = copy_vector(spec->argv);
        c->envp = copy_vector(spec->envp ? spec->envp : clean_env);
        c->label = msptk__strdup(spec->label ? spec->label : spec->argv[0]);
        c->cwd = msptk__strdup(spec->cwd ? spec->cwd : "/");
        c->path = c->envp ? find_program(spec->argv[0], c->envp) : NULL;
        if (spec->input)
                c->input = msptk__memdup(spec->input, spec->input_len);
        if (!c->result || !c->argv || !c->envp || !c->label || !c->cwd || !c->path ||
            (spec->input && !c->input)) {
                msptk__child_destroy(c);
                return NULL;
        }
        return c;
}

msptk_status msptk__child_copy_spec(const child_spec *spec, child **ret, msptk_error **ret_err)
{
        child *c;

        if (!spec->argv || !spec->argv[0] || !*spec->argv[0])
                return fail(ret_err, MSPTK_E_INVALID, "a program without a name was to be run");
        c = child_alloc(spec);
        if (!c)
                return msptk__nomem(ret_err);
        c->input_len = spec->input_len;
        c->timeout_ms = or_default(spec->timeout_ms, TIMEOUT_MS);
        c->kill_grace_ms = or_default(spec->kill_grace_ms, KILL_GRACE_MS);
        c->linger_ms = or_default(spec->linger_ms, LINGER_MS);
        c->limit_cpu_s = spec->limit_cpu_s;
        c->limit_memory_bytes = spec->limit_memory_bytes;
        c->limit_files = spec->limit_files;
        c->limit_file_bytes = spec->limit_file_bytes;
        c->kill_on_overflow = spec->kill_on_overflow;
        c->out.text.limit = spec->out_max ? spec->out_max : OUT_MAX;
        c->err.text.limit = spec->err_max ? spec->err_max : ERR_MAX;
        c->out.child = c->err.child = c;
        c->out.io.fd = c->err.io.fd = c->in_io.fd = c->pid_io.fd = -1;
        c->ended_by_us = -1;
        *ret = c;
        return MSPTK_OK;
}

void msptk__child_name_start_error(child *c, int step)
{
        static const char *const doing[] = {
                [STEP_START] = "start",
                [STEP_WATCH] = "watch",
                [STEP_LIMITS] = "set limits of",
                [STEP_FILES] = "connect",
                [STEP_CWD] = "enter the working directory of",
                [STEP_EXEC] = "run",
        };
        AUTO_BUF buf text = BUF_INIT(PATH_LIMIT + 256);

        errno = c->result->code;
        (void)msptk__buf_addf(&text, "%s '%s': %m", doing[step], c->path);
        msptk__free(c->result->start_error);
        c->result->start_error = msptk__buf_steal(&text);
}

static void describe_kind(const child_result *r, buf *text)
{
        long long ms = (long long)(r->wall_us / 1000);

        switch (r->kind) {
        case CHILD_EXITED:
                (void)msptk__buf_addf(text, "exit code %d", (int)r->code);
                break;
        case CHILD_SIGNALLED:
                (void)msptk__buf_addf(text, "killed by signal %d", (int)r->code);
                break;
        case CHILD_TIMEOUT:
                (void)msptk__buf_addf(text, "did not end in time and was ended after %lld ms", ms);
                break;
        case CHILD_CANCELLED:
                (void)msptk__buf_addf(text, "cancelled after %lld ms", ms);
                break;
        case CHILD_OVERFLOW:
                (void)msptk__buf_add_str(text, "wrote more than it may and was ended");
                break;
        case CHILD_NOT_STARTED:
                (void)msptk__buf_addf(text, "could not %s",
                                      r->start_error ? r->start_error : "be started");
                break;
        default:
                (void)msptk__buf_add_str(text, "ended, but the host process took its exit status");
        }
}

void msptk__child_describe(const child_result *r, buf *text)
{
        describe_kind(r, text);
        if (r->unkillable)
                (void)msptk__buf_add_str(text, ", and not even SIGKILL ended it");
        if (r->held_open)
                (void)msptk__buf_add_str(text, ", and left behind somebody who held its output");
}
