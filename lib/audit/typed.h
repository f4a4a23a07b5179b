/* The typed functions' way into an act: guard, arguments, act, record. */
#ifndef AUDIT_TYPED_H
#define AUDIT_TYPED_H

#include "audit/audit.h"

typedef struct typed_value {
        const char *name;  /* of the parameter; NULL ends the list */
        const char *value; /* NULL: not given */
} typed_value;

/* Does `operation` with `args` (may be NULL) and `more` (may be NULL, wins over args). `handle` is
 * a manager. */
msptk_status msptk__typed_call(const void *handle, const char *operation, const msptk_args *args,
                               const typed_value *more, const msptk_call_opts *opts,
                               msptk_json **ret, msptk_error **ret_err);
/* The same for a list: all pages joined into the first one's `rows`, unless "limit" is given. */
msptk_status msptk__typed_list(const void *handle, const char *operation, const msptk_args *args,
                               const typed_value *more, const char *rows, msptk_json **ret,
                               msptk_error **ret_err);
/* The same with options for the first page, the one that works. */
msptk_status msptk__typed_list_opts(const void *handle, const char *operation,
                                    const msptk_args *args, const typed_value *more,
                                    const msptk_call_opts *opts, const char *rows, msptk_json **ret,
                                    msptk_error **ret_err);

#endif
