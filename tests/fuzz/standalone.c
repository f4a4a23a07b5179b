/* Runs a fuzz target over files and directories of seeds, so that corpora are normal tests. Each
 * seed also runs cut in half and with single bytes changed, from a fixed sequence. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MUTATIONS = 64 };

static size_t inputs, seeds;

static void run_copy(const uint8_t *data, size_t size)
{
        /* A block of exactly this size lets the sanitizers see one byte too far. */
        uint8_t *copy = malloc(size ? size : 1);

        if (!copy)
                exit(2);
        memcpy(copy, data, size);
        (void)LLVMFuzzerTestOneInput(copy, size);
        free(copy);
        inputs++;
}

static void run_variants(uint8_t *data, size_t size)
{
        uint32_t random = 2463534242u;

        run_copy(data, size);
        run_copy(data, size / 2);
        for (int i = 0; i < MUTATIONS && size > 0; i++) {
                uint8_t *byte, kept;

                random ^= random << 13;
                random ^= random >> 17;
                random ^= random << 5;
                byte = &data[random % size];
                kept = *byte;
                *byte = i % 4 ? (uint8_t)(kept ^ (1u << (random >> 8) % 8))
                              : (uint8_t)(random >> 16);
                run_copy(data, size);
                *byte = kept;
        }
}

static int run_file(const char *path)
{
        FILE *f = fopen(path, "rb");
        uint8_t *data = NULL;
        long size = -1;

        if (f && fseek(f, 0, SEEK_END) == 0)
                size = ftell(f);
        if (size >= 0)
                data = malloc((size_t)size + 1);
        if (!data || fseek(f, 0, SEEK_SET) != 0 ||
            fread(data, 1, (size_t)size, f) != (size_t)size) {
                perror(path);
                free(data);
                if (f)
                        fclose(f);
                return -1;
        }
        fclose(f);
        run_variants(data, (size_t)size);
        free(data);
        seeds++;
        return 0;
}

static int run_path(const char *path)
{
        struct stat st;
        struct dirent *entry;
        DIR *dir;
        int rc = 0;

        if (stat(path, &st) != 0) {
                perror(path);
                return -1;
        }
        if (!S_ISDIR(st.st_mode))
                return run_file(path);
        dir = opendir(path);
        if (!dir)
                return -1;
        while (rc == 0 && (entry = readdir(dir))) {
                char name[4096];

                if (entry->d_name[0] == '.')
                        continue;
                snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
                rc = run_path(name);
        }
        closedir(dir);
        return rc;
}

int main(int argc, char **argv)
{
        run_copy((const uint8_t *)"", 0);
        for (int i = 1; i < argc; i++)
                if (run_path(argv[i]) != 0)
                        return 1;
        printf("%zu seeds, %zu inputs\n", seeds, inputs);
        return seeds > 0 ? 0 : 1;
}
