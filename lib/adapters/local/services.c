/* Check "services": what systemd says where it runs, else processes against the expected list. */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "local.h"

enum {
        SERVICES_ZOMBIES = 20, /* so many dead children say that some program lost its way */
        SERVICES_MAX_PROCESSES = 1 << 20,
        SERVICES_FAILED_NAMES = 300 /* bytes of names in the message */
};

/* ---- systemd ---- */

typedef struct systemd_run {
        local_run *run;
        const char *units[LOCAL_MAX_EXPECTED];
        size_t count;
        msptk_status status;
} systemd_run;

static bool has_unit_suffix(const char *name)
{
        static const char *const suffixes[] = { ".service", ".socket", ".timer", ".target",
                                                ".mount",   ".path",   ".scope", ".slice" };
        size_t len = strlen(name);

        for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
                size_t s = strlen(suffixes[i]);

                if (len > s && strcmp(name + len - s, suffixes[i]) == 0)
                        return true;
        }
        return false;
}

static msptk_status emit_unit(systemd_run *s, const char *unit, const char *load,
                              const char *active, const char *sub)
{
        local_row row = { .check = "services", .metric = "service_up", .instance = unit };

        if (strcmp(active, "active") == 0 || strcmp(active, "reloading") == 0) {
                row.state = MSPTK_STATE_OK;
                row.value = 1;
                return msptk__local_emit(s->run, row, "%s is %s (%s)", unit, active, sub);
        }
        row.state = strcmp(active, "activating") == 0 ? MSPTK_STATE_WARNING : MSPTK_STATE_CRITICAL;
        if (strcmp(load, "not-found") == 0)
                return msptk__local_emit(s->run, row, "%s is expected but not installed", unit);
        return msptk__local_emit(s->run, row, "%s is %s (%s)", unit,
                                 active[0] ? active : "not known", sub);
}

static void take_property(slice line, const char *name, char *out, size_t cap)
{
        size_t len = strlen(name);

        if (msptk__local_starts(line, name) && (size_t)(line.end - line.at) > len &&
            line.at[len] == '=') {
                line.at += len + 1;
                msptk__local_copy(out, cap, line);
        }
}

/* Blocks of NAME=VALUE lines in the order of the units, an empty line between them. */
static msptk_status read_units(systemd_run *s, slice rest)
{
        char load[32] = "", active[32] = "", sub[32] = "";
        size_t unit = 0;
        slice line;
        msptk_status st = MSPTK_OK;

        while (unit < s->count && st >= 0) {
                bool more = msptk__local_line(&rest, &line);

                if (more && line.at < line.end) {
                        take_property(line, "LoadState", load, sizeof(load));
                        take_property(line, "ActiveState", active, sizeof(active));
                        take_property(line, "SubState", sub, sizeof(sub));
                        continue;
                }
                if (active[0])
                        st = emit_unit(s, s->units[unit++], load, active, sub);
                load[0] = active[0] = sub[0] = '\0';
                if (!more)
                        break;
        }
        for (; unit < s->count && st >= 0; unit++)
                st = msptk__local_emit_unknown(s->run, "services", "service_up", s->units[unit],
                                               "systemctl said nothing about %s", s->units[unit]);
        return st;
}

static msptk_status read_failed(systemd_run *s, slice rest)
{
        local_row row = { .check = "services", .metric = "failed_units" };
        char names[SERVICES_FAILED_NAMES] = "";
        size_t used = 0;
        unsigned count = 0;
        slice line, word;

        while (msptk__local_line(&rest, &line)) {
                size_t len;

                if (!msptk__local_word(&line, &word))
                        continue;
                count++;
                len = (size_t)(word.end - word.at);
                if (used + len + 3 < sizeof(names)) {
                        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.*s",
                                                 used ? ", " : "", (int)len, word.at);
                }
        }
        row.value = count;
        if (!count)
                return msptk__local_emit(s->run, row, "systemd has no failed units");
        row.state = MSPTK_STATE_WARNING;
        return msptk__local_emit(s->run, row, "systemd has %u failed unit%s: %s", count,
                                 count == 1 ? "" : "s", names);
}

