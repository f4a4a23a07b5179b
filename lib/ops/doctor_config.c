/* doctor: the configuration, time zones, permissions, adapters and names of hosts. */
#define ROOM "ops"
#include "ops/doctor.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "adapters/adapters.h"
#include "toolkit/toolkit.h"
#include "work/work.h"

enum { HOSTS_MAX = 8, DNS_MS = 8000, PROBE_MS = 10000 };

/* ---- config ---- */

/* Zone data that is missing is a fault of the machine, and a check of its own. */
static bool is_zone_data(const msptk_json *f)
{
        return !strcmp(msptk_json_string(msptk_json_get(f, "key"), ""), "general.timezone") &&
               !strcmp(msptk_json_string(msptk_json_get(f, "level"), ""), "warning");
}

static void say_findings(doctor *d, const msptk_json *findings)
{
        const msptk_json *first = NULL;
        int64_t errors = 0, warnings = 0;
        const char *file = msptk__config_file(d->c.config);

        for (const msptk_json *f = msptk_json_first(findings); f; f = msptk_json_next(f)) {
                const char *level = msptk_json_string(msptk_json_get(f, "level"), "");
                bool error = !strcmp(level, "error");

                if (is_zone_data(f) || (!error && strcmp(level, "warning")))
                        continue;
                if (!first || (error && !errors))
                        first = f;
                errors += error;
                warnings += !error;
        }
        if (!first) {
                msptk__doctor_say(d, "config", DOCTOR_OK, NULL,
                                  file ? "'%s' is valid" : "no file: settings come from options%s",
                                  file ? file : "");
                return;
        }
        msptk__doctor_say(d, "config", errors ? DOCTOR_CRITICAL : DOCTOR_WARNING,
                          msptk_json_string(msptk_json_get(first, "suggestion"), NULL),
                          "%s%sline %d: %s (%d errors, %d warnings in all; 'config check' lists "
                          "them)",
                          file ? file : "", file ? ": " : "",
                          (int)msptk_json_int(msptk_json_get(first, "line"), 0),
                          msptk_json_string(msptk_json_get(first, "message"), ""), (int)errors,
                          (int)warnings);
}

void msptk__doctor_config(doctor *d)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *findings = NULL;

        if (msptk__toolkit_config_lenient(d->host, &d->c.config, &err) < 0) {
                msptk__doctor_say_error(d, "config", DOCTOR_CRITICAL, err);
                d->no_config = "config";
                return;
        }
        if (msptk__config_check(d->c.config, msptk__registry_types(d->host->registry), &findings,
                                &err) < 0) {
                msptk__doctor_say_error(d, "config", DOCTOR_UNKNOWN, err);
                return;
        }
        say_findings(d, findings);
}

/* ---- time zones ---- */

static int count_name(void *user, const char *name)
{
        (void)name;
        ++*(size_t *)user;
        return 0;
}

void msptk__doctor_zone(doctor *d)
{
        const char *name = "UTC";
        AUTO_ERROR msptk_error *err = NULL;
        char now[TIME_TEXT_MAX];
        size_t known = 0;

        if (d->c.config)
                name = msptk__config_str(d->c.config, "general.timezone", "UTC");
        if (msptk__zone_names(NULL, count_name, &known, &err) < 0 ||
            msptk__zone_load(NULL, name, &d->c.zone, &err) < 0) {
                d->no_zone = "time_zone";
                msptk__doctor_say_error(d, "time_zone", DOCTOR_CRITICAL, err);
                return;
        }
        if (!known) {
                msptk__doctor_say(d, "time_zone", DOCTOR_CRITICAL,
                                  "install the time zone data (package tzdata)",
                                  "this machine has no time zone data");
                d->no_zone = "time_zone";
                return;
        }
        msptk__time_format_local(d->c.zone, msptk__now(&d->c), now);
        msptk__doctor_say(d, "time_zone", DOCTOR_OK, NULL,
                          "'%s' loads, of %zu zones; there it is %s", name, known, now);
}

