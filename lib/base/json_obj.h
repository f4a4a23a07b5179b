/* Builds a JSON object field by field; the first failure sticks and is reported once, at the end.
 */
#ifndef BASE_JSON_OBJ_H
#define BASE_JSON_OBJ_H

#include <msptk/json.h>

#include "base/error.h"

typedef struct json_obj {
        msptk_json *json; /* an object, or an array for the _add functions; NULL after a failure */
        msptk_status failed;
} json_obj;

json_obj msptk__obj(void);                                            /* starts an object */
json_obj msptk__array(void);                                          /* starts an array */
void msptk__obj_str(json_obj *o, const char *key, const char *value); /* NULL leaves the key out */
void msptk__obj_str_or_null(json_obj *o, const char *key, const char *value);
void msptk__obj_int(json_obj *o, const char *key, int64_t value);
void msptk__obj_double(json_obj *o, const char *key, double value);
void msptk__obj_bool(json_obj *o, const char *key, bool value);
void msptk__obj_null(json_obj *o, const char *key);
/* A time as RFC 3339 UTC; 0 becomes null. */
void msptk__obj_time(json_obj *o, const char *key, int64_t us);
void msptk__obj_json(json_obj *o, const char *key,
                     msptk_json *child); /* adopts; NULL is a failure */
/* A text of JSON as the value it says. MSPTK_DONE, and nothing set, when it is NULL or no JSON: the
 * caller says what that means. Memory that fails is a failure, not an absence. */
msptk_status msptk__obj_parsed(json_obj *o, const char *key, const char *text);
void msptk__obj_copy(json_obj *o, const char *key,
                     const msptk_json *value);                       /* NULL leaves the key out */
void msptk__obj_take(json_obj *o, const char *key, json_obj *child); /* adopts what child built */
void msptk__array_str(json_obj *a, const char *value);
void msptk__array_json(json_obj *a, msptk_json *child);
void msptk__array_take(json_obj *a, json_obj *child);
/* Gives what was built, or the failure; *o is empty afterwards. */
msptk_status msptk__obj_end(json_obj *o, msptk_json **ret, msptk_error **ret_err);
void msptk__obj_clear(json_obj *o);
#define AUTO_OBJ __attribute__((cleanup(msptk__obj_clear)))

#endif
