/* init: makes a workspace, and says of each file whether it was made now or was there already. */
#define ROOM "ops"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "ops/admin.h"
#include "store/store.h"
#include "toolkit/toolkit.h"

#define CONFIG_NAME "msp-toolkit.yaml"

enum { TEMPLATE_MAX = 256 * 1024, LINK_MAX = 1024 };

static const char ignored[] = "# What belongs to this workspace alone: keys, variables, data.\n"
                              "/data/\n"
                              "*.key\n"
                              "*.key.new\n"
                              ".env\n";

static const char local_part[] = "adapters:\n"
                                 "  # This machine.\n"
                                 "  - name: local\n"
                                 "    type: local\n";
static const char no_local_part[] = "adapters:\n"
                                    "  # This machine.\n"
                                    "  - name: local\n"
                                    "    type: local\n"
                                    "    enabled: false\n";

typedef struct making {
        act *a;
        char *dir, *config_path;
        json_obj files;
        int32_t made;
} making;

static void making_clear(making *m)
{
        msptk__free(m->dir);
        msptk__free(m->config_path);
        msptk__obj_clear(&m->files);
}

/* ---- what is there, and what was made ---- */

static void note_file(making *m, const char *path, const char *what, bool existed)
{
        AUTO_OBJ json_obj row = msptk__obj();
        char mode[8] = "";
        file_info info;

        if (msptk__file_stat(path, 0, &info, NULL) == MSPTK_OK)
                snprintf(mode, sizeof(mode), "%04o", (unsigned)info.mode & 07777u);
        msptk__obj_str(&row, "path", path);
        msptk__obj_str(&row, "what", what);
        msptk__obj_str(&row, "action", existed ? "kept" : mode[0] ? "created" : "missing");
        msptk__obj_str_or_null(&row, "mode", mode[0] ? mode : NULL);
        msptk__array_take(&m->files, &row);
        m->made += !existed && mode[0];
}

static bool exists(const char *path)
{
        file_info info;

        return path && msptk__file_stat(path, FILE_NOFOLLOW, &info, NULL) == MSPTK_OK;
}

/* A file that is made unless it is there. Another process that makes it first is fine. */
static msptk_status make_file(making *m, const char *path, const char *what, const char *text,
                              size_t len, uint32_t mode, msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st = MSPTK_E_EXISTS;

        if (!exists(path))
                st = msptk__file_write(path, text, len, mode, FILE_NEW, &err);
        if (st < 0 && st != MSPTK_E_EXISTS) {
                if (ret_err)
                        *ret_err = STEAL(err);
                return st;
        }
        note_file(m, path, what, st == MSPTK_E_EXISTS);
        return MSPTK_OK;
}

/* ---- the machine's time zone ---- */

static bool usable_zone(const char *name)
{
        AUTO_ZONE zone *z = NULL;

        return *name && msptk__zone_load(NULL, name, &z, NULL) == MSPTK_OK;
}

/* "/usr/share/zoneinfo/Europe/Berlin" -> "Europe/Berlin" */
static bool zone_of_link(char *out, size_t cap)
{
        char target[LINK_MAX];
        ssize_t n = readlink("/etc/localtime", target, sizeof(target) - 1);
        const char *at;

        if (n <= 0)
                return false;
        target[n] = '\0';
        at = strstr(target, "zoneinfo/");
        if (!at)
                return false;
        snprintf(out, cap, "%s", at + strlen("zoneinfo/"));
        return usable_zone(out);
}

static bool zone_of_file(char *out, size_t cap)
{
        AUTO_BUF buf text = BUF_INIT(LINK_MAX);

        if (msptk__file_read("/etc/timezone", 0, &text, NULL) < 0)
                return false;
        snprintf(out, cap, "%.*s", (int)strcspn(msptk__buf_text(&text), " \t\r\n"),
                 msptk__buf_text(&text));
        return usable_zone(out);
}

static msptk_status choose_zone(const msptk_json *args, char *out, size_t cap,
                                msptk_error **ret_err)
{
        const char *given = msptk_json_string(msptk_json_get(args, "timezone"), NULL);
        AUTO_ZONE zone *z = NULL;

        if (given) {
                TRY(msptk__zone_load(NULL, given, &z, ret_err));
                snprintf(out, cap, "%s", given);
        } else if (!zone_of_link(out, cap) && !zone_of_file(out, cap)) {
                snprintf(out, cap, "UTC");
        }
        return MSPTK_OK;
}

/* ---- the configuration ---- */

static msptk_status without_local(buf *text, msptk_error **ret_err)
{
        AUTO_BUF buf out = BUF_INIT(TEMPLATE_MAX);
        const char *whole = msptk__buf_text(text), *at = strstr(whole, local_part);

        if (!at)
                return fail(ret_err, MSPTK_E_INTERNAL,
                            "the template of the configuration lacks the local adapter");
        msptk__buf_add(&out, whole, (size_t)(at - whole));
        msptk__buf_add_str(&out, no_local_part);
        msptk__buf_add_str(&out, at + strlen(local_part));
        TRY(msptk__buf_status(&out, ROOM, "the configuration", ret_err));
        msptk__buf_reset(text);
        return msptk__buf_add(text, msptk__buf_text(&out), out.len);
}

static msptk_status make_config(making *m, const msptk_json *args, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(TEMPLATE_MAX);
        char zone_name[ZONE_NAME_MAX];

        TRY(choose_zone(args, zone_name, sizeof(zone_name), ret_err));
        msptk__config_template(
                msptk_json_string(msptk_json_get(args, "company_name"), "Your MSP Name"), zone_name,
                &text);
        TRY(msptk__buf_status(&text, ROOM, "the configuration", ret_err));
        if (!msptk_json_bool(msptk_json_get(args, "local"), 1))
                TRY(without_local(&text, ret_err));
        return make_file(m, m->config_path, "configuration", msptk__buf_text(&text), text.len, 0600,
                         ret_err);
}

