/*
 * What the author of an adapter includes. An adapter turns a vendor into our nouns: it is a table
 * of functions, split by capability, that the library copies at registration. It reaches the world
 * only through the host services it is given.
 *
 * Conventions. Every transparent struct begins with its own size as its author compiled it; members
 * are appended, never inserted; the library zeroes what the author did not know. Strings are UTF-8
 * and borrowed for the time of the call. Times are microseconds UTC, durations milliseconds. NULL
 * text and NaN mean "the vendor does not say", never zero.
 */
#ifndef MSPTK_SDK_ADAPTER_H
#define MSPTK_SDK_ADAPTER_H

#include <msptk/error.h>
#include <msptk/json.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MSPTK_SDK_VERSION 1

/* One call of one slot: its cancel token, its deadline, the rows it emits. Belongs to the host. */
typedef struct msptk_request msptk_request;

/* States as adapters and checks report them. MSPTK_STATE_JUDGE asks the library to judge the value
 * by policy. */
enum {
        MSPTK_STATE_OK = 0,
        MSPTK_STATE_WARNING = 1,
        MSPTK_STATE_CRITICAL = 2,
        MSPTK_STATE_UNKNOWN = 3,
        MSPTK_STATE_JUDGE = -1
};

enum { MSPTK_PRESENCE_UNKNOWN = 0, MSPTK_PRESENCE_UP = 1, MSPTK_PRESENCE_DOWN = 2 };

/* A device as the vendor knows it. Identity comes from the keys, never from the display name. */
typedef struct msptk_device_row {
        uint32_t struct_size;
        int32_t presence; /* MSPTK_PRESENCE_* */
        const char
                *vendor_id; /* the vendor's own id; required, stable, unique within the instance */
        const char *name;   /* display name */
        const char *serial; /* hardware serial number */
        const char *machine_id;    /* of the operating system, e.g. /etc/machine-id */
        const char *macs;          /* comma-separated hardware addresses of built-in interfaces */
        const char *os;            /* "Debian GNU/Linux 12 (bookworm)" */
        const char *kind;          /* "server", "workstation", "network" ... */
        const char *address;       /* host name or IP address by which checks reach it */
        const char *vendor_client; /* the vendor's id of the client it belongs to */
        int64_t last_seen;         /* microseconds UTC; 0 when the vendor does not say */
        const msptk_json *attributes; /* further facts, shown as they are; may be NULL */
} msptk_device_row;

/* One measured fact of one device: one sample, one result. */
typedef struct msptk_metric_row {
        uint32_t struct_size;
        int32_t state;         /* MSPTK_STATE_*; JUDGE when thresholds should decide */
        const char *vendor_id; /* device */
        const char *check;    /* "cpu", "memory", "disk", "services", "network", or a custom name */
        const char *metric;   /* "cpu_percent"; the name by which policy finds thresholds */
        const char *instance; /* "/", "eth0", "sshd"; NULL or "" when the check has only one */
        const char *unit;     /* "%", "B", "s", "c"; NULL for none */
        const char *message;  /* one line for people; NULL lets the library word it */
        double value;         /* NaN when there is no number */
        int64_t at;           /* when it was true, microseconds UTC; 0 means now */
        const msptk_json *data; /* further facts kept with the evidence; may be NULL */
} msptk_metric_row;

/* An alert that the vendor raised by itself. */
typedef struct msptk_alert_row {
        uint32_t struct_size;
        int32_t severity; /* MSPTK_STATE_WARNING, _CRITICAL; _OK means it has ended; _UNKNOWN */
        const char *vendor_id;    /* device; NULL when it concerns the whole client */
        const char *vendor_alert; /* the vendor's id of the alert */
        const char *check;        /* what it is about, as in msptk_metric_row */
        const char *instance;
        const char *message;
        int64_t at;
} msptk_alert_row;

enum {
        /* End the program when its output goes beyond the limit; else the rest is read and dropped.
         */
        MSPTK_PROGRAM_STOP_AT_LIMIT = 1
};

