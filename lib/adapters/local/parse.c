/* Parsers of what the kernel and the distribution write. */
#include <stdio.h>
#include <string.h>

#include "parse.h"

/* "cpu user nice system idle iowait irq softirq steal guest guest_nice"; old kernels stop early. */
static bool parse_cpu_line(slice line, cpu_times *ret)
{
        uint64_t v[8] = { 0 }, sum = 0;
        size_t n = 0;

        while (n < 8 && msptk__local_u64(&line, &v[n]))
                n++;
        if (n < 4)
                return false;
        for (size_t i = 0; i < 8; i++) {
                if (__builtin_add_overflow(sum, v[i], &sum))
                        return false;
        }
        ret->total = sum;
        ret->idle = v[3] + v[4];
        ret->steal = v[7];
        return true;
}

bool msptk__local_parse_stat(slice in, cpu_times *ret)
{
        cpu_times t = { 0 };
        slice line, word;
        bool found = false;

        while (msptk__local_line(&in, &line)) {
                uint64_t booted;

                if (!msptk__local_word(&line, &word))
                        continue;
                if (!found && msptk__local_is(word, "cpu"))
                        found = parse_cpu_line(line, &t);
                else if (msptk__local_starts(word, "cpu") && word.end - word.at > 3)
                        t.cpus++;
                else if (msptk__local_is(word, "btime") && msptk__local_u64(&line, &booted) &&
                         booted < (uint64_t)1 << 40)
                        t.booted = (int64_t)booted;
        }
        if (!found)
                return false;
        if (!t.cpus)
                t.cpus = 1;
        *ret = t;
        return true;
}

static bool kilobytes(slice line, uint64_t *ret)
{
        uint64_t kb;

        return msptk__local_u64(&line, &kb) && !__builtin_mul_overflow(kb, (uint64_t)1024, ret);
}

bool msptk__local_parse_meminfo(slice in, mem_info *ret)
{
        enum { TOTAL, AVAILABLE, FREE, BUFFERS, CACHED, SWAP_TOTAL, SWAP_FREE, COUNT };
        static const char *const names[] = { "MemTotal:", "MemAvailable:", "MemFree:", "Buffers:",
                                             "Cached:",   "SwapTotal:",    "SwapFree:" };
        uint64_t v[COUNT] = { 0 };
        bool have[COUNT] = { false };
        slice line, word;

        while (msptk__local_line(&in, &line)) {
                if (!msptk__local_word(&line, &word))
                        continue;
                for (size_t i = 0; i < COUNT; i++) {
                        if (!have[i] && msptk__local_is(word, names[i]))
                                have[i] = kilobytes(line, &v[i]);
                }
        }
        if (!have[TOTAL] || !v[TOTAL] || (!have[AVAILABLE] && !have[FREE]))
                return false;
        ret->estimated = !have[AVAILABLE];
        if (ret->estimated) {
                v[AVAILABLE] = v[FREE];
                if (__builtin_add_overflow(v[AVAILABLE], v[BUFFERS], &v[AVAILABLE]) ||
                    __builtin_add_overflow(v[AVAILABLE], v[CACHED], &v[AVAILABLE]))
                        return false;
        }
        if (v[AVAILABLE] > v[TOTAL] || v[SWAP_FREE] > v[SWAP_TOTAL])
                return false;
        ret->total = v[TOTAL];
        ret->available = v[AVAILABLE];
        ret->swap_total = have[SWAP_FREE] ? v[SWAP_TOTAL] : 0;
        ret->swap_free = v[SWAP_FREE];
        return true;
}

bool msptk__local_parse_keyed(slice in, const char *key, uint64_t *ret)
{
        slice line, word;

        while (msptk__local_line(&in, &line)) {
                if (msptk__local_word(&line, &word) && msptk__local_is(word, key))
                        return msptk__local_u64(&line, ret);
        }
        return false;
}

bool msptk__local_parse_cpu_max(slice in, uint64_t *ret_quota, uint64_t *ret_period)
{
        uint64_t quota, period;

        /* "max 100000" is no limit, and not a number either. */
        if (!msptk__local_u64(&in, &quota) || !msptk__local_u64(&in, &period))
                return false;
        if (!quota || !period || quota > (uint64_t)1 << 48 || period > (uint64_t)1 << 48)
                return false;
        *ret_quota = quota;
        *ret_period = period;
        return true;
}

