/* Canonical JSON: keys sorted bytewise, no spaces; the same arguments give the same digest. */
#define ROOM "audit"
#include "audit/internal.h"

#include <stdlib.h>
#include <string.h>

enum { CANON_MAX = 16 * 1024 * 1024 };

static int by_key(const void *a, const void *b)
{
        return strcmp(msptk_json_key(*(msptk_json *const *)a),
                      msptk_json_key(*(msptk_json *const *)b));
}

/* Depth is bounded by the reader that made the tree (JSON_HARD_DEPTH). */
static msptk_status write_value(json_writer *w, const msptk_json *json)
{
        AUTO_FREE msptk_json **members = NULL;
        size_t n = 0;

        if (msptk_json_type(json) == MSPTK_JSON_ARRAY) {
                msptk__jw_array_begin(w);
                for (msptk_json *e = msptk_json_first(json); e; e = msptk_json_next(e))
                        TRY(write_value(w, e));
                msptk__jw_array_end(w);
                return MSPTK_OK;
        }
        if (msptk_json_type(json) != MSPTK_JSON_OBJECT) {
                msptk__jw_json(w, json);
                return MSPTK_OK;
        }
        members = msptk__alloc_array(msptk_json_count(json), sizeof(msptk_json *));
        if (!members)
                return MSPTK_E_NOMEM;
        for (msptk_json *e = msptk_json_first(json); e; e = msptk_json_next(e))
                members[n++] = e;
        qsort(members, n, sizeof(msptk_json *), by_key);
        msptk__jw_object_begin(w);
        for (size_t i = 0; i < n; i++) {
                msptk__jw_key(w, msptk_json_key(members[i]));
                TRY(write_value(w, members[i]));
        }
        msptk__jw_object_end(w);
        return MSPTK_OK;
}

msptk_status msptk__canon(const msptk_json *json, buf *out, msptk_error **ret_err)
{
        json_writer w;

        msptk__jw_init(&w, out, 0);
        if (!json) {
                msptk__jw_object_begin(&w);
                msptk__jw_object_end(&w);
        } else if (write_value(&w, json) < 0) {
                return msptk__nomem(ret_err);
        }
        if (msptk__jw_finish(&w) < 0)
                return out->failed ? msptk__buf_status(out, ROOM, "the arguments", ret_err)
                                   : fail(ret_err, MSPTK_E_INTERNAL, "write canonical JSON");
        return MSPTK_OK;
}

msptk_status msptk__canon_digest(const msptk_json *json, char ret[DIGEST_HEX],
                                 msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(CANON_MAX);

        TRY(msptk__canon(json, &text, ret_err));
        msptk__digest_hex(msptk__buf_text(&text), text.len, ret);
        return MSPTK_OK;
}
