/* Adapters and checks of the host, and adapter instances lent by name. */
#define ROOM "toolkit"
#include "toolkit/internal.h"

#include <string.h>

struct rmm_handle {
        manager m; /* first: what is lent */
        struct rmm_handle *next;
};

void msptk__rmm_handles_free(struct rmm_handle *first)
{
        while (first) {
                struct rmm_handle *next = first->next;

                first->m.kind = KIND_DEAD;
                msptk__free(first);
                first = next;
        }
}

msptk_status msptk_toolkit_register_adapter(msptk_toolkit *tk, const msptk_adapter_ops *ops,
                                            msptk_error **ret_err)
{
        msptk_status st;

        TRY(msptk__toolkit_enter(tk, ret_err));
        st = msptk__registry_add_adapter(tk->c.registry, ops, ret_err);
        msptk__toolkit_leave(tk);
        return st;
}

msptk_status msptk_toolkit_register_plugin(msptk_toolkit *tk, const msptk_check_ops *ops,
                                           void *user, msptk_error **ret_err)
{
        msptk_status st;

        TRY(msptk__toolkit_enter(tk, ret_err));
        st = msptk__registry_add_check(tk->c.registry, ops, user, ret_err);
        msptk__toolkit_leave(tk);
        return st;
}

/* The handle of an instance; made once for each. */
static msptk_status handle_of(msptk_toolkit *tk, const char *name, manager **ret,
                              msptk_error **ret_err)
{
        struct rmm_handle *h;

        for (h = tk->rmms; h; h = h->next)
                if (!strcmp(h->m.name, name))
                        break;
        if (!h) {
                h = msptk__alloc(sizeof(*h));
                if (!h)
                        return msptk__nomem(ret_err);
                h->m = (manager){ .kind = KIND_MANAGER, .c = &tk->c, .name = name };
                h->next = tk->rmms;
                tk->rmms = h;
        }
        *ret = &h->m;
        return MSPTK_OK;
}

msptk_status msptk_toolkit_get_rmm_adapter(msptk_toolkit *tk, const char *name,
                                           msptk_rmm_adapter **ret_rmm, msptk_error **ret_err)
{
        instance *i = NULL;
        manager *m = NULL;
        msptk_status st;

        if (!ret_rmm)
                return fail(ret_err, MSPTK_E_INVALID, "lend an adapter: nowhere to put it");
        TRY(msptk__toolkit_enter(tk, ret_err));
        st = msptk__toolkit_need(tk, NEED_CONFIG, ret_err);
        if (st == MSPTK_OK)
                st = msptk__instance_find(tk->c.registry, name, &i, ret_err);
        if (st == MSPTK_OK) {
                pthread_mutex_lock(&tk->opening);
                st = handle_of(tk, msptk__instance_info(i)->name, &m, ret_err);
                pthread_mutex_unlock(&tk->opening);
        }
        msptk__toolkit_leave(tk);
        if (st == MSPTK_OK)
                *ret_rmm = (msptk_rmm_adapter *)(void *)m;
        return st;
}
