/* The reader of HTTP/1.1 requests. */
#include "http/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
        IN_HEAD,
        IN_BODY,
        CHUNK_SIZE, /* hexadecimal digits */
        CHUNK_EXTENSION,
        CHUNK_SIZE_LF,
        CHUNK_DATA,
        CHUNK_DATA_CR,
        CHUNK_DATA_LF,
        TRAILER_START, /* of a line */
        TRAILER_LINE,
        TRAILER_LF,
        TRAILER_LAST_LF,
        COMPLETE,
        BROKEN
};

enum {
        KEPT_BYTES = 65536, /* of buffers, from one request to the next */
        EMPTY_LINES = 4     /* before a request; old clients send one after a body */
};

void http_reader_init(http_reader *r, size_t body_limit)
{
        memset(r, 0, sizeof(*r));
        r->body_limit = body_limit;
}

static void empty(text *t)
{
        if (t->cap > KEPT_BYTES)
                text_free(t);
        else
                text_reset(t);
}

void http_reader_next(http_reader *r)
{
        text head = r->head, body = r->body;

        empty(&head);
        empty(&body);
        http_reader_init(r, r->body_limit);
        r->head = head;
        r->body = body;
}

void http_reader_free(http_reader *r)
{
        text_free(&r->head);
        text_free(&r->body);
}

bool http_reader_inside(const http_reader *r)
{
        return r->state != COMPLETE && r->state != BROKEN &&
               (r->state != IN_HEAD || r->head.len > 0);
}

size_t http_reader_count(const http_reader *r, const char *name)
{
        size_t n = 0;

        for (size_t i = 0; i < r->field_count; i++)
                n += strcmp(r->fields[i].name, name) == 0;
        return n;
}

const char *http_reader_field(const http_reader *r, const char *name)
{
        for (size_t i = 0; i < r->field_count; i++)
                if (strcmp(r->fields[i].name, name) == 0)
                        return r->fields[i].value;
        return NULL;
}

static int bad(http_reader *r, int status, const char *why)
{
        r->state = BROKEN;
        r->status = status;
        r->why = why;
        return HTTP_READ_BAD;
}

/* ---- the head ---- */

