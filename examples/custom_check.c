/* A check of one's own: how many files wait in a directory. It runs in every health check of every
 * client from now on. usage: custom_check [DIRECTORY] */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <msptk/msptk.h>

/* Files that wait, or -1 when the directory cannot be read. */
static int count_files(const char *path, const msptk_check_host *host)
{
        DIR *dir = opendir(path);
        struct dirent *e;
        int n = 0;

        if (!dir)
                return -1;
        while (!host->cancelled(host) && (e = readdir(dir)))
                n += e->d_name[0] != '.';
        closedir(dir);
        return n;
}

/* Runs on a thread of the library's pool. What it cannot know it reports as unknown, with why. */
static msptk_status backlog_execute(void *user, const msptk_check_host *host,
                                    const msptk_json *context, msptk_error **ret_err)
{
        const char *path = user;
        char message[256];
        int n = count_files(path, host), state = MSPTK_STATE_OK;

        (void)context; /* {"client": {...}, "device": null, "parameters": {...}} */
        if (n < 0)
                return msptk_error_set(ret_err, MSPTK_E_IO, "backlog",
                                       "the directory cannot be read");
        if (n > 100)
                state = MSPTK_STATE_CRITICAL;
        else if (n > 10)
                state = MSPTK_STATE_WARNING;
        snprintf(message, sizeof(message), "%d files wait in %.200s", n, path);
        return host->report(host, NULL, state, message, NULL);
}

static const msptk_check_ops backlog = {
        .struct_size = sizeof(backlog),
        .sdk_version = MSPTK_SDK_VERSION,
        .name = "backlog",
        .version = "1.0",
        .per = MSPTK_CHECK_PER_CLIENT,
        .execute = backlog_execute,
};

static msptk_status prepare(const char *dir, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        msptk_status st = msptk_toolkit_open(NULL, ret_tk, ret_err);

        if (st == MSPTK_OK)
                st = msptk_toolkit_register_plugin(*ret_tk, &backlog, (void *)dir, ret_err);
        if (st == MSPTK_OK)
                st = msptk_client_manager_create(msptk_toolkit_get_client_manager(*ret_tk),
                                                 "Acme Corp", NULL, NULL, ret_err);
        return st;
}

static msptk_status run(msptk_toolkit *tk, msptk_check_results **ret_results, msptk_error **ret_err)
{
        msptk_args *args = msptk_args_new("health_check");
        msptk_status st = msptk_args_set_list(args, "check_types", "custom", ret_err);

        if (st == MSPTK_OK)
                st = msptk_health_monitor_run_checks(msptk_toolkit_get_health_monitor(tk),
                                                     "acme-corp", args, NULL, ret_results, ret_err);
        msptk_args_free(args);
        return st;
}

int main(int argc, char **argv)
{
        msptk_check_results *results = NULL;
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;
        msptk_status st = prepare(argc > 1 ? argv[1] : ".", &tk, &err);

        if (st == MSPTK_OK)
                st = run(tk, &results, &err);
        for (size_t i = 0; i < msptk_check_results_count(results); i++) {
                const msptk_check_result *r = msptk_check_results_get(results, i);

                printf("%-8s %-12s %s\n", msptk_check_result_status(r), msptk_check_result_name(r),
                       msptk_check_result_message(r));
        }
        if (st < 0)
                fprintf(stderr, "custom_check: %s\n", msptk_error_message(err));
        msptk_error_free(err);
        msptk_check_results_free(results);
        msptk_toolkit_free(tk);
        return st < 0;
}