/* A program to run: an argument vector, never a shell. */
typedef struct msptk_program {
        uint32_t struct_size;
        uint32_t flags;          /* MSPTK_PROGRAM_STOP_AT_LIMIT or 0 */
        const char *const *argv; /* NULL-terminated; argv[0] is an absolute path */
        const char *const
                *env;      /* NULL-terminated NAME=VALUE; NULL means a minimal clean environment */
        const char *cwd;   /* NULL means "/" */
        const char *input; /* bytes for its standard input; NULL means none */
        size_t input_len;
        int64_t timeout_ms;  /* 0 means what is left of the request, 60 s when that is unlimited */
        size_t output_limit; /* most bytes kept of each stream; 0 means limits.plugin_output of the
                                configuration */
} msptk_program;

enum {
        MSPTK_PROGRAM_EXITED = 0,    /* `code` is the exit status */
        MSPTK_PROGRAM_SIGNALLED = 1, /* `code` is the signal */
        MSPTK_PROGRAM_TIMED_OUT = 2,
        MSPTK_PROGRAM_NOT_STARTED = 3, /* `code` is the errno */
        MSPTK_PROGRAM_LOST = 4         /* it ended, but the host's process does not learn how */
};

typedef struct msptk_program_result {
        uint32_t struct_size;
        int32_t ended; /* MSPTK_PROGRAM_* */
        int32_t code;
        int32_t truncated; /* 1 when output went beyond the limit */
        const char *out;   /* standard output, NUL-terminated, may contain any byte */
        size_t out_len;
        const char *err; /* standard error, likewise */
        size_t err_len;
        int64_t wall_us;
        int64_t cpu_us;
} msptk_program_result;

/* Called for each ended program, on the thread that called run_programs; the result's texts die
 * when it returns. Non-zero stops the others. */
typedef int32_t (*msptk_program_fn)(void *user, size_t index, const msptk_program_result *result);

enum {
        MSPTK_HTTP_AUTH_NONE = 0,
        MSPTK_HTTP_AUTH_BEARER = 1, /* Authorization: Bearer <secret> */
        MSPTK_HTTP_AUTH_BASIC = 2,  /* auth_user and <secret> */
        MSPTK_HTTP_AUTH_HEADER = 3  /* auth_user is the header's name, <secret> its value */
};

/* One HTTP exchange. The secret is named by a settings key and attached by the host; the adapter
 * never sees it. */
typedef struct msptk_http_request {
        uint32_t struct_size;
        int32_t auth;       /* MSPTK_HTTP_AUTH_* */
        const char *method; /* "GET" ... */
        const char *url; /* absolute, within the origins of the instance (api_url), else E_DENIED */
        const char *const *headers; /* NULL-terminated "Name: value"; never credentials */
        const char *body;
        size_t body_len;
        const char
                *auth_setting; /* settings key that holds the secret's reference, e.g. "api_key" */
        const char *auth_user;
        int64_t timeout_ms; /* 0 means what is left of the request */
        size_t body_limit;  /* most bytes of the reply; 0 means 16 MiB; more is E_TOOBIG */
        int32_t idempotent; /* 1 lets the host try again by itself; GET and HEAD always are */
} msptk_http_request;

typedef struct msptk_http_reply {
        uint32_t struct_size;
        int32_t http_status;
        const char *body; /* NUL-terminated, may contain any byte; valid until http_request is
                             called again on this request or the slot returns */
        size_t body_len;
        const char *content_type; /* never NULL */
        const char
                *next_link; /* target of a Link header with rel="next"; NULL when there is none */
        int64_t retry_after_ms; /* -1 when the reply does not say */
        int64_t server_date;    /* its Date header, microseconds UTC; 0 when absent */
} msptk_http_reply;

/* Services of the library to one adapter instance; valid from open to close. Thread: any, unless
 * said. */