static const char *why_not(const msptk_program_result *result)
{
        if (result->ended == MSPTK_PROGRAM_TIMED_OUT)
                return "systemctl did not answer in time";
        if (result->ended == MSPTK_PROGRAM_NOT_STARTED)
                return "systemctl cannot be started";
        if (result->ended != MSPTK_PROGRAM_EXITED)
                return "systemctl was ended from outside";
        return result->err_len ? result->err : "systemctl failed";
}

/* Program 0 lists failed units, program 1 shows the expected ones. */
static int32_t systemctl_ended(void *user, size_t index, const msptk_program_result *result)
{
        systemd_run *s = user;
        slice out = msptk__local_slice_of(result->out, result->out_len);
        bool good =
                result->ended == MSPTK_PROGRAM_EXITED && result->code == 0 && !result->truncated;

        if (good && index == 0)
                s->status = read_failed(s, out);
        else if (good)
                s->status = read_units(s, out);
        else if (index == 0)
                s->status = msptk__local_emit_unknown(s->run, "services", "failed_units", NULL,
                                                      "%.300s", why_not(result));
        for (size_t i = 0; !good && index == 1 && i < s->count && s->status >= 0; i++)
                s->status = msptk__local_emit_unknown(s->run, "services", "service_up", s->units[i],
                                                      "%s: %.300s", s->units[i], why_not(result));
        return s->status < 0;
}

static msptk_status run_systemctl(systemd_run *s, const char *systemctl)
{
        const char *const failed[] = { systemctl,     "list-units", "--state=failed", "--plain",
                                       "--no-legend", "--no-pager", "--full",         NULL };
        const char *show[LOCAL_MAX_EXPECTED + 5];
        msptk_program programs[2];
        size_t n = 0;
        msptk_status st;

        show[n++] = systemctl;
        show[n++] = "show";
        show[n++] = "--property=LoadState,ActiveState,SubState";
        show[n++] = "--";
        for (size_t i = 0; i < s->count; i++)
                show[n++] = s->units[i];
        show[n] = NULL;
        for (size_t i = 0; i < 2; i++)
                programs[i] = (msptk_program){ .struct_size = sizeof(programs[i]),
                                               .argv = i ? show : failed,
                                               .timeout_ms = msptk__local_answer_ms(s->run),
                                               .output_limit = 256 << 10 };
        st = s->run->self->host->run_programs(s->run->req, programs, s->count ? 2 : 1,
                                              systemctl_ended, s, s->run->ret_err);
        return s->status < 0 ? s->status : st;
}

static msptk_status ask_systemd(local_run *run)
{
        const msptk_host *host = run->self->host;
        systemd_run s = { .run = run };
        char systemctl[LOCAL_PATH_CAP];
        char *names = host->alloc(host, LOCAL_MAX_EXPECTED * (LOCAL_NAME_CAP + 16));
        msptk_status st;

        if (!names)
                return msptk__local_fail(run->ret_err, MSPTK_E_NOMEM, "out of memory");
        for (const msptk_json *e = msptk_json_first(run->self->services);
             e && s.count < LOCAL_MAX_EXPECTED; e = msptk_json_next(e)) {
                const char *name = msptk_json_string(e, "");
                char *unit = names + s.count * (LOCAL_NAME_CAP + 16);

                snprintf(unit, LOCAL_NAME_CAP + 16, "%s%s", name,
                         has_unit_suffix(name) ? "" : ".service");
                s.units[s.count++] = unit;
        }
        if (!msptk__local_path(run->self, systemctl, sizeof(systemctl), "/usr/bin/systemctl") ||
            access(systemctl, X_OK) != 0)
                (void)msptk__local_path(run->self, systemctl, sizeof(systemctl), "/bin/systemctl");
        st = run_systemctl(&s, systemctl);
        host->free(host, names);
        return st;
}

