/* Work of operations that belong to no noun below: configuration, workspace, diagnosis, and views
 * over several nouns. */
#ifndef OPS_ADMIN_H
#define OPS_ADMIN_H

#include "ops/ops.h"

msptk_status msptk__op_config_show(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);
msptk_status msptk__op_config_check(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err);
msptk_status msptk__op_config_explain(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err);
/* ---- who may come in ---- */
msptk_status msptk__op_token_create(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err);
/* act_row.find_client of every row with a client_param. */
msptk_status msptk__op_find_client(act *a, struct store_tx *tx, const char *given, char **ret_id,
                                   msptk_error **ret_err);

msptk_status msptk__op_adapter_list(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err);
msptk_status msptk__op_adapter_probe(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err);

/* ---- the workspace ---- */
msptk_status msptk__op_init(act *a, const msptk_json *args, msptk_json **ret,
                            msptk_error **ret_err);
msptk_status msptk__op_doctor(act *a, const msptk_json *args, msptk_json **ret,
                              msptk_error **ret_err);
/* Views over several nouns: clients with what is known of their devices. */
msptk_status msptk__op_client_get(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__op_client_list(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);

#endif
