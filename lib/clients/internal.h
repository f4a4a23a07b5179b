/* What the files of this room share. */
#ifndef CLIENTS_INTERNAL_H
#define CLIENTS_INTERNAL_H

#include "clients/clients.h"

/* The client that complete arguments of client_create ask for, with its id decided. */
msptk_status msptk__client_draft(const msptk_json *args, int64_t now, client_row *c,
                                 msptk_error **ret_err);
msptk_status msptk__client_insert(store_tx *tx, const client_row *c, msptk_error **ret_err);

/* Suggests none but those of `sees` (msptk__act_sees()). */
msptk_status msptk__client_not_found(store_tx *tx, const char *sees, const char *given,
                                     msptk_error **ret_err);

#endif