/* ---- permissions ---- */

typedef struct modes {
        buf said;
        int32_t problems;
} modes;

/* Adds what is wrong about a path: `forbidden` bits that are set. A path that is not there is fine.
 */
static void look_at(modes *m, const char *what, const char *path, uint32_t forbidden,
                    const char *meaning)
{
        file_info info;

        if (!path || msptk__file_stat(path, 0, &info, NULL) < 0 || !(info.mode & forbidden))
                return;
        msptk__buf_addf(&m->said, "%s%s '%s' has mode %04o: %s", m->problems ? "; " : "", what,
                        path, (unsigned)info.mode, meaning);
        m->problems++;
}

static void look_at_directory(modes *m, const char *what, const char *file)
{
        AUTO_FREE char *dir = file ? msptk__path_dirname(file) : NULL;
        file_info info;

        /* with the sticky bit only owners replace files */
        if (dir && msptk__file_stat(dir, 0, &info, NULL) == MSPTK_OK && info.mode & 01000)
                return;
        look_at(m, what, dir, 002, "anybody may replace the files in it");
}

void msptk__doctor_permissions(doctor *d)
{
        modes m = { .said = BUF_INIT(2048) };
        const char *file, *database, *key;

        if (!d->c.config) {
                msptk__doctor_skip(d, "permissions", d->no_config);
                return;
        }
        file = msptk__config_file(d->c.config);
        database = msptk__toolkit_database(&d->c);
        key = msptk__config_str(d->c.config, "vault.key_file", NULL);
        look_at(&m, "the configuration", file, 002, "anybody may change it");
        look_at_directory(&m, "the directory", file);
        if (file) {
                AUTO_FREE char *env = msptk__config_resolve_path(d->c.config, ".env");

                look_at(&m, "the file of variables", env, 077, "others may read secrets in it");
        }
        if (strcmp(database, ":memory:")) {
                look_at(&m, "the database", database, 077, "others may read or change it");
                look_at_directory(&m, "the data directory", database);
                look_at_directory(&m, "the key's directory", key);
        }
        if (m.problems)
                msptk__doctor_say(d, "permissions", DOCTOR_WARNING,
                                  "take the rights of others away with chmod", "%s",
                                  msptk__buf_text(&m.said));
        else
                msptk__doctor_say(d, "permissions", DOCTOR_OK, NULL,
                                  "nobody else may change the configuration or read the database");
        msptk__buf_clear(&m.said);
}

/* ---- adapters ---- */

/* What goes over the network only runs when asked for. */
static bool needs_network(const doctor *d, const char *name)
{
        const config_adapter *a = msptk__config_adapter_find(d->c.config, name);

        return a && a->api_url;
}

typedef struct adapters_said {
        buf good, bad;
        int32_t worst;
        int32_t probed, unprobed;
        const char *suggestion; /* static text */
} adapters_said;

static void blame(adapters_said *s, int32_t status, const char *name, const char *what)
{
        msptk__buf_addf(&s->bad, "%s%s: %s", s->bad.len ? "; " : "", name, what);
        if (status > s->worst)
                s->worst = status;
}

static msptk_status look_at_adapter(doctor *d, instance *i, adapters_said *s, msptk_error **ret_err)
{
        const instance_info *info = msptk__instance_info(i);
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_CANCEL cancel *tok = NULL;

        if (!info->enabled)
                return MSPTK_OK;
        if (info->problem) {
                blame(s, DOCTOR_CRITICAL, info->name, info->problem);
                return MSPTK_OK;
        }
        if (needs_network(d, info->name) && !d->probe) {
                s->unprobed++;
                return MSPTK_OK;
        }
        tok = msptk__cancel_new(msptk__act_opts(d->a)->cancel, msptk__work_cancel(d->c.work),
                                PROBE_MS);
        if (!tok)
                return msptk__nomem(ret_err);
        if (msptk__adapter_probe(i, tok, &err) < 0) {
                blame(s, DOCTOR_CRITICAL, info->name, msptk_error_message(err));
                return MSPTK_OK;
        }
        msptk__buf_addf(&s->good, "%s'%s' (%s) answers", s->good.len ? ", " : "", info->name,
                        info->type);
        s->probed++;
        return MSPTK_OK;
}

