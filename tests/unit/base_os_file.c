/* Files are read to a limit, written whole or not at all, and paths are only text. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a directory per test ---- */

static int make_dir(void **state)
{
        char *dir = msptk__strdup("/tmp/msptk-file-XXXXXX");

        *state = dir;
        return dir && mkdtemp(dir) ? 0 : -1;
}

static void remove_below(const char *dir)
{
        struct dirent *entry;
        DIR *d;

        chmod(dir, 0700);
        d = opendir(dir);
        if (!d)
                return;
        while ((entry = readdir(d))) {
                AUTO_FREE char *path = msptk__path_join(dir, entry->d_name);

                if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
                        continue;
                if (entry->d_type == DT_DIR)
                        remove_below(path);
                else
                        unlink(path);
        }
        closedir(d);
        rmdir(dir);
}

static int remove_dir(void **state)
{
        remove_below(*state);
        msptk__free(*state);
        return 0;
}

static int entries(const char *dir)
{
        DIR *d = opendir(dir);
        int count = -2;

        while (readdir(d))
                count++;
        closedir(d);
        return count;
}

/* ---- reading and writing ---- */

static void a_file_comes_back_as_it_was_written_with_the_mode_asked_for(void **state)
{
        AUTO_FREE char *path = msptk__path_join(*state, "a");
        AUTO_FREE char *data = msptk__alloc(200000);
        AUTO_BUF buf out = BUF_INIT(200000);
        mode_t before = umask(077);
        file_info info;

        memset(data, 'x', 200000);
        data[7] = '\0';
        assert_int_equal(msptk__file_write(path, data, 200000, 0644, 0, NULL), MSPTK_OK);
        umask(before);
        assert_int_equal(msptk__file_read(path, FILE_NOFOLLOW, &out, NULL), MSPTK_OK);
        assert_int_equal(out.len, 200000);
        assert_memory_equal(out.data, data, 200000);
        assert_int_equal(msptk__file_stat(path, 0, &info, NULL), MSPTK_OK);
        assert_int_equal(info.kind, FILE_KIND_REGULAR);
        assert_int_equal(info.mode, 0644);
        assert_int_equal(info.size, 200000);
        assert_int_equal(info.uid, getuid());
        assert_true(info.mtime_us > INT64_C(1700000000000000));
        assert_int_equal(entries(*state), 1);
}