/* ---- opening what was made ---- */

static msptk_status open_workspace(making *m, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        const ctx *c = msptk__act_ctx(m->a);
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();
        msptk_status st;

        if (!o)
                return msptk__nomem(ret_err);
        msptk_toolkit_opts_set_clock(o, c->clock, c->clock_user);
        msptk_toolkit_opts_set_log(o, c->log_fn, c->log_user);
        st = msptk_toolkit_opts_set(o, "principal", msptk__act_principal(m->a), ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_opts_set_config_path(o, m->config_path, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_open(o, ret_tk, ret_err);
        msptk_toolkit_opts_free(o);
        return st;
}

static msptk_status leave_entry(making *m, ctx *c, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *detail = NULL;

        msptk__obj_str(&o, "directory", m->dir);
        msptk__obj_int(&o, "files_made", m->made);
        TRY(msptk__obj_end(&o, &detail, ret_err));
        return msptk__audit_record(c, "init", NULL, detail, ret_err);
}

/* Opens the workspace once, which makes the key, the data directory and the database with its
 * schema, and leaves the first entry of its audit trail. */
static msptk_status fill(making *m, const config *settings, msptk_error **ret_err)
{
        const char *database = msptk__config_str(settings, "database.path", NULL);
        const char *key = msptk__config_str(settings, "vault.key_file", NULL);
        AUTO_FREE char *data = database ? msptk__path_dirname(database) : NULL;
        bool had_data = exists(data), had_database = exists(database), had_key = exists(key);
        bool passphrase = msptk__config_str(settings, "vault.passphrase", NULL);
        msptk_toolkit *tk = NULL;
        msptk_status st = MSPTK_OK;

        if (data && strcmp(data, m->dir))
                TRY(msptk__dir_make(data, 0700, ret_err));
        TRY(open_workspace(m, &tk, ret_err));
        if (data && strcmp(data, m->dir))
                note_file(m, data, "data directory", had_data);
        if (database)
                note_file(m, database, "database", had_database);
        if (key && !passphrase)
                note_file(m, key, "vault key", had_key);
        if (m->made)
                st = leave_entry(m, msptk__toolkit_ctx(tk), ret_err);
        msptk_toolkit_close(tk, 10000, NULL);
        msptk_toolkit_free(tk);
        return st;
}

/* Options of a configuration that was there already and is not touched. */
static void say_ignored(json_obj *o, const msptk_json *args, bool kept)
{
        static const char *const names[] = { "company_name", "timezone" };
        AUTO_OBJ json_obj list = msptk__array();

        for (size_t i = 0; kept && i < ARRAY_LEN(names); i++)
                if (msptk_json_get(args, names[i]))
                        msptk__array_str(&list, names[i]);
        msptk__obj_take(o, "ignored", &list);
}

static msptk_status find_place(making *m, const msptk_json *args, msptk_error **ret_err)
{
        const char *dir = msptk_json_string(msptk_json_get(args, "directory"), ".");

        m->dir = msptk__path_absolute(NULL, dir);
        m->config_path = m->dir ? msptk__path_join(m->dir, CONFIG_NAME) : NULL;
        return m->config_path ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status make_all(making *m, const msptk_json *args, config **ret_settings,
                             msptk_error **ret_err)
{
        config_open how = { .path = m->config_path };
        AUTO_FREE char *ignore = msptk__path_join(m->dir, ".gitignore");
        bool had_dir = exists(m->dir);

        if (!ignore)
                return msptk__nomem(ret_err);
        TRY(msptk__dir_make(m->dir, 0755, ret_err));
        if (!had_dir)
                note_file(m, m->dir, "directory", false);
        TRY(make_config(m, args, ret_err));
        TRY(msptk__config_open(&how, ret_settings, ret_err));
        TRY(make_file(m, ignore, "list for git", ignored, sizeof(ignored) - 1, 0644, ret_err));
        return fill(m, *ret_settings, ret_err);
}

msptk_status msptk__op_init(act *a, const msptk_json *args, msptk_json **ret, msptk_error **ret_err)
{
        __attribute__((cleanup(making_clear))) making m = { .a = a, .files = msptk__array() };
        AUTO_CONFIG config *settings = NULL;
        AUTO_OBJ json_obj o = msptk__obj();
        bool kept;
        msptk_status st;

        if (msptk__act_ctx(a)->read_only || msptk__act_ctx(a)->no_changes ||
            msptk__act_opts(a)->read_only)
                return fail_why(ret_err, MSPTK_E_DENIED, "READ_ONLY", "use a door that may write",
                                "'init' makes files, and this door only reads");
        TRY(find_place(&m, args, ret_err));
        kept = exists(m.config_path);
        st = make_all(&m, args, &settings, ret_err);
        if (st < 0)
                return msptk__wrap(ret_err, st, "make a workspace in '%s'", m.dir);
        msptk__obj_str(&o, "schema", "msptk.workspace/1");
        msptk__obj_str(&o, "directory", m.dir);
        msptk__obj_str(&o, "config", m.config_path);
        msptk__obj_bool(&o, "already_there", !m.made);
        msptk__obj_str_or_null(&o, "company_name",
                               msptk__config_str(settings, "general.company_name", NULL));
        msptk__obj_str(&o, "timezone", msptk__config_str(settings, "general.timezone", "UTC"));
        say_ignored(&o, args, kept);
        msptk__obj_take(&o, "files", &m.files);
        return msptk__obj_end(&o, ret, ret_err);
}
