/*
 * Gives the msp-toolkit command the clock and the principal of a case. Linked into a build of the
 * command that only tests have, with -Wl,--wrap=msptk_toolkit_open; the command itself knows
 * nothing of it. The file that MSPTK_CASE_CLOCK names holds the moment: microseconds UTC, as
 * decimal digits. It is read at every look at the clock, so that a case can move a process that
 * lasts.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <msptk/msptk.h>

msptk_status __real_msptk_toolkit_open(const msptk_toolkit_opts *opts, msptk_toolkit **ret_tk,
                                       msptk_error **ret_err);
msptk_status __wrap_msptk_toolkit_open(const msptk_toolkit_opts *opts, msptk_toolkit **ret_tk,
                                       msptk_error **ret_err);

static int64_t case_clock(void *user)
{
        FILE *f = fopen(user, "r");
        long long now;

        if (!f || fscanf(f, "%20lld", &now) != 1) {
                fprintf(stderr, "MSPTK_CASE_CLOCK: no moment in %s\n", (const char *)user);
                exit(99);
        }
        fclose(f);
        return now;
}

msptk_status __wrap_msptk_toolkit_open(const msptk_toolkit_opts *opts, msptk_toolkit **ret_tk,
                                       msptk_error **ret_err)
{
        char *file = getenv("MSPTK_CASE_CLOCK");
        msptk_toolkit_opts *own;

        if (!file) {
                fprintf(stderr, "this build of the command needs MSPTK_CASE_CLOCK\n");
                exit(99);
        }
        /* The options are the caller's own; only the library's signature makes them const. */
        own = (msptk_toolkit_opts *)opts;
        msptk_toolkit_opts_set_clock(own, case_clock, file);
        if (msptk_toolkit_opts_set(own, "principal", "tester", ret_err) < 0)
                return MSPTK_E_INVALID;
        return __real_msptk_toolkit_open(opts, ret_tk, ret_err);
}
