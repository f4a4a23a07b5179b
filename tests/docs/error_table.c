/* Prints what the library says about each failure status, one line of tab separated fields;
 * docs/errors.md must say the same. Uses public functions only. */
#include <stdio.h>
#include <string.h>
#include <msptk/error.h>

int main(void)
{
        for (msptk_status st = -1; strcmp(msptk_status_name(st), "E_UNKNOWN"); st--) {
                msptk_error *err = NULL;

                if (msptk_error_set(&err, st, "docs", "x") != st)
                        return 1;
                printf("%s\t%d\t%s\t%s\t%s\n", msptk_status_name(st), (int)st,
                       msptk_error_code(err), msptk_error_is_retriable(err) ? "yes" : "no",
                       msptk_error_suggestion(err));
                msptk_error_free(err);
        }
        return 0;
}