typedef struct msptk_host {
        uint32_t struct_size;
        uint32_t sdk_version;
        void *impl; /* the host's own */

        const char *(*instance)(const struct msptk_host *host); /* name in the configuration */
        int64_t (*now)(const struct msptk_host *host);
        void (*log)(const struct msptk_host *host, int32_t level,
                    const char *message); /* 0 debug .. 3 error */
        void (*random)(const struct msptk_host *host, void *bytes, size_t len);
        void *(*alloc)(const struct msptk_host *host,
                       size_t size); /* zeroed; NULL when out of memory */
        void (*free)(const struct msptk_host *host, void *memory); /* NULL is fine */

        /* What one call of a slot may use; same thread as the slot. */
        int32_t (*cancelled)(const msptk_request *req);
        int64_t (*deadline_left_ms)(const msptk_request *req); /* INT64_MAX when there is none */
        /* Sleep, but wake early when the request is cancelled or its deadline passes: then
         * E_CANCELLED, E_TIMEOUT. */
        msptk_status (*sleep_ms)(const msptk_request *req, int64_t ms);
        void (*progress)(const msptk_request *req, int64_t done, int64_t total);
        /* Rows are copied. A failure means the caller wants no more: return it from the slot. */
        msptk_status (*emit_device)(const msptk_request *req, const msptk_device_row *row);
        msptk_status (*emit_metric)(const msptk_request *req, const msptk_metric_row *row);
        msptk_status (*emit_alert)(const msptk_request *req, const msptk_alert_row *row);

        /* Run programs side by side, in bounded number. Returns when all have ended. A program that
         * fails is a result, not an error; E_CANCELLED, E_TIMEOUT and E_CALLBACK are. */
        msptk_status (*run_programs)(const msptk_request *req, const msptk_program *programs,
                                     size_t count, msptk_program_fn on_result, void *user,
                                     msptk_error **ret_err);
        /* One exchange with retries, rate budget and limits. Any HTTP status is a reply;
         * E_UNAVAILABLE, E_TIMEOUT, E_TOOBIG, E_DENIED, E_RATE are errors. */
        msptk_status (*http_request)(const msptk_request *req, const msptk_http_request *in,
                                     msptk_http_reply *ret_reply, msptk_error **ret_err);

        /* Small durable memory of the instance, shared by all processes. The text given back dies
         * in free(). A key that was never put is E_NOTFOUND. Keys are UTF-8 of 1 to 400
         * bytes, values of at most 65,536. */
        msptk_status (*state_get)(const msptk_request *req, const char *key, char **ret_value,
                                  msptk_error **ret_err);
        msptk_status (*state_put)(const msptk_request *req, const char *key, const char *value,
                                  msptk_error **ret_err);
        /* Make foreign text fit to be shown: valid UTF-8, no control characters, one line, at most
         * `cap` bytes. */
        void (*clean_text)(const struct msptk_host *host, const char *text, size_t len, char *out,
                           size_t cap);
        /* Memory that lives until the request ends, for what a slot gives back (command output).
         * Zeroed; NULL when out of memory or beyond 16 MiB of one request. Same thread as the slot.
         */
        void *(*request_alloc)(const msptk_request *req, size_t size);
        /* Like state_put, but only while the key still holds `expected` (NULL: was never put), as
         * one step that no other thread or process comes between; else E_CONFLICT, and nothing is
         * changed: read again and decide again. */
        msptk_status (*state_update)(const msptk_request *req, const char *key,
                                     const char *expected, const char *value,
                                     msptk_error **ret_err);
} msptk_host;

/* Which devices and checks a call is about. */
typedef struct msptk_query {
        uint32_t struct_size;
        uint32_t flags;
        const char *client_id; /* ours */
        const char
                *vendor_client; /* the vendor's id of the client; NULL when none was configured */
        const char *const *devices; /* vendor ids, NULL-terminated; NULL means all of the client */
        const char *const
                *checks; /* check names, NULL-terminated; NULL means all that the adapter knows */
        const char *const
                *addresses; /* beside `devices`: how to reach each; an element may be NULL */
        int64_t since;      /* for alerts; 0 means all that are open */
} msptk_query;