/* Undo \040 and its like in place; returns the new length. Anything else stays as it is. */
static size_t unescape(char *s)
{
        char *to = s;

        for (const char *from = s; *from;) {
                if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
                    from[2] <= '7' && from[3] >= '0' && from[3] <= '7' &&
                    (from[1] != '0' || from[2] != '0' || from[3] != '0')) {
                        *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
                        from += 4;
                } else {
                        *to++ = *from++;
                }
        }
        *to = '\0';
        return (size_t)(to - s);
}

/* Cut the next field off; a line is separated by single spaces. NULL when there is none. */
static char *field(char **rest)
{
        char *at = *rest, *space;

        if (!at || !*at)
                return NULL;
        space = strchr(at, ' ');
        if (space)
                *space = '\0';
        *rest = space ? space + 1 : NULL;
        return at;
}

static bool parse_dev(const char *at, uint32_t *ret_major, uint32_t *ret_minor)
{
        const char *colon = strchr(at, ':');
        slice major, minor;
        uint64_t a, b;

        if (!colon)
                return false;
        major = msptk__local_slice_of(at, (size_t)(colon - at));
        minor = msptk__local_slice_of(colon + 1, strlen(colon + 1));
        if (!msptk__local_u64(&major, &a) || !msptk__local_u64(&minor, &b) || a > UINT32_MAX ||
            b > UINT32_MAX)
                return false;
        *ret_major = (uint32_t)a;
        *ret_minor = (uint32_t)b;
        return true;
}

/* "36 35 98:0 /root /point options [optional fields] - type source super" */
static bool parse_mount(char *line, mount *ret)
{
        mount m = { 0 };
        char *rest = line, *dev, *skipped;

        field(&rest);
        field(&rest);
        dev = field(&rest);
        m.root = field(&rest);
        m.point = field(&rest);
        m.options = field(&rest);
        if (!dev || !m.options || !parse_dev(dev, &m.major, &m.minor))
                return false;
        do {
                skipped = field(&rest);
        } while (skipped && strcmp(skipped, "-") != 0);
        m.type = field(&rest);
        m.source = field(&rest);
        m.super = field(&rest);
        if (!skipped || !m.type || !*m.type || !m.source)
                return false;
        if (!m.super)
                m.super = m.type + strlen(m.type);
        unescape(m.root);
        unescape(m.source);
        m.point_len = unescape(m.point);
        if (m.point[0] != '/')
                return false;
        *ret = m;
        return true;
}

size_t msptk__local_parse_mounts(char *data, size_t len, mount *out, size_t cap)
{
        size_t n = 0;
        char *at = data, *end = data + len;

        while (at < end && n < cap) {
                char *nl = memchr(at, '\n', (size_t)(end - at));

                if (!nl)
                        break; /* half a line: the text was cut */
                *nl = '\0';
                if (strlen(at) == (size_t)(nl - at) && parse_mount(at, &out[n]))
                        n++;
                at = nl + 1;
        }
        return n;
}

bool msptk__local_has_option(const char *options, const char *name)
{
        size_t len = strlen(name);

        for (const char *at = options; at; at = strchr(at, ',')) {
                if (*at == ',')
                        at++;
                if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
                        return true;
        }
        return false;
}

/* Shell quoting as os-release allows it. */
static void unquote(slice value, char *out, size_t cap)
{
        char quote = 0;
        size_t n = 0;

        while (value.at < value.end &&
               (value.end[-1] == ' ' || value.end[-1] == '\t' || value.end[-1] == '\r'))
                value.end--;
        for (; value.at < value.end && n + 1 < cap; value.at++) {
                char c = *value.at;

                if (quote && c == quote)
                        quote = 0;
                else if (!quote && (c == '"' || c == '\''))
                        quote = c;
                else if (c == '\\' && quote != '\'' && value.at + 1 < value.end)
                        out[n++] = *++value.at;
                else if (c != '\0')
                        out[n++] = c;
        }
        out[n] = '\0';
}

