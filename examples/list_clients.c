/* Lists clients: opens a workspace from its configuration file, or, without one, a world in memory
 * with three clients. usage: list_clients [msp-toolkit.yaml] */
#include <stdio.h>

#include <msptk/msptk.h>

/* Every failure says what was being done, and most say what to do about it. */
static int failed(msptk_error *err)
{
        fprintf(stderr, "%s: %s\n", msptk_error_code(err), msptk_error_message(err));
        if (msptk_error_suggestion(err)[0])
                fprintf(stderr, "try this: %s\n", msptk_error_suggestion(err));
        msptk_error_free(err);
        return 1;
}

/* Nothing is configured: the store lives in memory and ends with the toolkit. */
static msptk_status open_world(msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        static const char *const names[] = { "Acme Corp", "Möbel Müller GmbH", "Ελλάδα Α.Ε." };
        msptk_status st = msptk_toolkit_open(NULL, ret_tk, ret_err);

        for (size_t i = 0; st == MSPTK_OK && i < 3; i++)
                st = msptk_client_manager_create(msptk_toolkit_get_client_manager(*ret_tk),
                                                 names[i], NULL, NULL, ret_err);
        return st;
}

int main(int argc, char **argv)
{
        msptk_toolkit *tk = NULL;
        msptk_client_list *list = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        st = argc > 1 ? msptk_toolkit_from_config(argv[1], &tk, &err) : open_world(&tk, &err);
        if (st == MSPTK_OK)
                st = msptk_client_manager_list(msptk_toolkit_get_client_manager(tk), NULL, &list,
                                               &err);
        for (size_t i = 0; st == MSPTK_OK && i < msptk_client_list_count(list); i++) {
                const msptk_client *c = msptk_client_list_get(list, i);

                printf("%-24s %-10s %s\n", msptk_client_id(c), msptk_client_tier(c),
                       msptk_client_name(c));
        }
        msptk_client_list_free(list);
        msptk_toolkit_free(tk);
        return st == MSPTK_OK ? 0 : failed(err);
}
