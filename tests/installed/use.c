/* Compiled outside the tree against the installed library: what a stranger's first program looks
 * like. */
#include <stdio.h>
#include <string.h>
#include <msptk/msptk.h>

int main(void)
{
        msptk_error *err = NULL;

        if (msptk_version_number() != MSPTK_VERSION_NUMBER ||
            strcmp(msptk_version_string(), MSPTK_VERSION)) {
                fprintf(stderr, "headers are %s, the library is %s\n", MSPTK_VERSION,
                        msptk_version_string());
                return 1;
        }
        msptk_error_set(&err, MSPTK_E_NOTFOUND, "use", "nothing here");
        printf("%s %s\n", msptk_version_string(), msptk_error_message(err));
        msptk_error_free(err);
        return 0;
}
