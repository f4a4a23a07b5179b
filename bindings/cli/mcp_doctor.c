/* "msp-toolkit mcp doctor": whether a host could use this server, found out by talking to it, in
 * this process and without a transport. */
#include "mcp_command.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 10000, CLOSE_MS = 5000 };

typedef struct doctor {
        cli *c;
        msptk_json *checks; /* [{"check", "status", "message"}] */
        mcp_tools *tools;
        mcp_server *server;
        mcp_conn *conn;
        msptk_json *reply; /* to the last message */
        bool bad;
} doctor;

static void note(doctor *d, const char *check, const char *status, const char *message)
{
        msptk_json *o = need(msptk_json_new_object());
        text clean = { 0 };

        add_clean(&clean, message, true);
        msptk_json_set_string(o, "check", check);
        msptk_json_set_string(o, "status", status);
        msptk_json_set_string(o, "message", text_str(&clean));
        msptk_json_append(d->checks, o);
        d->bad = d->bad || !strcmp(status, "critical");
        text_free(&clean);
}

/* ---- talking ---- */

static void hear(void *user, void *ref, int32_t kind, const char *line, size_t len,
                 int32_t http_status)
{
        doctor *d = user;
        msptk_json *doc = NULL;

        (void)ref;
        (void)http_status;
        if (kind != MCP_RESPONSE || msptk_json_parse(line, len, &doc, NULL) < 0)
                return;
        msptk_json_free(d->reply);
        d->reply = doc;
}

static void nothing_more(void *user, void *ref)
{
        (void)user;
        (void)ref;
}

static int64_t now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The "result" of what the server answers; NULL with the error noted under `check`. */
static const msptk_json *ask(doctor *d, const char *check, const char *message)
{
        int64_t until = now_ms() + WAIT_MS;
        const msptk_json *result;

        msptk_json_free(d->reply);
        d->reply = NULL;
        mcp_tick(d->server, now_ms());
        mcp_receive(d->conn, NULL, message, strlen(message), NULL);
        while (!d->reply && now_ms() < until) {
                struct pollfd fd = { mcp_tools_fd(d->tools), POLLIN, 0 };

                if (poll(&fd, 1, 50) > 0)
                        mcp_tools_dispatch(d->tools);
                mcp_tick(d->server, now_ms());
        }
        result = msptk_json_get(d->reply, "result");
        if (!d->reply)
                note(d, check, "critical", "no answer within 10 seconds");
        else if (!result)
                note(d, check, "critical",
                     msptk_json_string(msptk_json_get(msptk_json_get(d->reply, "error"), "message"),
                                       "an answer that is none"));
        return result;
}

#define MODERN \
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
        "\"io.modelcontextprotocol/clientCapabilities\":{}}"

static void check_protocol(doctor *d)
{
        const msptk_json *r = ask(d, "modern protocol",
                                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\","
                                  "\"params\":{" MODERN "}}");
        text t = { 0 };

        if (r) {
                const msptk_json *v = msptk_json_get(r, "supportedVersions");

                text_add(&t, "speaks");
                for (v = msptk_json_first(v); v; v = msptk_json_next(v))
                        text_addf(&t, " %s", msptk_json_string(v, ""));
                note(d, "modern protocol", "ok", text_str(&t));
        }
        r = ask(d, "legacy protocol",
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":{"
                "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":"
                "{\"name\":\"doctor\",\"version\":\"1\"}}}");
        if (r) {
                text_reset(&t);
                text_addf(&t, "shakes hands as %s", op_text(r, "protocolVersion"));
                note(d, "legacy protocol", "ok", text_str(&t));
        }
        text_free(&t);
}

static void check_tools(doctor *d)
{
        const msptk_json *r = ask(d, "tools",
                                  "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\","
                                  "\"params\":{" MODERN "}}");
        const msptk_json *tools = msptk_json_get(r, "tools");
        char *bytes;
        text t = { 0 };

        if (!r)
                return;
        bytes = mcp_tools_manifest(d->tools, MCP_READ);
        text_addf(&t, "%zu without --enable-writes, about %zu tokens:", msptk_json_count(tools),
                  (strlen(bytes) * 2 + 6) / 7);
        for (const msptk_json *i = msptk_json_first(tools); i; i = msptk_json_next(i))
                text_addf(&t, " %s", op_text(i, "name"));
        note(d, "tools", msptk_json_count(tools) ? "ok" : "critical", text_str(&t));
        free(bytes);
        text_free(&t);
}