static bool token_char(unsigned char c)
{
        return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
               (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* "http://authority/path" -> the authority becomes the host, the path stays. */
static bool take_absolute(http_reader *r, char *target)
{
        char *authority = target + 7, *path;
        size_t n;

        if (strncasecmp(target, "http://", 7) != 0)
                return false;
        path = strpbrk(authority, "/?#");
        n = path ? (size_t)(path - authority) : strlen(authority);
        if (!n || (path && *path != '/'))
                return false;
        /* One byte forward, so that the end of the host does not cover the path. */
        memmove(authority - 1, authority, n);
        authority[n - 1] = '\0';
        r->host = authority - 1;
        r->target = path ? path : "/";
        return true;
}

static int take_request_line(http_reader *r, char *line)
{
        char *target = strchr(line, ' '), *version;

        if (strlen(line) > HTTP_TARGET_BYTES + 64)
                return bad(r, 414, "the target of the request is too long");
        version = target ? strchr(target + 1, ' ') : NULL;
        if (!version || target == line || version == target + 1)
                return bad(r, 400, "the first line is not a request of HTTP");
        *target++ = '\0';
        *version++ = '\0';
        for (const char *s = line; *s; s++)
                if (!token_char((unsigned char)*s))
                        return bad(r, 400, "the method is not a word");
        for (const char *s = target; *s; s++)
                if (*s <= ' ' || *s == 127 || *s == '#')
                        return bad(r, 400, "the target has a character that does not belong there");
        if (strlen(target) > HTTP_TARGET_BYTES)
                return bad(r, 414, "the target of the request is too long");
        r->http10 = strcmp(version, "HTTP/1.0") == 0;
        if (!r->http10 && strcmp(version, "HTTP/1.1") != 0)
                return strncmp(version, "HTTP/", 5) == 0 && strlen(version) == 8
                               ? bad(r, 505, "only HTTP/1.1 is spoken here")
                               : bad(r, 400, "the first line is not a request of HTTP");
        r->method = line;
        r->target = target;
        if (*target != '/' && strcmp(target, "*") != 0 && !take_absolute(r, target))
                return bad(r, 400, "the target is not a path");
        return HTTP_READ_MORE;
}

static int take_field(http_reader *r, char *line)
{
        char *colon = strchr(line, ':'), *end;

        if (*line == ' ' || *line == '\t')
                return bad(r, 400, "a header field goes over several lines");
        if (!colon || colon == line)
                return bad(r, 400, "a header field has no name");
        if (r->field_count == HTTP_FIELDS)
                return bad(r, 431, "there are too many header fields");
        for (char *s = line; s < colon; s++) {
                if (!token_char((unsigned char)*s))
                        return bad(r, 400, "the name of a header field is not a word");
                if (*s >= 'A' && *s <= 'Z')
                        *s = (char)(*s | 32);
        }
        *colon++ = '\0';
        colon += strspn(colon, " \t");
        end = colon + strlen(colon);
        while (end > colon && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
        *end = '\0';
        for (const char *s = colon; *s; s++)
                if (((unsigned char)*s < ' ' && *s != '\t') || *s == 127)
                        return bad(r, 400, "a header field has a control character");
        r->fields[r->field_count++] = (http_field){ line, colon };
        return HTTP_READ_MORE;
}

static int take_length(http_reader *r, const char *value)
{
        size_t digits = strspn(value, "0123456789");

        if (!digits || value[digits] || digits > 18)
                return bad(r, 400, "Content-Length is not a number");
        r->length = strtoull(value, NULL, 10);
        return HTTP_READ_MORE;
}

/* Where the body ends. */
static int take_framing(http_reader *r)
{
        const char *length = http_reader_field(r, "content-length");
        const char *coding = http_reader_field(r, "transfer-encoding");

        if (http_reader_count(r, "content-length") > 1 ||
            http_reader_count(r, "transfer-encoding") > 1 || (length && coding))
                return bad(r, 400, "the length of the body is given twice");
        if (coding && r->http10)
                return bad(r, 400, "HTTP/1.0 has no Transfer-Encoding");
        if (coding && strcasecmp(coding, "chunked") != 0)
                return bad(r, 501, "the only Transfer-Encoding known here is chunked");
        r->chunked = coding != NULL;
        return length ? take_length(r, length) : HTTP_READ_MORE;
}

static int take_host(http_reader *r)
{
        const char *host = http_reader_field(r, "host");

        if (http_reader_count(r, "host") > 1)
                return bad(r, 400, "there is more than one Host");
        if (!host && !r->http10)
                return bad(r, 400, "there is no Host");
        /* RFC 9112 3.2.2: what an absolute target says is above the field. */
        if (!r->host)
                r->host = host;
        return HTTP_READ_MORE;
}

/* Whether a comma-separated list has a word. */
static bool lists(const char *list, const char *word)
{
        size_t n = strlen(word);

        while (list && *list) {
                list += strspn(list, " \t,");
                if (strncasecmp(list, word, n) == 0 && (!list[n] || strchr(" \t,", list[n])))
                        return true;
                list += strcspn(list, ",");
        }
        return false;
}

static int take_connection(http_reader *r)
{
        const char *expect = http_reader_field(r, "expect");

        r->keep_alive = !r->http10;
        for (size_t i = 0; i < r->field_count; i++)
                if (strcmp(r->fields[i].name, "connection") == 0 &&
                    lists(r->fields[i].value, "close"))
                        r->keep_alive = false;
        if (expect && strcasecmp(expect, "100-continue") != 0)
                return bad(r, 417, "only 100-continue can be expected");
        r->expects_continue = expect && !r->http10;
        return HTTP_READ_MORE;
}

static int take_head(http_reader *r)
{
        char *line = r->head.data, *end = line + r->head.len;
        bool first = true;
        int n = HTTP_READ_MORE;

        if (memchr(line, '\0', r->head.len))
                return bad(r, 400, "the head has a NUL");
        while (line < end && n == HTTP_READ_MORE) {
                char *stop = memchr(line, '\n', (size_t)(end - line));

                /* The lines were looked at when they came: each ends with CR LF. */
                stop[-1] = '\0';
                if (*line) {
                        n = first ? take_request_line(r, line) : take_field(r, line);
                        first = false;
                }
                line = stop + 1;
        }
        if (n == HTTP_READ_MORE)
                n = take_framing(r);
        if (n == HTTP_READ_MORE)
                n = take_host(r);
        if (n == HTTP_READ_MORE)
                n = take_connection(r);
        if (n != HTTP_READ_MORE)
                return n;
        r->left = r->length;
        r->state = r->chunked ? CHUNK_SIZE : r->length ? IN_BODY : COMPLETE;
        return HTTP_READ_HEAD;
}

/* A line of the head is complete; true when it was the last one. */
static bool end_of_line(http_reader *r)
{
        bool blank = r->head.len - r->line == 2;

        r->line = r->head.len;
        if (!blank)
                r->lines++;
        return blank && r->lines;
}

static int read_head(http_reader *r, const char *bytes, size_t len, size_t *ret_used)
{
        size_t used = 0;

        while (used < len) {
                const char *at = bytes + used, *end = memchr(at, '\n', len - used);
                size_t n = end ? (size_t)(end + 1 - at) : len - used;
                bool crlf;

                if (r->head.len + n > HTTP_HEAD_BYTES)
                        return bad(r, r->lines ? 431 : 414, "the head of the request is too long");
                text_addn(&r->head, at, n);
                used += n;
                if (!end)
                        break;
                crlf = r->head.len - r->line >= 2 && r->head.data[r->head.len - 2] == '\r';
                if (!crlf)
                        return bad(r, 400, "a line of the head does not end with CR LF");
                if (end_of_line(r)) {
                        *ret_used = used;
                        return take_head(r);
                }
                if (!r->lines && r->head.len > 2 * EMPTY_LINES)
                        return bad(r, 400, "there are empty lines instead of a request");
        }
        *ret_used = used;
        return HTTP_READ_MORE;
}

/* ---- the body ---- */

static int keep(http_reader *r, const char *bytes, size_t n)
{
        if (r->discard)
                return HTTP_READ_MORE;
        if (r->body.len + n > r->body_limit)
                return bad(r, 413, "the body is too long");
        text_addn(&r->body, bytes, n);
        return HTTP_READ_MORE;
}

static int hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char)(c | 32);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A byte of a line that says how long a chunk is; `trailer` counts its bytes. */
static int read_size(http_reader *r, char c)
{
        if (++r->trailer > 256)
                return bad(r, 400, "the size of a chunk is too long");
        if (r->state == CHUNK_SIZE && hex(c) >= 0) {
                if (r->left >> 56)
                        return bad(r, 400, "a chunk is too long");
                r->left = r->left * 16 + (uint64_t)hex(c);
        } else if (r->state == CHUNK_SIZE_LF) {
                if (c != '\n')
                        return bad(r, 400, "the size of a chunk does not end with CR LF");
                r->trailer = 0;
                r->state = r->left ? CHUNK_DATA : TRAILER_START;
        } else if (r->trailer == 1) {
                return bad(r, 400, "a chunk has no size");
        } else if (c == '\r') {
                r->state = CHUNK_SIZE_LF;
        } else if (r->state == CHUNK_SIZE && (c == ';' || c == ' ' || c == '\t')) {
                r->state = CHUNK_EXTENSION;
        } else if (r->state == CHUNK_SIZE || ((unsigned char)c < ' ' && c != '\t') || c == 127) {
                return bad(r, 400, "the size of a chunk is not a number");
        }
        return HTTP_READ_MORE;
}

/* A byte after the last chunk: fields that nobody asked for are read past. */
static int read_trailer(http_reader *r, char c)
{
        if (++r->trailer > HTTP_HEAD_BYTES)
                return bad(r, 431, "the trailer of the request is too long");
        switch (r->state) {
        case TRAILER_START:
                r->state = c == '\r' ? TRAILER_LAST_LF : TRAILER_LINE;
                break;
        case TRAILER_LINE:
                if (c == '\r')
                        r->state = TRAILER_LF;
                break;
        default:
                if (c != '\n')
                        return bad(r, 400, "a line of the trailer does not end with CR LF");
                r->state = r->state == TRAILER_LF ? TRAILER_START : COMPLETE;
        }
        if (c == '\n' && r->state == TRAILER_LINE)
                return bad(r, 400, "a line of the trailer does not end with CR LF");
        return HTTP_READ_MORE;
}

static int read_chunked(http_reader *r, const char *bytes, size_t len, size_t *ret_used)
{
        size_t used = 0;
        int n = HTTP_READ_MORE;

        while (used < len && n == HTTP_READ_MORE && r->state != COMPLETE) {
                switch (r->state) {
                case CHUNK_DATA: {
                        size_t some = len - used < r->left ? len - used : (size_t)r->left;

                        n = keep(r, bytes + used, some);
                        used += some;
                        r->left -= some;
                        if (!r->left && n == HTTP_READ_MORE)
                                r->state = CHUNK_DATA_CR;
                        break;
                }
                case CHUNK_DATA_CR:
                case CHUNK_DATA_LF:
                        if (bytes[used] != (r->state == CHUNK_DATA_CR ? '\r' : '\n'))
                                n = bad(r, 400, "a chunk does not end where it said");
                        else
                                r->state = r->state == CHUNK_DATA_CR ? CHUNK_DATA_LF : CHUNK_SIZE;
                        used++;
                        break;
                case CHUNK_SIZE:
                case CHUNK_EXTENSION:
                case CHUNK_SIZE_LF:
                        n = read_size(r, bytes[used++]);
                        break;
                default:
                        n = read_trailer(r, bytes[used++]);
                }
        }
        *ret_used = used;
        return n == HTTP_READ_MORE && r->state == COMPLETE ? HTTP_READ_WHOLE : n;
}

static int read_body(http_reader *r, const char *bytes, size_t len, size_t *ret_used)
{
        size_t some = len < r->left ? len : (size_t)r->left;
        int n = keep(r, bytes, some);

        *ret_used = some;
        if (n != HTTP_READ_MORE)
                return n;
        r->left -= some;
        if (r->left)
                return HTTP_READ_MORE;
        r->state = COMPLETE;
        return HTTP_READ_WHOLE;
}

int http_read(http_reader *r, const char *bytes, size_t len, size_t *ret_used)
{
        *ret_used = 0;
        switch (r->state) {
        case IN_HEAD:
                return read_head(r, bytes, len, ret_used);
        case IN_BODY:
                return read_body(r, bytes, len, ret_used);
        case COMPLETE:
                return HTTP_READ_WHOLE;
        case BROKEN:
                return HTTP_READ_BAD;
        default:
                return read_chunked(r, bytes, len, ret_used);
        }
}