/* ---- processes ---- */

typedef struct process_count {
        const char *names[LOCAL_MAX_EXPECTED];
        unsigned seen[LOCAL_MAX_EXPECTED];
        unsigned pid[LOCAL_MAX_EXPECTED]; /* lowest of each */
        size_t count;
        unsigned processes;
        unsigned zombies;
        unsigned unreadable;
        bool saw_first; /* process 1 is visible: others are not hidden from us */
} process_count;

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* "sshd: /usr/sbin/sshd -D" and "nginx: master process": the word before the colon names it. */
static void argv0_name(const local *self, unsigned pid, char *out, size_t cap)
{
        AUTO_TEXT file_text t = { 0 };
        char path[64], word[LOCAL_NAME_CAP];
        size_t len;

        out[0] = '\0';
        snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
        if (msptk__local_read(self, path, 4096, &t) || !t.len)
                return;
        len = strcspn(t.data, " ");
        msptk__local_copy(word, sizeof(word), msptk__local_slice_of(t.data, len));
        len = strlen(word);
        if (len && word[len - 1] == ':')
                word[len - 1] = '\0';
        snprintf(out, cap, "%s", base_name(word));
}

static void exe_name(const local *self, unsigned pid, char *out, size_t cap)
{
        char path[64], full[LOCAL_PATH_CAP], target[LOCAL_PATH_CAP], *deleted;
        ssize_t n;

        out[0] = '\0';
        snprintf(path, sizeof(path), "/proc/%u/exe", pid);
        if (!msptk__local_path(self, full, sizeof(full), path))
                return;
        n = readlink(full, target, sizeof(target) - 1);
        if (n <= 0)
                return;
        target[n] = '\0';
        deleted = strstr(target, " (deleted)"); /* replaced by an upgrade, still running */
        if (deleted)
                *deleted = '\0';
        snprintf(out, cap, "%.*s", (int)cap - 1, base_name(target));
}

/* Name and state of "pid (name) S ..."; a name may hold anything, blanks and parentheses too. */
static bool read_process(const local *self, unsigned pid, char *name, size_t cap, char *ret_state)
{
        char path[64], full[LOCAL_PATH_CAP], data[512];
        const char *open_paren, *close_paren;
        ssize_t n;
        int fd;

        /* One read without memory of its own: there may be thousands of these. Name and state stand
         * within the first hundred bytes. */
        snprintf(path, sizeof(path), "/proc/%u/stat", pid);
        if (!msptk__local_path(self, full, sizeof(full), path))
                return false;
        fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return false;
        n = read(fd, data, sizeof(data));
        close(fd);
        if (n <= 0)
                return false;
        open_paren = memchr(data, '(', (size_t)n);
        close_paren = memrchr(data, ')', (size_t)n);
        if (!open_paren || !close_paren || close_paren < open_paren || close_paren + 2 >= data + n)
                return false;
        msptk__local_copy(
                name, cap,
                msptk__local_slice_of(open_paren + 1, (size_t)(close_paren - open_paren - 1)));
        *ret_state = close_paren[2];
        return true;
}

static void count_process(const local *self, unsigned pid, process_count *c)
{
        char comm[64], exe[LOCAL_NAME_CAP], argv0[LOCAL_NAME_CAP], state;

        if (!read_process(self, pid, comm, sizeof(comm), &state)) {
                c->unreadable++; /* it ended while we looked, or it is nobody we may see */
                return;
        }
        c->processes++;
        if (pid == 1)
                c->saw_first = true;
        if (state == 'Z' || state == 'X') {
                c->zombies++;
                return;
        }
        if (!c->count)
                return;
        exe_name(self, pid, exe, sizeof(exe));
        argv0_name(self, pid, argv0, sizeof(argv0));
        for (size_t i = 0; i < c->count; i++) {
                if (strcmp(c->names[i], comm) != 0 && strcmp(c->names[i], exe) != 0 &&
                    strcmp(c->names[i], argv0) != 0)
                        continue;
                if (!c->seen[i]++ || pid < c->pid[i])
                        c->pid[i] = pid;
        }
}

