/* Bounded reading of small files and of the words and numbers in them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "local.h"

bool msptk__local_path(const local *self, char *out, size_t cap, const char *path)
{
        int n = snprintf(out, cap, "%s%s", self->root, path);

        return n >= 0 && (size_t)n < cap;
}

bool msptk__local_exists(const local *self, const char *path)
{
        char full[LOCAL_PATH_CAP];

        return msptk__local_path(self, full, sizeof(full), path) && access(full, F_OK) == 0;
}

void msptk__local_text_clear(file_text *t)
{
        if (t->data)
                t->host->free(t->host, t->data);
        t->data = NULL;
        t->len = 0;
}

/* Make room for at least one more byte and the NUL. */
static int text_grow(file_text *t, size_t *cap, size_t limit)
{
        size_t next = *cap ? *cap * 2 : 4096;
        char *bigger;

        if (next > limit + 1)
                next = limit + 1;
        bigger = t->host->alloc(t->host, next);
        if (!bigger)
                return ENOMEM;
        if (t->data) {
                memcpy(bigger, t->data, t->len);
                t->host->free(t->host, t->data);
        }
        t->data = bigger;
        *cap = next;
        return 0;
}

static int read_fd(int fd, size_t limit, file_text *t)
{
        size_t cap = 0;

        for (;;) {
                ssize_t n;

                if (t->len + 1 >= cap) {
                        char extra;

                        if (cap == limit + 1) {
                                t->cut = read(fd, &extra, 1) > 0;
                                return 0;
                        }
                        if (text_grow(t, &cap, limit))
                                return ENOMEM;
                }
                n = read(fd, t->data + t->len, cap - t->len - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno;
                if (n == 0)
                        return 0;
                t->len += (size_t)n;
                t->data[t->len] = '\0';
        }
}

int msptk__local_read(const local *self, const char *path, size_t limit, file_text *ret)
{
        char full[LOCAL_PATH_CAP];
        file_text t = { .host = self->host };
        int fd, error;

        if (!msptk__local_path(self, full, sizeof(full), path))
                return ENAMETOOLONG;
        /* O_NONBLOCK: a FIFO where a file is expected must not hold us. */
        fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno;
        error = read_fd(fd, limit, &t);
        close(fd);
        if (error) {
                msptk__local_text_clear(&t);
                return error;
        }
        *ret = t;
        return 0;
}

int msptk__local_read_line(const local *self, const char *path, char *out, size_t cap)
{
        AUTO_TEXT file_text t = { 0 };
        int error = msptk__local_read(self, path, 4096, &t);
        slice rest, line;

        out[0] = '\0';
        if (error)
                return error;
        rest = msptk__local_slice(&t);
        if (!msptk__local_line(&rest, &line))
                return 0;
        while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
                line.at++;
        while (line.at < line.end &&
               (line.end[-1] == ' ' || line.end[-1] == '\t' || line.end[-1] == '\0'))
                line.end--;
        self->host->clean_text(self->host, line.at, (size_t)(line.end - line.at), out, cap);
        return 0;
}

bool msptk__local_read_u64(const local *self, const char *path, uint64_t *ret)
{
        AUTO_TEXT file_text t = { 0 };
        slice rest;

        if (msptk__local_read(self, path, 256, &t))
                return false;
        rest = msptk__local_slice(&t);
        return msptk__local_u64(&rest, ret);
}

slice msptk__local_slice_of(const char *data, size_t len)
{
        slice s = { data, data ? data + len : NULL };

        return s;
}

slice msptk__local_slice(const file_text *t)
{
        slice s = msptk__local_slice_of(t->data, t->len);

        /* Half a line at the end of a cut text would be read as a whole one. */
        while (t->cut && s.end > s.at && s.end[-1] != '\n')
                s.end--;
        return s;
}

bool msptk__local_line(slice *rest, slice *ret)
{
        const char *nl;

        if (rest->at == rest->end)
                return false;
        nl = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
        ret->at = rest->at;
        ret->end = nl ? nl : rest->end;
        rest->at = nl ? nl + 1 : rest->end;
        return true;
}

static bool blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool msptk__local_word(slice *rest, slice *ret)
{
        while (rest->at < rest->end && blank(*rest->at))
                rest->at++;
        if (rest->at == rest->end)
                return false;
        ret->at = rest->at;
        while (rest->at < rest->end && !blank(*rest->at))
                rest->at++;
        ret->end = rest->at;
        return true;
}

bool msptk__local_u64(slice *rest, uint64_t *ret)
{
        slice word;
        uint64_t value = 0;

        if (!msptk__local_word(rest, &word))
                return false;
        for (; word.at < word.end; word.at++) {
                if (*word.at < '0' || *word.at > '9' ||
                    __builtin_mul_overflow(value, (uint64_t)10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*word.at - '0'), &value))
                        return false;
        }
        *ret = value;
        return true;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

bool msptk__local_hex(slice *rest, uint64_t *ret)
{
        slice word;
        uint64_t value = 0;

        if (!msptk__local_word(rest, &word))
                return false;
        if (word.end - word.at > 2 && word.at[0] == '0' && word.at[1] == 'x')
                word.at += 2;
        if (word.end - word.at > 16)
                return false;
        for (; word.at < word.end; word.at++) {
                int digit = hex_digit(*word.at);

                if (digit < 0)
                        return false;
                value = value << 4 | (uint64_t)digit;
        }
        *ret = value;
        return true;
}

bool msptk__local_decimal(slice *rest, double *ret)
{
        slice word;
        double value = 0, scale = 1;
        bool point = false;
        size_t digits = 0;

        if (!msptk__local_word(rest, &word) || word.end - word.at > 32)
                return false;
        for (; word.at < word.end; word.at++) {
                if (*word.at == '.' && !point) {
                        point = true;
                        continue;
                }
                if (*word.at < '0' || *word.at > '9')
                        return false;
                digits++;
                value = value * 10 + (*word.at - '0');
                if (point)
                        scale *= 10;
        }
        if (!digits)
                return false;
        *ret = value / scale;
        return true;
}

bool msptk__local_is(slice s, const char *word)
{
        size_t len = strlen(word);

        return (size_t)(s.end - s.at) == len && (!len || memcmp(s.at, word, len) == 0);
}

bool msptk__local_starts(slice s, const char *prefix)
{
        size_t len = strlen(prefix);

        return (size_t)(s.end - s.at) >= len && (!len || memcmp(s.at, prefix, len) == 0);
}

void msptk__local_copy(char *out, size_t cap, slice s)
{
        size_t len = (size_t)(s.end - s.at);

        if (len >= cap)
                len = cap - 1;
        if (len)
                memcpy(out, s.at, len);
        out[len] = '\0';
}

void msptk__local_bytes(char *out, size_t cap, uint64_t bytes)
{
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        size_t unit = 0;
        uint64_t whole = bytes, part = 0;

        while (whole >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
                part = whole % 1024;
                whole /= 1024;
                unit++;
        }
        if (unit == 0)
                snprintf(out, cap, "%u B", (unsigned)whole);
        else
                snprintf(out, cap, "%u.%u %s", (unsigned)whole, (unsigned)(part * 10 / 1024),
                         units[unit]);
}

void msptk__local_span(char *out, size_t cap, uint64_t seconds)
{
        unsigned long long s = seconds;

        if (s >= 86400)
                snprintf(out, cap, "%llu d %llu h", s / 86400, s % 86400 / 3600);
        else if (s >= 3600)
                snprintf(out, cap, "%llu h %llu min", s / 3600, s % 3600 / 60);
        else if (s >= 120)
                snprintf(out, cap, "%llu min", s / 60);
        else
                snprintf(out, cap, "%llu s", s);
}

uint32_t msptk__local_tenths(double value)
{
        if (!(value > 0)) /* NaN too */
                return 0;
        if (value >= 400000000.0)
                return 4000000000U;
        return (uint32_t)(value * 10 + 0.5);
}
