/* Check "network", what the machine itself knows: links and the default route. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "local.h"

enum { IFACE_UP = 0x1, MAX_INTERFACES = 1024 };

typedef struct view {
        local_run *run;
        file_text route;
        bool route_readable;
        route_info routes;
        unsigned judged; /* interfaces that count */
        unsigned linked;
} view;

static void iface_path(char *out, size_t cap, const char *iface, const char *leaf)
{
        snprintf(out, cap, "/sys/class/net/%.200s/%s", iface, leaf);
}

static bool is_up(const local *self, const char *iface)
{
        AUTO_TEXT file_text t = { 0 };
        char path[LOCAL_NAME_CAP];
        uint64_t flags;
        slice rest;

        iface_path(path, sizeof(path), iface, "flags");
        if (msptk__local_read(self, path, 64, &t))
                return false;
        rest = msptk__local_slice(&t);
        return msptk__local_hex(&rest, &flags) && flags & IFACE_UP;
}

static bool has_carrier(const local *self, const char *iface)
{
        char path[LOCAL_NAME_CAP];
        uint64_t carrier;

        iface_path(path, sizeof(path), iface, "carrier");
        return msptk__local_read_u64(self, path, &carrier) && carrier == 1;
}

static void speed_text(const local *self, const char *iface, char *out, size_t cap)
{
        char path[LOCAL_NAME_CAP];
        uint64_t mbit;

        out[0] = '\0';
        iface_path(path, sizeof(path), iface, "speed");
        if (msptk__local_read_u64(self, path, &mbit) && mbit > 0 && mbit < 10000000)
                snprintf(out, cap, ", %u Mbit/s", (unsigned)mbit);
}

static msptk_status look_at(view *v, const char *iface)
{
        const local *self = v->run->self;
        local_row row = { .check = "network", .metric = "link_up", .instance = iface };
        bool routed = strcmp(iface, v->routes.iface4) == 0 || strcmp(iface, v->routes.iface6) == 0;
        char speed[32];

        /* Bridges, tunnels and what containers bring come and go; the one that leads out counts. */
        if (!routed && !msptk__local_is_physical(self, iface))
                return MSPTK_OK;
        if (!is_up(self, iface))
                return MSPTK_OK; /* switched off on purpose */
        v->judged++;
        if (has_carrier(self, iface)) {
                v->linked++;
                row.value = 1;
                speed_text(self, iface, speed, sizeof(speed));
                return msptk__local_emit(v->run, row, "%s is up with carrier%s", iface, speed);
        }
        if (!routed && !msptk__local_has_route(msptk__local_slice(&v->route), iface))
                return msptk__local_emit(v->run, row, "%s has no carrier and is not in use", iface);
        row.state = MSPTK_STATE_CRITICAL;
        return msptk__local_emit(v->run, row, "%s is configured but has no carrier", iface);
}

static msptk_status emit_route(view *v)
{
        local_row row = { .check = "network", .metric = "default_route", .value = 1 };
        const route_info *r = &v->routes;

        if (!v->route_readable)
                return msptk__local_emit_unknown(v->run, "network", "default_route", NULL,
                                                 "neither /proc/net/route nor "
                                                 "/proc/net/ipv6_route can be read");
        if (r->v4)
                return msptk__local_emit(v->run, row, "default route %s%s on %s%s",
                                         r->gateway4[0] ? "by " : "without gateway", r->gateway4,
                                         r->iface4, r->v6 ? ", IPv6 too" : "");
        if (r->v6)
                return msptk__local_emit(v->run, row, "default route for IPv6 only, on %s",
                                         r->iface6);
        row.value = 0;
        row.state = MSPTK_STATE_WARNING;
        return msptk__local_emit(v->run, row, "there is no default route");
}

static msptk_status walk_interfaces(view *v)
{
        char full[LOCAL_PATH_CAP];
        struct dirent *entry;
        msptk_status st = MSPTK_OK;
        DIR *dir = NULL;

        if (msptk__local_path(v->run->self, full, sizeof(full), "/sys/class/net"))
                dir = opendir(full);
        if (!dir)
                return msptk__local_emit_unknown(v->run, "network", "interfaces_up", NULL,
                                                 "/sys/class/net cannot be listed");
        for (int i = 0; i < MAX_INTERFACES && st >= 0 && (entry = readdir(dir)); i++) {
                if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") != 0)
                        st = look_at(v, entry->d_name);
        }
        closedir(dir);
        if (st < 0)
                return st;
        local_row row = { .check = "network",
                          .metric = "interfaces_up",
                          .value = v->linked,
                          .state = v->linked ? MSPTK_STATE_OK : MSPTK_STATE_WARNING };

        if (!v->judged)
                return msptk__local_emit(v->run, row, "no interface leads out of this machine");
        return msptk__local_emit(v->run, row, "%u of %u interfaces have a link", v->linked,
                                 v->judged);
}

msptk_status msptk__local_network(local_run *run)
{
        AUTO_TEXT file_text route6 = { 0 };
        view v;
        msptk_status st;

        memset(&v, 0, sizeof(v));
        v.run = run;
        if (!msptk__local_read(run->self, "/proc/net/route", 1 << 20, &v.route)) {
                v.route_readable = true;
                msptk__local_parse_route(msptk__local_slice(&v.route), &v.routes);
        }
        /* Absent where IPv6 is switched off. */
        if (!msptk__local_read(run->self, "/proc/net/ipv6_route", 1 << 20, &route6)) {
                v.route_readable = true;
                msptk__local_parse_route6(msptk__local_slice(&route6), &v.routes);
        }
        st = walk_interfaces(&v);
        if (st >= 0)
                st = emit_route(&v);
        msptk__local_text_clear(&v.route);
        return st;
}