static bool count_processes(local_run *run, process_count *c)
{
        char full[LOCAL_PATH_CAP];
        struct dirent *entry;
        DIR *dir;

        if (!msptk__local_path(run->self, full, sizeof(full), "/proc"))
                return false;
        dir = opendir(full);
        if (!dir)
                return false;
        for (int i = 0; i < SERVICES_MAX_PROCESSES && (entry = readdir(dir)); i++) {
                slice name = msptk__local_slice_of(entry->d_name, strlen(entry->d_name));
                uint64_t pid;

                if (msptk__local_u64(&name, &pid) && pid && pid < INT32_MAX)
                        count_process(run->self, (unsigned)pid, c);
                if ((i & 255) == 255 && run->self->host->cancelled(run->req))
                        break; /* the caller looks at it before the next check */
        }
        closedir(dir);
        return true;
}

static msptk_status emit_expected(local_run *run, const process_count *c, size_t i)
{
        local_row row = { .check = "services", .metric = "service_up", .instance = c->names[i] };

        if (c->seen[i]) {
                row.value = 1;
                return msptk__local_emit(run, row, "%s runs: %u process%s, first is %u",
                                         c->names[i], c->seen[i], c->seen[i] == 1 ? "" : "es",
                                         c->pid[i]);
        }
        if (!c->saw_first)
                return msptk__local_emit_unknown(
                        run, "services", "service_up", c->names[i],
                        "no process '%s' is visible, but processes of other users are hidden from "
                        "this one",
                        c->names[i]);
        row.state = MSPTK_STATE_CRITICAL;
        return msptk__local_emit(run, row, "no process '%s' runs", c->names[i]);
}

static msptk_status emit_processes(local_run *run, const process_count *c)
{
        local_row row = { .check = "services", .metric = "processes" };
        char zombies[48];

        if (!c->processes)
                return msptk__local_emit_unknown(run, "services", "processes", NULL,
                                                 "no process can be seen");
        if (c->zombies)
                snprintf(zombies, sizeof(zombies), "%u of them zombies", c->zombies);
        else
                snprintf(zombies, sizeof(zombies), "no zombies");
        row.value = c->processes;
        if (c->zombies >= SERVICES_ZOMBIES)
                row.state = MSPTK_STATE_WARNING;
        return msptk__local_emit(
                run, row, "%u processes, %s%s", c->processes, zombies,
                c->count ? "" : "; no service is expected here ('services' names some)");
}

static msptk_status ask_processes(local_run *run)
{
        process_count c;
        msptk_status st;

        memset(&c, 0, sizeof(c));
        for (const msptk_json *e = msptk_json_first(run->self->services);
             e && c.count < LOCAL_MAX_EXPECTED; e = msptk_json_next(e))
                c.names[c.count++] = msptk_json_string(e, "");
        if (!count_processes(run, &c)) {
                st = msptk__local_emit_unknown(run, "services", "processes", NULL,
                                               "/proc cannot be listed");
                for (size_t i = 0; i < c.count && st >= 0; i++)
                        st = msptk__local_emit_unknown(run, "services", "service_up", c.names[i],
                                                       "/proc cannot be listed");
                return st;
        }
        st = emit_processes(run, &c);
        for (size_t i = 0; i < c.count && st >= 0; i++)
                st = emit_expected(run, &c, i);
        return st;
}

msptk_status msptk__local_services(local_run *run)
{
        /* The directory exists exactly when systemd is the first process: sd_booted(3). */
        if (msptk__local_exists(run->self, "/run/systemd/system"))
                return ask_systemd(run);
        return ask_processes(run);
}
