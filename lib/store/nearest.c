/* Texts of rows: copies, and the nearest of them for "did you mean". */
#define ROOM "store"
#include "store/internal.h"

bool msptk__stmt_copy(store_stmt *q, int32_t column, char **ret_slot)
{
        const char *text = msptk__stmt_text_or_null(q, column);

        *ret_slot = msptk__strdup(text);
        return !text || *ret_slot;
}

char *msptk__query_nearest(store_tx *tx, const char *sql, const char *word, store_value also)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_JSON msptk_json *texts = msptk_json_new_array();
        const char *names[STORE_NEAREST_MAX];
        char from[2] = { word[0], '\0' }, to[2] = { (char)(word[0] + 1), '\0' };
        size_t n = 0;

        if (!texts || !word[0] || (unsigned char)word[0] >= 0x7f)
                return NULL;
        if (msptk__query(tx, &q, NULL, sql, SQL_TEXT(from), SQL_TEXT(to), also) < 0)
                return NULL;
        while (msptk__stmt_step(q, NULL) == MSPTK_OK)
                if (msptk_json_append_string(texts, msptk__stmt_text(q, 0)) < 0)
                        return NULL;
        for (const msptk_json *i = msptk_json_first(texts); i && n < STORE_NEAREST_MAX;
             i = msptk_json_next(i))
                names[n++] = msptk_json_string(i, "");
        return msptk__strdup(msptk__nearest(word, names, n));
}