bool msptk__local_parse_assignment(slice in, const char *key, char *out, size_t cap)
{
        size_t len = strlen(key);
        bool found = false;
        slice line;

        while (msptk__local_line(&in, &line)) { /* the last one wins, as in a shell */
                while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
                        line.at++;
                if (!msptk__local_starts(line, key) || (size_t)(line.end - line.at) <= len ||
                    line.at[len] != '=')
                        continue;
                line.at += len + 1;
                unquote(line, out, cap);
                found = true;
        }
        return found && out[0];
}

bool msptk__local_parse_os_release(slice in, char *out, size_t cap)
{
        char name[128], version[64];

        if (msptk__local_parse_assignment(in, "PRETTY_NAME", out, cap))
                return true;
        if (!msptk__local_parse_assignment(in, "NAME", name, sizeof(name)))
                return false;
        if (!msptk__local_parse_assignment(in, "VERSION", version, sizeof(version)))
                version[0] = '\0';
        snprintf(out, cap, "%s%s%s", name, version[0] ? " " : "", version);
        return true;
}

enum { ROUTE_UP = 0x1, ROUTE_REJECT = 0x200 };

/* "Iface Destination Gateway Flags RefCnt Use Metric Mask ..."; addresses as the machine's own
 * 32-bit words, so the bytes in memory are in network order. */
void msptk__local_parse_route(slice in, route_info *ret)
{
        slice line, iface;
        uint64_t best = UINT64_MAX;

        while (msptk__local_line(&in, &line)) {
                uint64_t dest, gateway, flags, refs, use, metric, mask;
                uint32_t word;
                unsigned char b[4];

                if (!msptk__local_word(&line, &iface) || !msptk__local_hex(&line, &dest) ||
                    !msptk__local_hex(&line, &gateway) || !msptk__local_hex(&line, &flags) ||
                    !msptk__local_u64(&line, &refs) || !msptk__local_u64(&line, &use) ||
                    !msptk__local_u64(&line, &metric) || !msptk__local_hex(&line, &mask))
                        continue;
                if (dest || mask || !(flags & ROUTE_UP) || flags & ROUTE_REJECT || metric >= best)
                        continue;
                best = metric;
                ret->v4 = true;
                msptk__local_copy(ret->iface4, sizeof(ret->iface4), iface);
                word = (uint32_t)gateway;
                memcpy(b, &word, sizeof(b));
                ret->gateway4[0] = '\0';
                if (word)
                        snprintf(ret->gateway4, sizeof(ret->gateway4), "%d.%d.%d.%d", b[0], b[1],
                                 b[2], b[3]);
        }
}

static bool all_zero(slice word)
{
        if (word.at == word.end)
                return false;
        for (; word.at < word.end; word.at++) {
                if (*word.at != '0')
                        return false;
        }
        return true;
}

/* "dest prefix source prefix next-hop metric refs use flags iface"; the kernel always lists an
 * unreachable default on lo. */
void msptk__local_parse_route6(slice in, route_info *ret)
{
        slice line, dest, source, hop, iface;
        uint64_t best = UINT64_MAX;

        while (msptk__local_line(&in, &line)) {
                uint64_t len, source_len, metric, refs, use, flags;

                if (!msptk__local_word(&line, &dest) || !msptk__local_hex(&line, &len) ||
                    !msptk__local_word(&line, &source) || !msptk__local_hex(&line, &source_len) ||
                    !msptk__local_word(&line, &hop) || !msptk__local_hex(&line, &metric) ||
                    !msptk__local_hex(&line, &refs) || !msptk__local_hex(&line, &use) ||
                    !msptk__local_hex(&line, &flags) || !msptk__local_word(&line, &iface))
                        continue;
                if (len || !all_zero(dest) || !(flags & ROUTE_UP) || flags & ROUTE_REJECT ||
                    msptk__local_is(iface, "lo") || metric >= best)
                        continue;
                best = metric;
                ret->v6 = true;
                msptk__local_copy(ret->iface6, sizeof(ret->iface6), iface);
        }
}

bool msptk__local_has_route(slice in, const char *iface)
{
        slice line, word;

        while (msptk__local_line(&in, &line)) {
                if (msptk__local_word(&line, &word) && msptk__local_is(word, iface))
                        return true;
        }
        return false;
}
