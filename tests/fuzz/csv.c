/* The CSV reader: every row is whole text within its bounds, or there is an error with a line. */
#include <stdlib.h>
#include <string.h>

#include "clients/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const csv_row *row, int64_t *line)
{
        if (!row->count || row->count > CSV_COLUMNS_MAX || row->line <= *line)
                abort();
        *line = row->line;
        for (size_t i = 0; i < row->count; i++)
                if (strlen(row->fields[i]) > CSV_FIELD_MAX ||
                    !msptk__utf8_valid(row->fields[i], strlen(row->fields[i])))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_CSV csv *c = NULL;
        msptk_status st;
        int64_t line = 0;
        csv_row row;

        if (msptk__csv_open((const char *)data, size, &c, &err) < 0)
                return strstr(msptk_error_message(err), "line ") ? 0 : (abort(), 0);
        while ((st = msptk__csv_next(c, &row, &err)) == MSPTK_OK)
                check_row(&row, &line);
        if (st < 0 && !strstr(msptk_error_message(err), "line "))
                abort();
        return 0;
}
