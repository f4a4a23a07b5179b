/* An agent of its own with the library inside: no configuration file, the store in memory, and the
 * host's loop, which learns by one descriptor that a call has ended. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <msptk/msptk.h>

typedef struct agent {
        int running; /* calls whose end was not told yet */
        int failures;
} agent;

static int say(msptk_error *err)
{
        fprintf(stderr, "agent: %s\n", msptk_error_message(err));
        msptk_error_free(err);
        return 1;
}

/* Runs inside msptk_toolkit_dispatch(), on the loop's own thread. */
static void checked(void *user, msptk_status status, const msptk_result *result,
                    const msptk_error *err)
{
        agent *a = user;
        const msptk_json *results = msptk_json_get(msptk_result_json(result), "results");

        a->running--;
        a->failures += status < 0;
        if (status < 0)
                fprintf(stderr, "agent: %s\n", msptk_error_message(err));
        for (const msptk_json *r = msptk_json_first(results); r; r = msptk_json_next(r))
                printf("%-8s %-10s %s\n", msptk_json_string(msptk_json_get(r, "status"), "?"),
                       msptk_json_string(msptk_json_get(r, "check"), "?"),
                       msptk_json_string(msptk_json_get(r, "message"), ""));
}

static msptk_status call(msptk_toolkit *tk, const char *operation, const char *text,
                         agent *background, msptk_error **err)
{
        msptk_json *json = NULL;
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_status st = msptk_json_parse(text, strlen(text), &json, err);

        if (st == MSPTK_OK)
                st = msptk_args_from_json(operation, json, &args, err);
        if (st == MSPTK_OK && background)
                st = msptk_call_async(tk, args, NULL, checked, background, NULL, err);
        else if (st == MSPTK_OK)
                st = msptk_call(tk, args, NULL, &result, err);
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_json_free(json);
        return st;
}

int main(void)
{
        agent a = { .running = 1 };
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        if (msptk_toolkit_open(NULL, &tk, &err) < 0 ||
            call(tk, "client_create", "{\"name\": \"Acme Corp\"}", NULL, &err) < 0 ||
            call(tk, "device_add", "{\"client_id\": \"acme-corp\", \"this_machine\": true}", NULL,
                 &err) < 0 ||
            call(tk, "health_check", "{\"client_id\": \"acme-corp\"}", &a, &err) < 0)
                return say(err);
        while (a.running) {
                struct pollfd fd = { .fd = msptk_toolkit_wakeup_fd(tk), .events = POLLIN };

                if (poll(&fd, 1, 1000) > 0) /* the host's other descriptors would stand here */
                        msptk_toolkit_dispatch(tk, 0, NULL);
        }
        msptk_toolkit_close(tk, 5000, NULL);
        msptk_toolkit_free(tk);
        return a.failures != 0;
}
