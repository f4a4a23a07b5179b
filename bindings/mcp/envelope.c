/*
 * What failed, for an agent: one of five codes, a message without anything of the machine this runs
 * on, and what to do next, which names tools, values, or a command for a person.
 */
#include "mcp/inside.h"

enum { MESSAGE_CAP = 600 };

/* ---- what may be told ---- */

static bool word_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_all(const char *s, size_t n, const char *chars)
{
        size_t i = 0;

        while (i < n && strchr(chars, s[i]))
                i++;
        return i == n;
}

/* "db.example.com", "10.0.0.1:5432", "[fe80::1]" and names within networks. */
static bool is_host(const char *s, size_t n)
{
        static const char *const ends[] = { ".local", ".lan", ".internal", ".invalid", ".test" };
        size_t dots = 0, last = 0;

        if (n > 3 && s[0] == '[' && is_all(s, n, "[]0123456789abcdefABCDEF:.%"))
                return true;
        for (size_t i = 0; i < n; i++)
                if (s[i] == '.') {
                        dots++;
                        last = i;
                }
        if (dots == 3 && is_all(s, n, "0123456789.:"))
                return true;
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
                size_t m = strlen(ends[i]);

                if (n > m && !strncmp(s + n - m, ends[i], m))
                        return true;
        }
        return dots >= 2 && n - last > 2 && !memchr(s, '_', n) && !memchr(s, '=', n) &&
               is_all(s + last + 1, n - last - 1,
                      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789");
}

static const char *instead_of(const char *s, size_t n)
{
        const char *scheme = strstr(s, "://");

        if (scheme && scheme < s + n)
                return "[address]";
        if (n > 1 && (s[0] == '/' || !strncmp(s, "./", 2) || !strncmp(s, "~/", 2)))
                return "[path]";
        return is_host(s, n) ? "[address]" : NULL;
}

static bool tells_sql(const char *s)
{
        static const char *const words[] = { "SELECT ", "INSERT ", "UPDATE ",
                                             "DELETE ", "PRAGMA ", "sqlite" };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strstr(s, words[i]))
                        return true;
        return false;
}

char *public_text(const mcp_tools *t, const char *message)
{
        static const char ends[] = " \t\n\"'`(),;<>";
        text made = { 0 };
        char *clean;

        (void)t;
        if (tells_sql(message))
                return copy_text("the database could not do this");
        clean = safe(message, MESSAGE_CAP);
        for (const char *s = clean; *s;) {
                size_t n = strcspn(s, ends);
                const char *other;

                if (n && strchr(":.", s[n - 1]))
                        n--;
                other = n ? instead_of(s, n) : NULL;
                if (other)
                        text_add(&made, other);
                else
                        text_addn(&made, s, n ? n : 1);
                s += n ? n : 1;
        }
        free(clean);
        return made.data ? made.data : copy_text("");
}

static const msptk_json *operation_by_command(const mcp_tools *t, const char *s, size_t n)
{
        const msptk_json *rows = msptk_json_get(t->operations, "operations");

        for (const msptk_json *row = msptk_json_first(rows); row; row = msptk_json_next(row)) {
                const char *cli = get_str(row, "cli");

                if (cli && strlen(cli) == n && !strncmp(cli, s, n))
                        return row;
        }
        return NULL;
}

/* A tool by its name; what is none is for a person at the command line. */
static void add_operation(const mcp_tools *t, text *made, const msptk_json *row)
{
        const char *name = get_str(row, "name"), *cli = get_str(row, "cli");

        if (tool_by_name(t, name))
                text_add(made, name);
        else if (cli && *cli)
                text_addf(made, "'msp-toolkit %s' (a person runs it)", cli);
        else
                text_add(made, name);
}

/* Suggestions of the library name operations (client_list) and commands ('client list'). */
static char *for_agents(const mcp_tools *t, const char *suggestion)
{
        char *clean = public_text(t, suggestion);
        text made = { 0 };

        for (const char *s = clean; *s;) {
                const msptk_json *row = NULL;
                size_t n = 0;

                if (*s == '\'' && strchr(s + 1, '\'')) {
                        n = (size_t)(strchr(s + 1, '\'') - s) + 1;
                        row = operation_by_command(t, s + 1, n - 2);
                        n = row ? n : 1;
                } else {
                        while (word_char(s[n]))
                                n++;
                        if (n && memchr(s, '_', n)) {
                                char *word = copy_part(s, n);

                                row = operation_by_name(t, word);
                                free(word);
                        }
                        n = n ? n : 1;
                }
                if (row)
                        add_operation(t, &made, row);
                else
                        text_addn(&made, s, n);
                s += n;
        }
        free(clean);
        return made.data ? made.data : copy_text("");
}

/* ---- the envelope ---- */

static const char *one_of_five(const char *code)
{
        static const char *const codes[] = { "CLIENT_NOT_FOUND", "AUTHENTICATION_FAILED",
                                             "INVALID_PARAMETERS", "RATE_LIMIT_EXCEEDED" };

        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
                if (!strcmp(codes[i], code))
                        return codes[i];
        return "SYSTEM_ERROR";
}