/*
 * Slots. All of them: run on a pool thread; may block, but look at cancelled() and the deadline;
 * may be called at the same time for different clients; emit rows as they come, and what was
 * emitted before a failure counts as partial; return MSPTK_OK only when everything asked for was
 * read. Codes the library acts on: E_AUTH, E_RATE, E_UNAVAILABLE, E_TIMEOUT, E_NOTFOUND (the vendor
 * does not know this client or device), E_UNSUPPORTED, E_CANCELLED.
 */
typedef struct msptk_device_ops {
        uint32_t struct_size;
        /* Emit every device of the client. */
        msptk_status (*list)(void *self, const msptk_request *req, const msptk_query *query,
                             msptk_error **ret_err);
} msptk_device_ops;

typedef struct msptk_metric_ops {
        uint32_t struct_size;
        const char *const *checks; /* NULL-terminated names of the checks it can answer; NULL when
                                      settings decide */
        /* Emit the asked metrics of the asked devices. A metric that cannot be read is emitted with
         * MSPTK_STATE_UNKNOWN and why; one that is not emitted at all is counted as missing. */
        msptk_status (*collect)(void *self, const msptk_request *req, const msptk_query *query,
                                msptk_error **ret_err);
} msptk_metric_ops;

typedef struct msptk_alert_ops {
        uint32_t struct_size;
        /* Emit the vendor's alerts of the client that changed since query->since. */
        msptk_status (*list)(void *self, const msptk_request *req, const msptk_query *query,
                             msptk_error **ret_err);
} msptk_alert_ops;

typedef struct msptk_command_ops {
        uint32_t struct_size;
        /* Run a command on a device and wait for it. `command` is an argument vector. The result's
         * texts are made by host->request_alloc and die with the request. A command that ran and
         * failed is MSPTK_OK with its exit status. */
        msptk_status (*execute)(void *self, const msptk_request *req, const char *vendor_id,
                                const char *const *command, msptk_program_result *ret_result,
                                msptk_error **ret_err);
} msptk_command_ops;

typedef struct msptk_deploy_ops {
        uint32_t struct_size;
        /* Bring the vendor's agent onto a device, and return MSPTK_OK only after the vendor saw it
         * check in; *ret_evidence, made by host->alloc, says how that was seen. */
        msptk_status (*agent)(void *self, const msptk_request *req, const msptk_device_row *device,
                              char **ret_evidence, msptk_error **ret_err);
} msptk_deploy_ops;

/* What can be said of an adapter without opening it. */
typedef struct msptk_adapter_info {
        uint32_t struct_size;
        uint32_t flags;   /* MSPTK_ADAPTER_* */
        const char *type; /* slug, the `type` or `provider` of the configuration */
        const char *title;
        const char *description; /* one sentence */
        /* JSON object: settings key -> {"type", "description", "default"}; unknown keys are
         * refused. NULL accepts any. */
        const char *settings;
        const char *docs; /* file name in docs/ */
} msptk_adapter_info;

enum {
        MSPTK_ADAPTER_THIS_MACHINE = 1 /* its only device is the machine it runs on */
};

typedef struct msptk_adapter_ops {
        uint32_t struct_size;
        uint32_t sdk_version;
        const msptk_adapter_info *info;
        /* Must not block or connect. `settings` lives as long as the instance. */
        msptk_status (*open)(const msptk_host *host, const msptk_json *settings, void **ret_self,
                             msptk_error **ret_err);
        /* Accepts what open half made; must not block; called once, when no slot runs any more. */
        void (*close)(void *self);
        /* Required. Cheap; proves that the other side is there and takes the credentials. */
        msptk_status (*probe)(void *self, const msptk_request *req, msptk_error **ret_err);
        /* Capabilities; NULL means unsupported and is answered by the library. */
        const msptk_device_ops *devices;
        const msptk_metric_ops *metrics;
        const msptk_alert_ops *alerts;
        const msptk_command_ops *commands;
        const msptk_deploy_ops *deploy;
        /* ---- SDK 2 ---- appended, never inserted */
} msptk_adapter_ops;

#ifdef __cplusplus
}
#endif
#endif
