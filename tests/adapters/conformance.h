/* One suite that every adapter passes, over the real host.
 *
 *     MSPTK_CONFORMANCE(acme, "\"api_url\": \"https://acme.example\"", .ops = &acme_adapter)
 *
 * is a whole test program. Where a test has to prepare something first, its main() calls
 * conformance_run(). Memory is watched by the sanitizers, threads and descriptors by the suite. */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <msptk/sdk/adapter.h>

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

#define MSPTK_CONFORMANCE(name, settings_text, ...) \
        int main(void) \
        { \
                static const conformance what = { .type = #name, \
                                                  .settings = settings_text, \
                                                  __VA_ARGS__ }; \
                return conformance_run(&what); \
        }

#endif
