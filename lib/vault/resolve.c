/* References to secrets: env:NAME, file:PATH, vault:NAME, exec:PROGRAM ARGS. */
#define ROOM "vault"
#include "vault/internal.h"
#include "work/work.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { EXEC_WORDS_MAX = 64, EXEC_TIMEOUT_MS = 10000 };

static const struct {
        const char *prefix;
        size_t len;
} forms[] = { { "env:", 4 }, { "file:", 5 }, { "vault:", 6 }, { "exec:", 5 } };
enum { FORM_ENV, FORM_FILE, FORM_VAULT, FORM_EXEC };

static int form_of(const char *ref)
{
        for (size_t i = 0; ref && i < ARRAY_LEN(forms); i++)
                if (!strncmp(ref, forms[i].prefix, forms[i].len) && ref[forms[i].len])
                        return (int)i;
        return -1;
}

int msptk__secret_is_ref(const char *ref)
{
        return form_of(ref) >= 0;
}

static msptk_status unavailable(const char *what, const char *name, const char *why,
                                msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE",
                        "make the named place hold the secret, or name another",
                        "read a secret from the %s '%s': %s", what, name, why);
}

static msptk_status from_env(const char *name, const secret_source *src, secret **ret,
                             msptk_error **ret_err)
{
        const char *value;

        if (!src || !src->env)
                return unavailable("environment variable", name,
                                   "the environment is not read unless the opener asks", ret_err);
        value = src->env(src->env_user, name);
        if (!value || !*value)
                return unavailable("environment variable", name,
                                   value ? "it is empty" : "it is not set", ret_err);
        return msptk__secret_new(value, strlen(value), ret, ret_err);
}

static size_t without_newline(const char *text, size_t len)
{
        if (len && text[len - 1] == '\n')
                len--;
        if (len && text[len - 1] == '\r')
                len--;
        return len;
}

