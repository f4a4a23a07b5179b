/*
 * One HTTP/1.1 request out of bytes, as strict as RFC 9112 allows: what two programs could read
 * differently is refused, so that a proxy in front and we agree where a request ends. No I/O.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"

enum { HTTP_FIELDS = 100, HTTP_HEAD_BYTES = 16384, HTTP_TARGET_BYTES = 4096 };

/* A header field: the name in lower case, the value without the blanks around it. */
typedef struct http_field {
        const char *name, *value;
} http_field;

typedef struct http_reader {
        size_t body_limit;
        bool discard; /* the body is read past and not kept */

        /* Valid from HTTP_READ_HEAD until http_reader_next(). */
        const char *method, *target; /* target: the path and what follows it */
        const char *host;            /* NULL: HTTP/1.0 without one */
        http_field fields[HTTP_FIELDS];
        size_t field_count;
        bool http10, keep_alive, chunked, expects_continue;
        uint64_t length; /* of a body that is not chunked */
        text body;       /* complete after HTTP_READ_WHOLE */

        /* After HTTP_READ_BAD. */
        int status;
        const char *why;

        /* Its own. */
        int state;
        text head;
        size_t line;  /* where the line begins that is not complete */
        size_t lines; /* complete ones, without empty ones before the first */
        uint64_t left;
        size_t trailer;
} http_reader;

enum {
        HTTP_READ_MORE,  /* all bytes are used up */
        HTTP_READ_HEAD,  /* once for each request; go on with the bytes that are left */
        HTTP_READ_WHOLE, /* the request is complete; what is left belongs to the next one */
        HTTP_READ_BAD    /* answer `status` and close; nothing after this can be trusted */
};

void http_reader_init(http_reader *r, size_t body_limit);
/* Takes bytes; *ret_used is how many of them. */
int http_read(http_reader *r, const char *bytes, size_t len, size_t *ret_used);
/* Forgets a complete request. */
void http_reader_next(http_reader *r);
void http_reader_free(http_reader *r);

/* Whether the first byte of a request was seen, but not all of it. */
bool http_reader_inside(const http_reader *r);
/* The value of a field by its lower-case name; NULL when absent; the first one of several. */
const char *http_reader_field(const http_reader *r, const char *name);
/* How many fields have this name. */
size_t http_reader_count(const http_reader *r, const char *name);

#endif
