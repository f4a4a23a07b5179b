/* One suite that every adapter passes, over the real host.
 *
 *     MSPTK_CONFORMANCE(acme, "\"api_url\": \"https://acme.example\"", .ops = &acme_adapter)
 *
 * is a whole test program. Where a test has to prepare something first, its main() calls
 * conformance_run(). Memory is watched by the sanitizers, threads and descriptors by the suite. */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <msptk/sdk/adapter.h>

#include "scripted_http.h"

typedef struct conformance {
        const char *type;
        const char *settings;         /* inside of a JSON object; "" for none */
        const msptk_adapter_ops *ops; /* NULL when it is built in */
        const char *client;           /* one that it knows; NULL: "acme" */
        const char *unknown_client;   /* a vendor's client that it does not know; NULL: knows all */
        /* What is asked of one that cannot list devices. */
        const char *const *devices;
        const char *const *addresses;
        const char *partial_settings;   /* with these, part of what is asked cannot be read */
        const char *bad_settings;       /* with these it does not open */
        const char *const *command;     /* harmless; for one that executes commands */
        const msptk_device_row *deploy; /* for one that deploys */
} conformance;

/* Returns the number of tests that failed. */
int conformance_run(const conformance *what);

/* The faults of HTTP, for adapters of vendors that are reached by it. */
typedef struct conformance_http {
        const conformance *what;        /* its settings are not used */
        const char *settings;           /* with one %s for the vendor's address */
        void (*good)(scripted *vendor); /* scripts a vendor who works: lists in two pages */
        size_t devices;                 /* how many that one has */
        const char *empty;              /* body of a reply that lists no device */
        const char *unicode;            /* one that lists one, whose name is */
        const char *unicode_name;
        /* A reply of metrics, and its headers, of a vendor whose clock is wrong; NULL: they carry
         * no times. */
        const char *skewed, *skewed_headers;
} conformance_http;

/* The same suite on the working vendor, then every fault; the number of tests that failed. */
int conformance_http_run(const conformance_http *http);

#define MSPTK_CONFORMANCE(name, settings_text, ...) \
        int main(void) \
        { \
                static const conformance what = { .type = #name, \
                                                  .settings = settings_text, \
                                                  __VA_ARGS__ }; \
                return conformance_run(&what); \
        }

#endif