/* Into guarded memory at once: no copy is left in ordinary memory. */
static msptk_status read_secret_file(int fd, const char *path, secret **ret, msptk_error **ret_err)
{
        AUTO_SECRET secret *s = NULL;
        size_t len = 0;
        ssize_t n;
        void *mem;

        TRY(msptk__secret_make(SECRET_BYTES_MAX + 1, &s, &mem, ret_err));
        while ((n = read(fd, (char *)mem + len, SECRET_BYTES_MAX + 1 - len)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return unavailable("file", path, msptk__errno_text(errno), ret_err);
                len += (size_t)n;
                if (len > SECRET_BYTES_MAX)
                        return unavailable("file", path, "it is too large for a secret", ret_err);
        }
        len = without_newline(mem, len);
        if (!len)
                return unavailable("file", path, "it is empty", ret_err);
        /* A handle of the right size: 64 KiB of locked memory would be kept otherwise. */
        return msptk__secret_new(mem, len, ret, ret_err);
}

static msptk_status from_file(ctx *c, const char *name, const secret_source *src, secret **ret,
                              msptk_error **ret_err)
{
        AUTO_FREE char *path = msptk__path_absolute(src ? src->base_dir : NULL, name);
        file_info facts;
        msptk_status st;
        int fd;

        if (!path)
                return msptk__nomem(ret_err);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return unavailable("file", path, msptk__errno_text(errno), ret_err);
        if (msptk__file_stat(path, 0, &facts, NULL) == MSPTK_OK && (facts.mode & 007))
                msptk__log(c, LOG_WARNING, ROOM, "everybody may read the secret file '%s'", path);
        st = read_secret_file(fd, path, ret, ret_err);
        close(fd);
        return st;
}

/* ---- exec ---- */

/* Splits at blanks in place; "..." and '...' keep words together, a backslash is only a backslash.
 */
static int split_words(char *text, const char **words, size_t max)
{
        size_t n = 0;
        char *in = text, *out;

        for (;;) {
                in += strspn(in, " \t");
                if (!*in)
                        break;
                if (n == max)
                        return -1;
                words[n++] = out = in;
                while (*in && !strchr(" \t", *in)) {
                        char quote = *in;
                        char *end;

                        if (quote != '"' && quote != '\'') {
                                *out++ = *in++;
                                continue;
                        }
                        end = strchr(in + 1, quote);
                        if (!end)
                                return -1;
                        memmove(out, in + 1, (size_t)(end - in - 1));
                        out += end - in - 1;
                        in = end + 1;
                }
                if (*in)
                        in++;
                *out = '\0';
        }
        return (int)n;
}

static msptk_status take_output(const char *program, child_result *r, secret **ret,
                                msptk_error **ret_err)
{
        AUTO_BUF buf how = BUF_INIT(512);
        msptk_status st;
        size_t len;

        if (r->kind != CHILD_EXITED || r->code != 0) {
                msptk__child_describe(r, &how);
                return unavailable("program", program, msptk__buf_text(&how), ret_err);
        }
        len = without_newline(r->out, r->out_len);
        if (r->out_truncated || len == 0)
                return unavailable("program", program,
                                   len ? "it printed too much for a secret" : "it printed nothing",
                                   ret_err);
        st = msptk__secret_new(r->out, len, ret, ret_err);
        return st;
}

static msptk_status from_exec(ctx *c, const char *command, const secret_source *src, secret **ret,
                              msptk_error **ret_err)
{
        AUTO_FREE char *text = msptk__strdup(command);
        const char *words[EXEC_WORDS_MAX + 1] = { NULL };
        child_result *r = NULL;
        msptk_status st;
        int count;

        if (!text)
                return msptk__nomem(ret_err);
        count = split_words(text, words, EXEC_WORDS_MAX);
        if (count < 1)
                return fail_why(ret_err, MSPTK_E_CONFIG, "BAD_REFERENCE",
                                "write exec:PROGRAM ARGS, quotes in pairs",
                                "read a secret from a program: its command cannot be split");
        if (!c->work)
                return unavailable("program", words[0], "programs cannot be run here", ret_err);
        st = msptk__child_run(c->work, NULL,
                              &(child_spec){ .argv = words,
                                             .cwd = src ? src->base_dir : NULL,
                                             .label = "secret program",
                                             .timeout_ms = src && src->timeout_ms ? src->timeout_ms
                                                                                  : EXEC_TIMEOUT_MS,
                                             .out_max = SECRET_BYTES_MAX,
                                             .kill_on_overflow = true },
                              &r, ret_err);
        if (st < 0)
                return msptk__wrap(ret_err, st, "read a secret from the program '%s'", words[0]);
        st = take_output(words[0], r, ret, ret_err);
        if (r->out)
                msptk__wipe(r->out, r->out_len);
        msptk__child_result_free(r);
        return st;
}

msptk_status msptk__secret_resolve(ctx *c, const char *ref, const secret_source *src, secret **ret,
                                   msptk_error **ret_err)
{
        AUTO_SECRET secret *s = NULL;
        const void *bytes;
        const char *rest;
        int form = form_of(ref);
        size_t len;

        if (form < 0)
                return fail_why(ret_err, MSPTK_E_CONFIG, "LITERAL_SECRET",
                                "store it with 'secret set NAME' and write vault:NAME, or use "
                                "env:NAME, file:PATH or exec:PROGRAM",
                                "a secret stands literally where a reference is expected");
        rest = ref + forms[form].len;
        if (form == FORM_ENV)
                TRY(from_env(rest, src, &s, ret_err));
        else if (form == FORM_FILE)
                TRY(from_file(c, rest, src, &s, ret_err));
        else if (form == FORM_EXEC)
                TRY(from_exec(c, rest, src, &s, ret_err));
        else if (!c->vault)
                return unavailable("vault entry", rest, "no vault is open", ret_err);
        else
                TRY(msptk__vault_get(c->vault, rest, &s, ret_err));
        bytes = msptk__secret_bytes(s, &len);
        if (msptk__redact_learn(c, bytes, len) < 0)
                return msptk__nomem(ret_err);
        *ret = STEAL(s);
        return MSPTK_OK;
}
