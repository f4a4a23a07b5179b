/* Reads CSV as RFC 4180 has it, and as spreadsheets write it. */
#ifndef CLIENTS_CSV_H
#define CLIENTS_CSV_H

#include "base/base.h"

enum { CSV_COLUMNS_MAX = 256, CSV_FIELD_MAX = 65536 };

typedef struct csv_row {
        const char **fields; /* NUL-terminated; they live until the next row is read */
        size_t count;
        int64_t line; /* on which it begins, from 1 */
} csv_row;

/* Over text that outlives it. The separator (',', ';' or tab) is the one that the first line has
 * most of, outside quotes. */
typedef struct csv csv;
msptk_status msptk__csv_open(const char *text, size_t len, csv **ret, msptk_error **ret_err);
/* MSPTK_OK, MSPTK_DONE, or E_PARSE with line and column in its message. Empty lines are skipped. */
msptk_status msptk__csv_next(csv *c, csv_row *ret, msptk_error **ret_err);
void msptk__csv_free(csv *c);

DEFINE_AUTO_FREE(msptk__auto_csv, csv, msptk__csv_free)
#define AUTO_CSV __attribute__((cleanup(msptk__auto_csv)))

#endif
