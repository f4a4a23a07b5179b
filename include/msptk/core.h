/* What every other public header needs: visibility, status codes, version, library start. */
#ifndef MSPTK_CORE_H
#define MSPTK_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(MSPTK_BUILDING)
#        define MSPTK_API __attribute__((visibility("default")))
#else
#        define MSPTK_API
#endif

#define MSPTK_VERSION "0.1.0"
#define MSPTK_VERSION_NUMBER 0x000100

/* Result of nearly every function. Values are ABI: appended, never renumbered. */
typedef int32_t msptk_status;
enum {
        MSPTK_OK = 0,
        MSPTK_DONE = 1,       /* an iteration has ended; not an error */
        MSPTK_E_INVALID = -1, /* an argument is wrong */
        MSPTK_E_NOMEM = -2,
        MSPTK_E_NOTFOUND = -3,
        MSPTK_E_EXISTS = -4,   /* the name or identity is taken */
        MSPTK_E_CONFLICT = -5, /* the object's state does not allow it, or it changed meanwhile */
        MSPTK_E_UNSUPPORTED = -6, /* this adapter or build cannot do it */
        MSPTK_E_TIMEOUT = -7,
        MSPTK_E_CANCELLED = -8,
        MSPTK_E_CLOSED = -9,       /* the toolkit is closed */
        MSPTK_E_REENTRANT = -10,   /* called from a callback that must not call it */
        MSPTK_E_CALLBACK = -11,    /* a callback of the caller asked to stop */
        MSPTK_E_TOOBIG = -12,      /* a limit on size or count was reached */
        MSPTK_E_DENIED = -13,      /* scope, read-only mode or policy forbids it */
        MSPTK_E_AUTH = -14,        /* a vendor refused the credentials */
        MSPTK_E_RATE = -15,        /* a rate limit, ours or a vendor's */
        MSPTK_E_UNAVAILABLE = -16, /* the other side cannot be reached or is broken */
        MSPTK_E_IO = -17,          /* a file or device failed */
        MSPTK_E_BUSY = -18,        /* another process holds the database */
        MSPTK_E_CORRUPT = -19,     /* stored data fails its own checks */
        MSPTK_E_PARSE = -20,       /* foreign text is not what it claims to be */
        MSPTK_E_CONFIG = -21,      /* the configuration is wrong */
        MSPTK_E_NEWER = -22,       /* written by a newer version of this library */
        MSPTK_E_CRYPTO = -23,      /* a key is missing or wrong, or a seal does not verify */
        MSPTK_E_AUDIT = -24,       /* the audit trail cannot be written or does not verify */
        MSPTK_E_PLAN = -25,        /* a plan is required, stale or does not match */
        MSPTK_E_INTERNAL = -26     /* a bug in this library */
};

typedef struct msptk_error msptk_error;

/**
 * Start the library; counted, so that independent users in one process may each call it.
 *
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK or MSPTK_E_INTERNAL when a foreign library refuses to start. Opening a toolkit
 * calls it too. Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_init(msptk_error **ret_err);

/**
 * End one use begun by msptk_init().
 *
 * Frees nothing that another user of the process still needs.
 * Thread: any.   Since: 0.1
 */
MSPTK_API void msptk_fini(void);

/**
 * Version of the library that is running, as 0xMMmmpp.
 *
 * Returns the number; compare with MSPTK_VERSION_NUMBER of the headers.
 * Thread: any.   Since: 0.1
 */
MSPTK_API uint32_t msptk_version_number(void);

/**
 * Version of the library that is running, as text ("0.1.0").
 *
 * Returns a static string.
 * Thread: any.   Since: 0.1
 */
MSPTK_API const char *msptk_version_string(void);

/**
 * Symbolic name of a status ("E_NOTFOUND").
 *
 * @status  any value; unknown ones give "E_UNKNOWN"
 *
 * Returns a static string.
 * Thread: any.   Since: 0.1
 */
MSPTK_API const char *msptk_status_name(msptk_status status);

/**
 * Release a text that this library gave away through a `char **` parameter.
 *
 * @text  may be NULL
 *
 * Thread: any.   Since: 0.1
 */
MSPTK_API void msptk_string_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