static void an_empty_file_is_empty_and_a_file_of_proc_has_content(void **state)
{
        AUTO_FREE char *path = msptk__path_join(*state, "a");
        AUTO_BUF buf out = BUF_INIT(100000);

        assert_int_equal(msptk__file_write(path, "", 0, 0600, 0, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_read(path, 0, &out, NULL), MSPTK_OK);
        assert_int_equal(out.len, 0);
        assert_int_equal(msptk__file_read("/proc/self/status", 0, &out, NULL), MSPTK_OK);
        assert_true(out.len > 100);
}

static void reading_stops_at_the_limit_of_the_buffer(void **state)
{
        AUTO_FREE char *path = msptk__path_join(*state, "a");
        AUTO_BUF buf exact = BUF_INIT(10), small = BUF_INIT(9);
        AUTO_ERROR msptk_error *err = NULL;
        char wanted[128];

        assert_int_equal(msptk__file_write(path, "0123456789", 10, 0600, 0, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_read(path, 0, &exact, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_read(path, 0, &small, &err), MSPTK_E_TOOBIG);
        snprintf(wanted, sizeof(wanted), "read '%s': it is longer than the limit of 9 bytes", path);
        assert_string_equal(msptk_error_message(err), wanted);
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state)
{
        AUTO_FREE char *fifo = msptk__path_join(*state, "fifo");
        AUTO_FREE char *link_path = msptk__path_join(*state, "link");
        AUTO_FREE char *file = msptk__path_join(*state, "file");
        AUTO_FREE char *below = msptk__path_join(file, "x");
        AUTO_ERROR msptk_error *err = NULL, *err2 = NULL;
        AUTO_BUF buf out = BUF_INIT(100);
        file_info info;
        char wanted[128];

        assert_int_equal(mkfifo(fifo, 0600), 0);
        assert_int_equal(symlink("file", link_path), 0);
        assert_int_equal(msptk__file_read(link_path, 0, &out, NULL), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk__file_write(file, "x", 1, 0600, 0, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_read(fifo, 0, &out, &err), MSPTK_E_IO);
        snprintf(wanted, sizeof(wanted), "read '%s': it is not a regular file", fifo);
        assert_string_equal(msptk_error_message(err), wanted);
        assert_int_equal(msptk__file_read(*state, 0, &out, NULL), MSPTK_E_IO);
        assert_int_equal(msptk__file_read(below, 0, &out, NULL), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk__file_read(link_path, FILE_NOFOLLOW, &out, &err2), MSPTK_E_IO);
        snprintf(wanted, sizeof(wanted),
                 "read '%s': it is a symbolic link, or links go in circles (errno %d)", link_path,
                 ELOOP);
        assert_string_equal(msptk_error_message(err2), wanted);
        assert_int_equal(msptk__file_read(link_path, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&out), "x");
        assert_int_equal(msptk__file_stat(link_path, FILE_NOFOLLOW, &info, NULL), MSPTK_OK);
        assert_int_equal(info.kind, FILE_KIND_LINK);
        assert_int_equal(msptk__file_stat(link_path, 0, &info, NULL), MSPTK_OK);
        assert_int_equal(info.kind, FILE_KIND_REGULAR);
        assert_int_equal(msptk__file_stat(fifo, 0, &info, NULL), MSPTK_OK);
        assert_int_equal(info.kind, FILE_KIND_OTHER);
        assert_int_equal(msptk__file_stat(below, 0, &info, NULL), MSPTK_E_NOTFOUND);
}

static void a_new_file_never_replaces_one(void **state)
{
        AUTO_FREE char *path = msptk__path_join(*state, "a");
        AUTO_BUF buf out = BUF_INIT(100);

        assert_int_equal(msptk__file_write(path, "1", 1, 0600, FILE_NEW, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_write(path, "2", 1, 0600, FILE_NEW, NULL), MSPTK_E_EXISTS);
        assert_int_equal(entries(*state), 1);
        assert_int_equal(msptk__file_read(path, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&out), "1");
        assert_int_equal(msptk__file_write(path, "3", 1, 0640, 0, NULL), MSPTK_OK);
        msptk__buf_reset(&out);
        assert_int_equal(msptk__file_read(path, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&out), "3");
}

static void a_failed_write_leaves_the_old_content_and_no_litter(void **state)
{
        AUTO_FREE char *dir = msptk__path_join(*state, "dir");
        AUTO_FREE char *inside = msptk__path_join(dir, "x"), *missing = NULL;

        assert_int_equal(msptk__dir_make(dir, 0700, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_write(inside, "1", 1, 0600, 0, NULL), MSPTK_OK);
        /* A directory that is not empty is in the place. */
        assert_int_equal(msptk__file_write(dir, "2", 1, 0600, 0, NULL), MSPTK_E_IO);
        assert_int_equal(entries(*state), 1);
        missing = msptk__path_join(dir, "no/such/file");
        assert_int_equal(msptk__file_write(missing, "2", 1, 0600, 0, NULL), MSPTK_E_NOTFOUND);
}

static void a_symbolic_link_is_replaced_and_its_target_kept(void **state)
{
        AUTO_FREE char *file = msptk__path_join(*state, "file");
        AUTO_FREE char *link_path = msptk__path_join(*state, "link");
        AUTO_BUF buf out = BUF_INIT(100);

        assert_int_equal(msptk__file_write(file, "old", 3, 0600, 0, NULL), MSPTK_OK);
        assert_int_equal(symlink("file", link_path), 0);
        assert_int_equal(msptk__file_write(link_path, "new", 3, 0600, 0, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_read(link_path, FILE_NOFOLLOW, &out, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_read(file, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&out), "newold");
}

static void directories_are_made_with_those_above_them(void **state)
{
        AUTO_FREE char *deep = msptk__path_join(*state, "a/b//c/");
        AUTO_FREE char *file = msptk__path_join(*state, "a/file");
        AUTO_FREE char *below = msptk__path_join(file, "d/e");
        AUTO_ERROR msptk_error *err = NULL;
        char wanted[160];
        file_info info;

        assert_int_equal(msptk__dir_make(deep, 0700, NULL), MSPTK_OK);
        assert_int_equal(msptk__dir_make(deep, 0700, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_stat(deep, 0, &info, NULL), MSPTK_OK);
        assert_int_equal(info.kind, FILE_KIND_DIR);
        assert_int_equal(info.mode, 0700);
        assert_int_equal(msptk__file_write(file, "", 0, 0600, 0, NULL), MSPTK_OK);
        assert_int_equal(msptk__dir_make(below, 0700, &err), MSPTK_E_NOTFOUND);
        snprintf(wanted, sizeof(wanted),
                 "make the directory '%s': a part of the path is not a directory (errno %d)", file,
                 ENOTDIR);
        assert_string_equal(msptk_error_message(err), wanted);
        assert_int_equal(msptk__dir_make("", 0700, NULL), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk__dir_make("/", 0700, NULL), MSPTK_OK);
}

static void no_descriptor_is_left_open(void **state)
{
        AUTO_FREE char *path = msptk__path_join(*state, "a");
        AUTO_BUF buf out = BUF_INIT(100);
        int before = entries("/proc/self/fd");

        for (int i = 0; i < 20; i++) {
                msptk__file_write(path, "1", 1, 0600, i % 2 ? FILE_NEW : 0, NULL);
                msptk__file_write(*state, "1", 1, 0600, 0, NULL);
                msptk__file_read(path, 0, &out, NULL);
                msptk__file_read(*state, 0, &out, NULL);
        }
        assert_int_equal(entries("/proc/self/fd"), before);
}

/* ---- paths ---- */

static void paths_are_joined_split_and_made_absolute(void **state)
{
        static const struct {
                const char *a, *b, *wanted;
        } joins[] = { { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "a", "/b", "/b" },
                      { "", "b", "b" },    { "/", "b", "/b" },   { "a", "", "a" } },
          absolutes[] = { { "/x", "a", "/x/a" },
                          { "/x/", "./a/../b/.", "/x/a/../b" },
                          { "/x", "/a//b/", "/a/b" },
                          { "/", ".", "/" },
                          { "/x/./y", "..", "/x/y/.." },
                          { NULL, "//", "/" },
                          { "/x", ".hidden", "/x/.hidden" } },
          dirs[] = { { "a/b", NULL, "a" }, { "a", NULL, "." },    { "/a", NULL, "/" },
                     { "/", NULL, "/" },   { "a/b/", NULL, "a" }, { "//a//b", NULL, "//a" },
                     { "", NULL, "." } };
        AUTO_FREE char *here = msptk__path_absolute(NULL, "x"), *there = NULL;
        char cwd[4096];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(joins); i++) {
                AUTO_FREE char *path = msptk__path_join(joins[i].a, joins[i].b);

                assert_string_equal(path, joins[i].wanted);
        }
        for (size_t i = 0; i < ARRAY_LEN(absolutes); i++) {
                AUTO_FREE char *path = msptk__path_absolute(absolutes[i].a, absolutes[i].b);

                assert_string_equal(path, absolutes[i].wanted);
        }
        for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
                AUTO_FREE char *path = msptk__path_dirname(dirs[i].a);

                assert_string_equal(path, dirs[i].wanted);
        }
        assert_non_null(getcwd(cwd, sizeof(cwd)));
        there = msptk__path_join(cwd, "x");
        assert_string_equal(here, there);
        assert_string_equal(msptk__path_basename("/a/b.c"), "b.c");
        assert_string_equal(msptk__path_basename("b.c"), "b.c");
}

static void errno_has_a_text_and_a_status(void **state)
{
        (void)state;
        assert_string_equal(msptk__errno_text(ENOSPC), "no space is left on the device");
        assert_int_equal(msptk__errno_status(EACCES), MSPTK_E_DENIED);
        assert_int_equal(msptk__errno_status(12345), MSPTK_E_IO);
        assert_string_equal(msptk__errno_text(12345), "an unusual failure of the system");
}

#define with_dir(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

static void advice_about_a_file_is_about_its_path(void **state)
{
        AUTO_FREE char *path = msptk__path_join(*state, "nothing-here.csv");
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_BUF buf out = BUF_INIT(100);

        assert_int_equal(msptk__file_read(path, 0, &out, &err), MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_suggestion(err), "check the path");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                with_dir(a_file_comes_back_as_it_was_written_with_the_mode_asked_for),
                with_dir(an_empty_file_is_empty_and_a_file_of_proc_has_content),
                with_dir(reading_stops_at_the_limit_of_the_buffer),
                with_dir(what_is_no_regular_file_is_refused_without_waiting),
                with_dir(a_new_file_never_replaces_one),
                with_dir(a_failed_write_leaves_the_old_content_and_no_litter),
                with_dir(a_symbolic_link_is_replaced_and_its_target_kept),
                with_dir(directories_are_made_with_those_above_them),
                with_dir(no_descriptor_is_left_open),
                with_dir(advice_about_a_file_is_about_its_path),
                cmocka_unit_test(paths_are_joined_split_and_made_absolute),
                cmocka_unit_test(errno_has_a_text_and_a_status),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
