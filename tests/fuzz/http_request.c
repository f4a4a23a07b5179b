/* Requests of HTTP as they come from anybody: however the bytes are cut, the reader says the same,
 * and what it hands on is clean. */
#include <stdlib.h>
#include <string.h>

#include "http/guard.h"
#include "http/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_LIMIT = 4096 };

static void check_head(const http_reader *r)
{
        if (!r->method || !*r->method || (*r->target != '/' && strcmp(r->target, "*") != 0))
                abort();
        for (size_t i = 0; i < r->field_count; i++) {
                const char *value = r->fields[i].value;
                size_t n = strlen(value);

                if (value[strcspn(value, "\r\n")] || strpbrk(r->fields[i].name, " :\t"))
                        abort();
                if (n && (strchr(" \t", value[0]) || strchr(" \t", value[n - 1])))
                        abort();
                guard_accepts(value, "application/json");
                guard_origin_allowed(value, NULL);
                guard_bearer(value);
                guard_query_has(value, "access_token");
        }
        if (r->host)
                guard_host_allowed(r->host, NULL);
}

/* A sum over what was said; the pieces are `step` bytes long. */
static uint64_t read_all(const char *bytes, size_t size, size_t step)
{
        http_reader r;
        uint64_t sum = 1;
        size_t at = 0;
        int n = HTTP_READ_MORE;

        http_reader_init(&r, BODY_LIMIT);
        while (n != HTTP_READ_BAD && (at < size || n != HTTP_READ_MORE)) {
                size_t some = size - at < step ? size - at : step, used;

                n = http_read(&r, bytes + at, some, &used);
                if (used > some || r.body.len > BODY_LIMIT)
                        abort();
                at += used;
                if (n == HTTP_READ_HEAD)
                        check_head(&r);
                if (n == HTTP_READ_WHOLE) {
                        sum = sum * 31 + r.body.len + r.field_count;
                        http_reader_next(&r);
                }
                if (n == HTTP_READ_MORE && at == size)
                        break;
                if (n == HTTP_READ_WHOLE && at == size)
                        break;
        }
        sum = sum * 31 + (n == HTTP_READ_BAD ? (uint64_t)r.status : 0);
        http_reader_free(&r);
        return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint64_t whole = read_all((const char *)data, size, size ? size : 1);

        if (read_all((const char *)data, size, 1) != whole)
                abort();
        if (read_all((const char *)data, size, 7) != whole)
                abort();
        return 0;
}
