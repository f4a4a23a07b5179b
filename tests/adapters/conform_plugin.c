/* Programs of the Nagios kind pass the suite: harmless scripts that the test makes. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "conformance.h"

static void make(const char *dir, const char *name, const char *text)
{
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "w");
        fprintf(f, "#!/bin/sh\n%s\n", text);
        fclose(f);
        chmod(path, 0755);
}

int main(void)
{
        static const char *const devices[] = { "web1", "web2", NULL };
        static const char *const addresses[] = { "127.0.0.1", NULL, NULL };
        static char settings[1024], partial[1024], bad[256];
        char dir[] = "/tmp/msptk-plugins-XXXXXX", path[128];
        conformance what = { .type = "plugin",
                             .settings = settings,
                             .devices = devices,
                             .addresses = addresses,
                             .partial_settings = partial,
                             .bad_settings = bad };
        int failed;

        if (!mkdtemp(dir))
                return 99;
        make(dir, "load", "echo \"OK - load | load1=0.5;5;10;0 users=3 used=12%;80;90\"");
        make(dir, "warn", "echo \"WARNING - h\303\266her | t=1.5s\"; exit 1");
        snprintf(settings, sizeof(settings),
                 "\"directory\": \"%s\", \"checks\": [{\"name\": \"load\", \"command\": "
                 "[\"load\"]}, {\"name\": \"warn\", \"command\": [\"warn\", \"$HOST$\"]}]",
                 dir);
        snprintf(partial, sizeof(partial),
                 "\"directory\": \"%s\", \"checks\": [{\"name\": \"load\", \"command\": "
                 "[\"load\"]}, {\"name\": \"gone\", \"command\": [\"not-there\"]}]",
                 dir);
        snprintf(bad, sizeof(bad),
                 "\"checks\": [{\"name\": \"x\", \"command\": [\"a\"]}, "
                 "{\"name\": \"x\", \"command\": [\"a\"]}]");
        failed = conformance_run(&what);
        snprintf(path, sizeof(path), "%s/load", dir);
        unlink(path);
        snprintf(path, sizeof(path), "%s/warn", dir);
        unlink(path);
        rmdir(dir);
        return failed;
}
