/* What the tests of lib/store share: a schema, directories that vanish, and short assertions. */
#ifndef TESTS_STORE_SUPPORT_H
#define TESTS_STORE_SUPPORT_H

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

#define assert_ok(call) assert_int_equal((call), MSPTK_OK)
/* The call fails with this status and reason; the error is released. */
#define assert_fails(call, status, reason, err) \
        do { \
                assert_int_equal((call), (status)); \
                assert_string_equal(msptk_error_reason(*(err)), (reason)); \
                msptk_error_free(*(err)); \
                *(err) = NULL; \
        } while (0)

static const char *const thing_tables[] = {
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "CREATE TABLE part (id INTEGER PRIMARY KEY, thing INTEGER NOT NULL REFERENCES thing (id))",
        "CREATE TABLE tally (n INTEGER NOT NULL)",
        "INSERT INTO tally (n) VALUES (0)",
        NULL,
};
static const store_migration thing_migrations[] = { { 10, "test", "things", thing_tables }, { 0 } };
static const store_migration *const all_tables[] = { thing_migrations };

static inline __attribute__((unused)) int64_t ticks_ms(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Opened, created when missing, with the tables above. */
static inline __attribute__((unused)) store *open_ready(const char *path)
{
        AUTO_ERROR msptk_error *err = NULL;
        store *s = NULL;

        if (msptk__store_open(&(store_options){ .path = path, .create = true }, &s, &err) < 0 ||
            msptk__store_migrate(s, all_tables, 1, 1000000, &err) < 0)
                print_error("%s\n", msptk_error_message(err)), assert_null(err);
        return s;
}

/* In memory where the machine has it: these tests wait for a disk thousands of times. */
static inline __attribute__((unused)) char *make_dir(void)
{
        bool memory = access("/dev/shm", W_OK) == 0;
        char *dir =
                msptk__strdup(memory ? "/dev/shm/msptk-store-XXXXXX" : "/tmp/msptk-store-XXXXXX");

        assert_non_null(mkdtemp(dir));
        return dir;
}

static inline __attribute__((unused)) void remove_dir(char **slot)
{
        DIR *d = opendir(*slot);
        char path[512];

        for (struct dirent *e; d && (e = readdir(d));) {
                snprintf(path, sizeof(path), "%s/%s", *slot, e->d_name);
                unlink(path);
        }
        if (d)
                closedir(d);
        rmdir(*slot);
        msptk__free(*slot);
}
#define AUTO_DIR __attribute__((cleanup(remove_dir)))

/* A file of `size` bytes that repeats the text. */
static inline __attribute__((unused)) void write_file(const char *path, const char *text,
                                                      size_t size)
{
        FILE *f = fopen(path, "wb");
        size_t len = strlen(text);

        assert_non_null(f);
        for (size_t i = 0; i < size; i++)
                fputc(text[i % len], f);
        assert_int_equal(fclose(f), 0);
}

#endif