/* One call as an agent makes it: it opens configuration and database. */
static void check_call(doctor *d)
{
        const msptk_json *r =
                ask(d, "sample call",
                    "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/call\","
                    "\"params\":{\"name\":\"client_list\",\"arguments\":{}," MODERN "}}");
        const msptk_json *content = msptk_json_get(r, "structuredContent");
        const msptk_json *error = msptk_json_get(content, "error");
        text t = { 0 };

        if (!r)
                return;
        if (error)
                text_addf(&t, "%s; %s", op_text(error, "message"),
                          op_text(msptk_json_get(error, "details"), "suggestion"));
        else
                text_addf(&t, "client_list answers %zu clients%s",
                          msptk_json_count(msptk_json_get(content, "clients")),
                          msptk_json_bool(msptk_json_get(content, "truncated"), 0)
                                  ? " on its first page"
                                  : "");
        note(d, "sample call", error ? "critical" : "ok", text_str(&t));
        text_free(&t);
}

/* ---- what surrounds the server ---- */

static void check_environment(doctor *d)
{
        const char *warning = mcp_environment_warning();

        note(d, "credentials", warning ? "warning" : "ok",
             warning ? warning : "none are taken from the environment; adapters have theirs");
#ifdef HAVE_HTTP
        note(d, "http", "ok", "built in: mcp --http 127.0.0.1:8765");
#else
        note(d, "http", "warning", "not built in: this program was built without libwebsockets");
#endif
}

static void check_adapters(doctor *d)
{
        const msptk_json *row = op_by_name(d->c, "adapter_list"), *list;
        msptk_json *none = need(msptk_json_new_object());
        msptk_result *r = NULL;
        msptk_error *err = NULL;
        size_t broken = 0;
        text t = { 0 };

        if (open_toolkit(d->c, MSPTK_OPEN_NO_CHANGES, NULL, &err) < 0 ||
            call_row(d->c, row, none, false, NULL, &r, &err) < 0) {
                text_addf(&t, "%s; %s", msptk_error_message(err), msptk_error_suggestion(err));
                note(d, "configuration", "critical", text_str(&t));
        } else {
                list = msptk_json_get(msptk_result_json(r), "adapters");
                for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i))
                        broken += *op_text(i, "problem") != '\0';
                text_addf(&t, "read; %zu adapters, %zu of them with a problem%s",
                          msptk_json_count(list), broken, broken ? " (see adapter list)" : "");
                note(d, "configuration", broken ? "warning" : "ok", text_str(&t));
        }
        msptk_result_free(r);
        msptk_error_free(err);
        msptk_json_free(none);
        if (d->c->tk)
                (void)msptk_toolkit_close(d->c->tk, CLOSE_MS, NULL);
        close_toolkit(d->c);
        text_free(&t);
}

/* ---- showing ---- */

static void show_json(doctor *d)
{
        msptk_json *doc = need(msptk_json_new_object());

        msptk_json_set_string(doc, "schema", "msptk.mcp_doctor/1");
        msptk_json_set_string(doc, "status", d->bad ? "critical" : "ok");
        msptk_json_set(doc, "checks", d->checks);
        d->checks = NULL;
        print_json(d->c, doc);
        msptk_json_free(doc);
}

static void show_text(doctor *d)
{
        text t = { 0 };

        for (const msptk_json *i = msptk_json_first(d->checks); i; i = msptk_json_next(i)) {
                const char *status = op_text(i, "status"), *check = op_text(i, "check");

                add_styled(&t, d->c->color_out, style_of_word(status), status);
                text_fill(&t, ' ', 10 - strlen(status));
                text_add(&t, check);
                text_fill(&t, ' ', strlen(check) < 18 ? 18 - strlen(check) : 1);
                add_wrapped(&t, op_text(i, "message"), 28, d->c->help_width, false, STYLE_PLAIN);
                text_add(&t, "\n");
        }
        if (!d->c->g.quiet) {
                text_add(&t, "\nTo tell a host about this server:\n\n");
                mcp_add_snippets(&t, d->c, false, "");
        }
        out_text(d->c, &t);
        text_free(&t);
}

static void check_server(doctor *d)
{
        mcp_out out = { .send = hear, .done = nothing_more, .user = d };
        mcp_principal who = { .scopes = MCP_READ };
        char name[PRINCIPAL_MAX];
        msptk_error *err = NULL;

        if (mcp_make(d->c, false, NULL, &d->tools, &d->server, &err) < 0) {
                note(d, "server", "critical", msptk_error_message(err));
                msptk_error_free(err);
                return;
        }
        principal_name(name);
        who.name = name;
        d->conn = need(mcp_conn_new(d->server, MCP_STDIO, &who, &out));
        check_protocol(d);
        check_tools(d);
        check_call(d);
        mcp_conn_free(d->conn);
        mcp_server_free(d->server);
        mcp_tools_free(d->tools, CLOSE_MS);
}

int mcp_doctor_main(cli *c)
{
        doctor d = { .c = c, .checks = need(msptk_json_new_array()) };

        c->log_level = 3;
        check_adapters(&d);
        check_environment(&d);
        check_server(&d);
        if (c->g.json)
                show_json(&d);
        else
                show_text(&d);
        out_flush(c);
        msptk_json_free(d.reply);
        msptk_json_free(d.checks);
        return d.bad ? EXIT_PROBLEM : EXIT_FINE;
}
