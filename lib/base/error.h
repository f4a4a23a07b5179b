/* How the inside makes errors. Each .c file that fails defines ROOM, the error's domain, before its
 * includes. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <msptk/error.h>

/* Make an error and return its status: `return fail(ret_err, MSPTK_E_INVALID, "no such zone '%s'",
 * name);` */
#define fail(ret_err, status, ...) msptk__fail((ret_err), (status), ROOM, __VA_ARGS__)

/* The same with a reason for programs (a static string, UPPER_CASE) and a suggestion for the
 * caller. */
#define fail_why(ret_err, status, reason, suggestion, ...) \
        msptk__fail_why((ret_err), (status), ROOM, (reason), (suggestion), __VA_ARGS__)

/* Return from this function when the call fails. */
#define TRY(call) \
        do { \
                msptk_status try_ = (call); \
                if (try_ < 0) \
                        return try_; \
        } while (0)

msptk_status msptk__fail(msptk_error **ret_err, msptk_status status, const char *domain,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));
msptk_status msptk__fail_why(msptk_error **ret_err, msptk_status status, const char *domain,
                             const char *reason, const char *suggestion, const char *fmt, ...)
        __attribute__((format(printf, 6, 7)));
/* Out of memory: a static error, so that reporting needs none. */
msptk_status msptk__nomem(msptk_error **ret_err);

/* Put the error in *ret_err into context ("list devices of client 'acme'"): it becomes the cause of
 * a new one with the same status, code, reason and suggestion. Returns `status`. NULL-safe. */
msptk_status msptk__wrap(msptk_error **ret_err, msptk_status status, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* Details, added by the layer that knows them; NULL-safe, and quiet when memory is short. */
void msptk__error_set_reason(msptk_error *err, const char *reason, const char *suggestion);
void msptk__error_set_client(msptk_error *err, const char *client_id);
void msptk__error_set_adapter(msptk_error *err, const char *adapter);
void msptk__error_set_retry(msptk_error *err, int32_t retriable, int64_t retry_after_ms);

/* Lets `fn` change the messages of an error and its causes in place (redaction: never longer). */
void msptk__error_scrub(msptk_error *err, void (*fn)(void *user, char *text), void *user);

/* A deep copy, for an error that travels to another thread or is kept as a row. NULL when out of
 * memory. */
msptk_error *msptk__error_copy(const msptk_error *err);

/* The door code of a status and reason, without an object (docs/errors.md is checked against it).
 */
const char *msptk__status_code(msptk_status status, const char *reason);

static inline __attribute__((unused)) void msptk__auto_error(msptk_error **err)
{
        msptk_error_free(*err);
}
#define AUTO_ERROR __attribute__((cleanup(msptk__auto_error)))

#endif
