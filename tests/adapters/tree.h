/* Trees of files that stand for /proc, /sys and /etc of some machine. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

void tree_make(char root[64]); /* an empty one below the build's temporary directory */
void tree_put(const char *root, const char *path, const char *content); /* parents are made */
void tree_link(const char *root, const char *path, const char *target);
void tree_dir(const char *root, const char *path);
void tree_remove(const char *root, const char *path); /* one file */
void tree_free(const char *root);
/* A server as Debian shows it: two cpus, 8 GiB, ext4, one network card, no systemd. */
void tree_server(const char *root);

#endif
