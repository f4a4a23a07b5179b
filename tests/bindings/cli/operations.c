/* Prints the operation table, for the scripts beside it. */
#include <stdio.h>

#include <msptk/msptk.h>

int main(void)
{
        msptk_json *table = NULL;
        char *made = NULL;
        int failed = msptk_operations(&table, NULL) < 0 ||
                     msptk_json_print(table, 0, &made, NULL) < 0 || puts(made) < 0;

        msptk_string_free(made);
        msptk_json_free(table);
        return failed;
}
