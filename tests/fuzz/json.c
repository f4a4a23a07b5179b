/* The JSON reader and printer: what is read prints, reads back equal, and prints the same again. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The integers that come back as strings, because they are beyond 2^53. */
static bool has_big_integer(const msptk_json *json)
{
        int64_t limit = INT64_C(1) << 53, value;
        uint64_t large;

        for (const msptk_json *j = msptk_json_first(json); j; j = msptk_json_next(j))
                if (has_big_integer(j))
                        return true;
        if (msptk_json_type(json) != MSPTK_JSON_INT)
                return false;
        value = msptk_json_int(json, 0);
        return value > limit || value < -limit ||
               (value == 0 && msptk__json_uint(json, &large) && large);
}

static msptk_json *read_back(const char *text)
{
        msptk_json *doc = NULL;

        if (msptk__json_parse(text, strlen(text), SIZE_MAX, 64, &doc, NULL) < 0)
                abort();
        return doc;
}

static void check_round_trip(const msptk_json *doc, uint64_t flags)
{
        AUTO_FREE char *text = NULL, *again = NULL;
        AUTO_JSON msptk_json *back = NULL, *copy = msptk_json_copy(doc);

        if (msptk_json_print(doc, flags, &text, NULL) < 0)
                abort();
        back = read_back(text);
        if (!has_big_integer(doc) && !msptk__json_equal(doc, back))
                abort();
        if (!copy || !msptk__json_equal(doc, copy))
                abort();
        if (msptk_json_print(back, flags, &again, NULL) < 0 || strcmp(text, again) != 0)
                abort();
}

static void check_error(const msptk_error *err)
{
        AUTO_FREE char *text = NULL;
        AUTO_JSON msptk_json *back = NULL;

        if (msptk_error_to_json(err, &text) < 0)
                abort();
        back = read_back(text);
        if (!msptk__utf8_valid(msptk_error_message(err), strlen(msptk_error_message(err))) ||
            strcmp(msptk_json_string(msptk_json_get(back, "message"), ""),
                   msptk_error_message(err)) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *doc = NULL;

        if (msptk_json_parse((const char *)data, size, &doc, &err) < 0) {
                check_error(err);
                return 0;
        }
        check_round_trip(doc, 0);
        check_round_trip(doc, MSPTK_JSON_PRETTY);
        return 0;
}