static void say_adapters(doctor *d, adapters_said *s)
{
        char rest[96] = "";

        if (s->unprobed)
                snprintf(rest, sizeof(rest), "%s%d not asked over the network (see --probe)",
                         s->probed ? ", " : "", s->unprobed);
        if (s->worst)
                msptk__doctor_say(d, "adapters", s->worst,
                                  "correct its settings or its credentials; 'adapter list' shows "
                                  "all of them",
                                  "%s", msptk__buf_text(&s->bad));
        else if (s->probed || s->unprobed)
                msptk__doctor_say(d, "adapters", DOCTOR_OK, NULL, "%s%s", msptk__buf_text(&s->good),
                                  rest);
        else
                msptk__doctor_say(d, "adapters", DOCTOR_WARNING,
                                  "add one to 'adapters' in the configuration",
                                  "no adapter is enabled: nothing can be measured");
}

msptk_status msptk__doctor_adapters(doctor *d, msptk_error **ret_err)
{
        adapters_said s = { .good = BUF_INIT(2048), .bad = BUF_INIT(4096) };
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st = MSPTK_OK;

        if (d->no_config || d->no_zone) {
                msptk__doctor_skip(d, "adapters", d->no_config ? d->no_config : d->no_zone);
                return MSPTK_OK;
        }
        /* the strict reading: it fails for what 'config' has named already */
        if (d->host->need(d->host, NEED_CONFIG, &err) < 0) {
                msptk__doctor_skip(d, "adapters", "config");
                return MSPTK_OK;
        }
        for (size_t i = 0; st == MSPTK_OK && i < msptk__instance_count(d->host->registry); i++)
                st = look_at_adapter(d, msptk__instance_at(d->host->registry, i), &s, ret_err);
        if (st == MSPTK_OK)
                say_adapters(d, &s);
        msptk__buf_clear(&s.good);
        msptk__buf_clear(&s.bad);
        return st;
}

/* ---- names of hosts ---- */

/* One look-up on the pool. It may outlive doctor: getaddrinfo() cannot be stopped. */
typedef struct lookup {
        char host[256];
        int code; /* of getaddrinfo() */
        int64_t took_ns;
} lookup;

static msptk_status look_up(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        lookup *l = user;
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
        int64_t began = msptk__mono_ns();

        (void)self;
        (void)tok;
        (void)ret_err;
        l->code = getaddrinfo(l->host, "443", &hints, &found);
        if (l->code == 0)
                freeaddrinfo(found);
        l->took_ns = msptk__mono_ns() - began;
        return MSPTK_OK;
}

/* The host of an URL; false when there is none or it is an address already. */
static bool host_of(const char *url, char *out, size_t cap)
{
        const char *at = strstr(url, "://"), *end, *user;
        size_t len;

        if (!at || !strncmp(url, "fake:", 5))
                return false;
        at += 3;
        end = at + strcspn(at, "/?#");
        user = memchr(at, '@', (size_t)(end - at));
        if (user)
                at = user + 1;
        len = strcspn(at, ":/?#");
        if (!len || len >= cap || *at == '[' || strspn(at, "0123456789.") >= len)
                return false;
        memcpy(out, at, len);
        out[len] = '\0';
        return true;
}

