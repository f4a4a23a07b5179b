/*
 * What the doors that are programs share: growing text, how wide it is on a terminal, and how
 * foreign text is made safe to show. Out of memory ends the program: a door holds nothing that the
 * library has not already written down.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- text.c ---- */
typedef struct text {
        char *data; /* NUL-terminated, never NULL after the first addition */
        size_t len, cap;
} text;

void text_add(text *t, const char *s);
void text_addn(text *t, const char *s, size_t n);
void text_addf(text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_fill(text *t, char c, size_t n);
const char *text_str(const text *t); /* "" when empty */
void text_reset(text *t);
void text_free(text *t);
void *need(void *p); /* ends the program when p is NULL */
char *copy_text(const char *s);
char *copy_part(const char *s, size_t n);
/* The nearest of `words` by edit distance; NULL when none is near. */
const char *nearest_word(const char *given, const char *const *words, size_t count);

/* ---- width.c: columns on a terminal, for any script ---- */
enum { TEXT_BAD_BYTE = 0x110000 };
/* The character at `s` and its bytes; a byte that is no UTF-8 is TEXT_BAD_BYTE. */
uint32_t text_char(const char *s, size_t *ret_bytes);
size_t text_width(const char *s);
/* Bytes of the longest beginning that fits into `columns`; *ret_width is how wide it is. */
size_t text_cut(const char *s, size_t columns, size_t *ret_width);
/* Makes foreign text safe to print: control and direction characters become visible. With
 * `one_line` line ends become blanks. */
void add_clean(text *t, const char *s, bool one_line);

#endif
