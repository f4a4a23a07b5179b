/* Floor 8. The root handle, for the room above: it opens the floors in order and closes them in
 * reverse. */
#ifndef TOOLKIT_TOOLKIT_H
#define TOOLKIT_TOOLKIT_H

#include <msptk/toolkit.h>

#include "base/base.h"

/* Every public entry: checks the handle, refuses a closed one, counts who is inside so that close
 * can wait for them. */
msptk_status msptk__toolkit_enter(msptk_toolkit *tk, msptk_error **ret_err);
void msptk__toolkit_leave(msptk_toolkit *tk);

ctx *msptk__toolkit_ctx(msptk_toolkit *tk);
msptk_toolkit *msptk__toolkit_of(ctx *c); /* that the context is part of */
/* Opens what is still closed in a lazy toolkit: NEED_STORE, NEED_CONFIG, NEED_NOTHING of
 * lib/ops. */
msptk_status msptk__toolkit_need(msptk_toolkit *tk, int32_t what, msptk_error **ret_err);

/* Hands every operation to the audit of a toolkit that opens. The seam through which the room above
 * joins: lib/ops implements it. */
msptk_status msptk__toolkit_operations(ctx *c, msptk_error **ret_err);

/* The configuration opened anew, with its problems kept as findings. */
msptk_status msptk__toolkit_config_lenient(ctx *c, struct config **ret, msptk_error **ret_err);

/* Single steps of opening, for doctor, which takes them on a context of its own: every room's schema;
 * the database's path (":memory:" when nothing names one); the vault of c->store, as the
 * configuration says. With c->read_only no key file is made. */
const struct store_migration *const *msptk__toolkit_migrations(size_t *ret_count);
const char *msptk__toolkit_database(const ctx *c);
msptk_status msptk__toolkit_open_vault(ctx *c, msptk_error **ret_err);

/* Asynchronous calls: each runs on a thread of its own, in bounded number (E_BUSY), and counts as
 * inside until it calls the end, which is the last thing it does. */
msptk_status msptk__toolkit_async_start(msptk_toolkit *tk, void *(*fn)(void *), void *arg,
                                        msptk_error **ret_err);
void msptk__toolkit_async_end(msptk_toolkit *tk);
struct dispatch *msptk__toolkit_dispatcher(msptk_toolkit *tk);

/* Children hold their parent. */
msptk_toolkit *msptk__toolkit_ref(msptk_toolkit *tk);
void msptk__toolkit_unref(msptk_toolkit *tk);

#endif
