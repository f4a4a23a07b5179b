/* What an opened toolkit costs its host in memory, from smaps_rollup. Targets: Private_Dirty at
 * most 4 MiB, RSS at most 16 MiB.
 *
 *     bench_opened DATABASE KEY_FILE
 */
#include <stdio.h>
#include <string.h>

#include <msptk/msptk.h>

int main(int argc, char **argv)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;
        msptk_toolkit *tk = NULL;
        long dirty = -1, rss = -1, n;
        char line[256];
        FILE *f;

        if (argc != 3 || msptk_toolkit_opts_set(opts, "database.path", argv[1], &err) < 0 ||
            msptk_toolkit_opts_set(opts, "vault.key_file", argv[2], &err) < 0 ||
            msptk_toolkit_open(opts, &tk, &err) < 0) {
                fprintf(stderr, "opened: %s\n", msptk_error_message(err));
                return 3;
        }
        f = fopen("/proc/self/smaps_rollup", "r");
        while (f && fgets(line, sizeof(line), f)) {
                if (sscanf(line, "Private_Dirty: %ld kB", &n) == 1)
                        dirty = n;
                if (sscanf(line, "Rss: %ld kB", &n) == 1)
                        rss = n;
        }
        if (f)
                fclose(f);
        printf("Private_Dirty %.2f MiB, RSS %.2f MiB\n", (double)dirty / 1024, (double)rss / 1024);
        msptk_toolkit_close(tk, 10000, NULL);
        msptk_toolkit_free(tk);
        msptk_toolkit_opts_free(opts);
        return 0;
}