static size_t hosts_of(const config *c, char hosts[HOSTS_MAX][256])
{
        size_t n = 0;

        for (size_t i = 0; i < msptk__config_adapter_count(c) && n < HOSTS_MAX; i++) {
                const config_adapter *a = msptk__config_adapter_at(c, i);
                bool twice = false;

                if (!a->enabled || !a->acted_on || !a->api_url ||
                    !host_of(a->api_url, hosts[n], sizeof(hosts[n])))
                        continue;
                for (size_t k = 0; k < n; k++)
                        twice |= !strcmp(hosts[k], hosts[n]);
                n += !twice;
        }
        return n;
}

static msptk_status start_lookups(group *g, char hosts[HOSTS_MAX][256], size_t n,
                                  msptk_error **ret_err)
{
        for (size_t i = 0; i < n; i++) {
                lookup *l = msptk__alloc(sizeof(*l));

                if (!l)
                        return msptk__nomem(ret_err);
                snprintf(l->host, sizeof(l->host), "%s", hosts[i]);
                TRY(msptk__group_task(g, i, "doctor: look a host up", look_up, msptk__free, l,
                                      ret_err));
        }
        return MSPTK_OK;
}

static const char *lookup_text(int code)
{
        switch (code) {
        case EAI_AGAIN:
                return "no name server answers";
        case EAI_NONAME:
                return "there is no such host";
        case EAI_FAIL:
                return "the name server failed";
        default:
                return "the look-up failed";
        }
}

/* Waits for the answers; what did not come stays in `hosts`. */
static msptk_status gather(group *g, char hosts[HOSTS_MAX][256], buf *good, buf *bad, cancel *tok)
{
        int64_t end = msptk__mono_ns() + (int64_t)DNS_MS * 1000000;

        while (!msptk__cancelled(tok)) {
                AUTO_DONE done one = { 0 };
                int64_t left = (end - msptk__mono_ns()) / 1000000;
                lookup *l;

                if (msptk__group_next(g, &one, left > 0 ? left : 0, NULL) != MSPTK_OK)
                        break;
                l = one.user;
                hosts[one.tag][0] = '\0';
                if (one.status < 0 || !l)
                        continue;
                if (l->code)
                        msptk__buf_addf(bad, "%s'%s': %s", bad->len ? "; " : "", l->host,
                                        lookup_text(l->code));
                else
                        msptk__buf_addf(good, "%s'%s' in %d ms", good->len ? ", " : "", l->host,
                                        (int)(l->took_ns / 1000000));
        }
        return msptk__cancel_status(tok);
}

msptk_status msptk__doctor_dns(doctor *d, msptk_error **ret_err)
{
        char hosts[HOSTS_MAX][256];
        AUTO_BUF buf good = BUF_INIT(4096), bad = BUF_INIT(4096);
        AUTO_GROUP group *g = NULL;
        cancel *tok = msptk__act_opts(d->a)->cancel;
        size_t n = d->c.config ? hosts_of(d->c.config, hosts) : 0;

        if (!n) {
                msptk__doctor_skip(d, "dns",
                                   d->no_config ? d->no_config : "no adapter names a host");
                return MSPTK_OK;
        }
        TRY(msptk__group_new(d->c.work, tok, "doctor: look hosts up", NULL, &g, ret_err));
        TRY(start_lookups(g, hosts, n, ret_err));
        TRY(gather(g, hosts, &good, &bad, tok));
        for (size_t i = 0; i < n; i++)
                if (hosts[i][0])
                        msptk__buf_addf(&bad, "%s'%s': no answer within %d s", bad.len ? "; " : "",
                                        hosts[i], DNS_MS / 1000);
        if (bad.len)
                msptk__doctor_say(d, "dns", DOCTOR_CRITICAL,
                                  "check the network, /etc/resolv.conf and the adapter's api_url",
                                  "%s", msptk__buf_text(&bad));
        else
                msptk__doctor_say(d, "dns", DOCTOR_OK, NULL, "found %s", msptk__buf_text(&good));
        return MSPTK_OK;
}