static msptk_json *make_envelope(const run *r, const char *code, const char *reason,
                                 const char *message, const char *suggestion, bool retryable,
                                 msptk_json *details)
{
        msptk_json *holder = new_object(), *error = put_object(holder, "error");
        msptk_json *all = new_object();

        put_str(error, "code", code);
        put_str(error, "message", message);
        put(error, "details", all);
        put_str(all, "reason", reason);
        put_str(all, "suggestion", suggestion);
        put_bool(all, "retryable", retryable);
        put_str(all, "correlation_id", r->trace);
        for (const msptk_json *v = msptk_json_first(details); v; v = msptk_json_next(v))
                put(all, msptk_json_key(v), copy_tree(v));
        msptk_json_free(details);
        return holder;
}

msptk_json *envelope_of(const run *r, msptk_status st, const msptk_error *err)
{
        const char *code = one_of_five(err ? msptk_error_code(err) : "");
        const char *reason = err ? msptk_error_reason(err) : msptk_status_name(st);
        msptk_json *details = new_object(), *made;
        char *message, *suggestion;
        bool retry = msptk_error_is_retriable(err) != 0;

        message = public_text(r->t, err ? msptk_error_message(err) : "the call failed");
        suggestion = for_agents(r->t, err ? msptk_error_suggestion(err) : "");
        if (!*suggestion) {
                free(suggestion);
                suggestion = copy_text("try again later; if it stays, tell a person the "
                                       "correlation_id");
        }
        if (!strcmp(code, "RATE_LIMIT_EXCEEDED")) {
                int64_t wait = msptk_error_retry_after_ms(err);

                put_int(details, "retry_after_ms", wait > 0 ? wait : 1000);
        } else if (msptk_error_retry_after_ms(err) > 0) {
                put_int(details, "retry_after_ms", msptk_error_retry_after_ms(err));
        }
        if (err && *msptk_error_adapter(err)) {
                char *adapter = safe(msptk_error_adapter(err), CAP_NAME);

                put_str(details, "adapter", adapter);
                free(adapter);
        }
        made = make_envelope(r, code, reason, message, suggestion, retry, details);
        free(message);
        free(suggestion);
        return made;
}

static void add_sentence(text *t, const char *s)
{
        size_t n = strlen(s);

        text_add(t, s);
        if (!n || !strchr(".?!", s[n - 1]))
                text_add(t, ".");
}

static void reply_envelope(run *r, msptk_json *envelope)
{
        const msptk_json *error = msptk_json_get(envelope, "error");
        const msptk_json *details = msptk_json_get(error, "details");
        text t = { 0 };

        text_addf(&t, "%s: ", get_str(error, "code"));
        add_sentence(&t, get_str(error, "message"));
        text_add(&t, " Next: ");
        add_sentence(&t, get_str(details, "suggestion"));
        reply_with(r->c, t.data, envelope, true);
        run_free(r);
}

void reply_failure(run *r, msptk_status st, const msptk_error *err)
{
        reply_envelope(r, envelope_of(r, st, err));
}

void reply_refusal(run *r, const char *code, const char *reason, const char *message,
                   const char *suggestion, msptk_json *details)
{
        reply_envelope(r, make_envelope(r, code, reason, message, suggestion, false, details));
}

void reply_problem(run *r, const problem *p)
{
        msptk_json *details = new_object();
        text message = { 0 }, suggestion = { 0 };
        const char *reason = !p->got         ? "MISSING_PARAMETER"
                             : p->suggestion ? "UNKNOWN_PARAMETER"
                                             : "INVALID_PARAMETERS"; /* as the library says it */

        put_str(details, "field", p->field);
        put_str(details, "expected", p->expected);
        put_str_if(details, "got", p->got);
        if (!p->got)
                text_addf(&message, "%s lacks %s", r->o->name, p->field);
        else if (p->suggestion)
                text_addf(&message, "%s has no parameter %s", r->o->name, p->field);
        else
                text_addf(&message, "%s of %s is %s", p->field, r->o->name, p->got);
        if (p->suggestion)
                text_add(&suggestion, p->suggestion);
        else
                text_addf(&suggestion, "%s must be %s", p->field, p->expected);
        reply_refusal(r, "INVALID_PARAMETERS", reason, message.data, suggestion.data, details);
        text_free(&message);
        text_free(&suggestion);
}

void reply_rate(run *r, const char *reason, const char *message, int64_t wait_ms)
{
        msptk_json *details = new_object();
        text suggestion = { 0 };

        put_int(details, "retry_after_ms", wait_ms);
        text_addf(&suggestion, "wait %lld ms, then call %s again", (long long)wait_ms, r->o->name);
        reply_envelope(r, make_envelope(r, "RATE_LIMIT_EXCEEDED", reason, message, suggestion.data,
                                        true, details));
        text_free(&suggestion);
}
