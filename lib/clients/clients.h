/* Floor 6. Clients: the companies that are looked after. */
#ifndef CLIENTS_CLIENTS_H
#define CLIENTS_CLIENTS_H

#include "audit/audit.h"
#include "base/base.h"
#include "store/store.h"

typedef struct client_row {
        char *id;
        char *name;
        char *tier;
        char *status;
        char *contact;  /* NULL when there is none */
        char *contacts; /* a JSON array of texts */
        char *rmm_id;   /* NULL when there is none */
        char *fields;   /* a JSON object */
        int64_t created_at;
        int64_t updated_at;
        int64_t deleted_at; /* 0 while it lives */
        int64_t revision;   /* counts its changes */
} client_row;

void msptk__client_clear(client_row *c);
#define AUTO_CLIENT __attribute__((cleanup(msptk__client_clear)))

/* E_NOTFOUND with reason CLIENT_NOT_FOUND, naming the nearest id; a deleted one is not found. */
msptk_status msptk__client_read(store_tx *tx, const char *id, client_row *ret,
                                msptk_error **ret_err);
/* The id of the client of that id, or of the only one of exactly that name, among those that the
 * act may see. E_NOTFOUND (CLIENT_NOT_FOUND), the same for those that it may not see and those that
 * do not exist; E_INVALID (CLIENT_AMBIGUOUS) names the ids. */
msptk_status msptk__client_find(act *a, store_tx *tx, const char *given, char **ret_id,
                                msptk_error **ret_err);
/* "msptk.client/1" */
msptk_status msptk__client_json(const client_row *c, msptk_json **ret, msptk_error **ret_err);

/* Ids of living clients after `after` (NULL: from the start), in order, at most `limit`, as an
 * array of texts; filters may be NULL. */
typedef struct client_filter {
        const char *tier;
        const char *status;
        const char *search; /* folded alike in every script, anywhere in the name or the id */
        const char *sees;   /* msptk__act_sees() */
} client_filter;
msptk_status msptk__client_page(store_tx *tx, const client_filter *f, const char *after,
                                int64_t limit, msptk_json **ret_clients, char **ret_next,
                                msptk_error **ret_err);

/* The work of the operations. */
msptk_status msptk__client_create(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__client_get(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err);
msptk_status msptk__client_list(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err);
msptk_status msptk__client_update(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__client_delete(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__client_import(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__client_import_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
/* Plans of the changes. */
msptk_status msptk__client_create_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
msptk_status msptk__client_update_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
msptk_status msptk__client_delete_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);

/* Numbers 50 to 59. */
extern const store_migration msptk__clients_migrations[];

#endif
