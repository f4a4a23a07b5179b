/* Builds JSON objects with one check at the end. */
#define ROOM "base"
#include "base/base.h"

#include <string.h>

static void note(json_obj *o, msptk_status st)
{
        if (st < 0 && !o->failed)
                o->failed = st;
}

static json_obj start(msptk_json *json)
{
        return (json_obj){ .json = json, .failed = json ? MSPTK_OK : MSPTK_E_NOMEM };
}

json_obj msptk__obj(void)
{
        return start(msptk_json_new_object());
}

json_obj msptk__array(void)
{
        return start(msptk_json_new_array());
}

void msptk__obj_str(json_obj *o, const char *key, const char *value)
{
        if (value && !o->failed)
                note(o, msptk_json_set_string(o->json, key, value));
}

void msptk__obj_str_or_null(json_obj *o, const char *key, const char *value)
{
        if (value)
                msptk__obj_str(o, key, value);
        else
                msptk__obj_null(o, key);
}

void msptk__obj_int(json_obj *o, const char *key, int64_t value)
{
        if (!o->failed)
                note(o, msptk_json_set_int(o->json, key, value));
}

void msptk__obj_double(json_obj *o, const char *key, double value)
{
        if (!o->failed)
                note(o, msptk_json_set_double(o->json, key, value));
}

void msptk__obj_bool(json_obj *o, const char *key, bool value)
{
        if (!o->failed)
                note(o, msptk_json_set_bool(o->json, key, value));
}

void msptk__obj_null(json_obj *o, const char *key)
{
        if (!o->failed)
                note(o, msptk_json_set_null(o->json, key));
}

void msptk__obj_time(json_obj *o, const char *key, int64_t us)
{
        char text[TIME_TEXT_MAX];

        if (!us) {
                msptk__obj_null(o, key);
                return;
        }
        msptk__time_format(us, text);
        msptk__obj_str(o, key, text);
}

void msptk__obj_json(json_obj *o, const char *key, msptk_json *child)
{
        if (!child)
                note(o, MSPTK_E_NOMEM);
        if (o->failed)
                msptk_json_free(child);
        else
                note(o, msptk_json_set(o->json, key, child));
}

msptk_status msptk__obj_parsed(json_obj *o, const char *key, const char *text)
{
        msptk_json *value = NULL;
        msptk_status st;

        if (o->failed)
                return MSPTK_OK;
        st = text ? msptk_json_parse(text, strlen(text), &value, NULL) : MSPTK_DONE;
        if (st == MSPTK_OK)
                msptk__obj_json(o, key, value);
        else if (st == MSPTK_E_NOMEM)
                note(o, st);
        else
                st = MSPTK_DONE;
        return st == MSPTK_DONE ? MSPTK_DONE : MSPTK_OK;
}

void msptk__obj_copy(json_obj *o, const char *key, const msptk_json *value)
{
        if (value && !o->failed)
                msptk__obj_json(o, key, msptk_json_copy(value));
}

void msptk__obj_take(json_obj *o, const char *key, json_obj *child)
{
        note(o, child->failed);
        msptk__obj_json(o, key, STEAL(child->json));
}

void msptk__array_str(json_obj *a, const char *value)
{
        if (!a->failed)
                note(a, msptk_json_append_string(a->json, value));
}

void msptk__array_json(json_obj *a, msptk_json *child)
{
        if (!child)
                note(a, MSPTK_E_NOMEM);
        if (a->failed)
                msptk_json_free(child);
        else
                note(a, msptk_json_append(a->json, child));
}

void msptk__array_take(json_obj *a, json_obj *child)
{
        note(a, child->failed);
        msptk__array_json(a, STEAL(child->json));
}

msptk_status msptk__obj_end(json_obj *o, msptk_json **ret, msptk_error **ret_err)
{
        if (o->failed) {
                msptk_status st = o->failed;

                msptk__obj_clear(o);
                if (st == MSPTK_E_NOMEM)
                        return msptk__nomem(ret_err);
                return fail(ret_err, st, "a text of the result is not valid UTF-8");
        }
        *ret = STEAL(o->json);
        return MSPTK_OK;
}

void msptk__obj_clear(json_obj *o)
{
        msptk_json_free(o->json);
        o->json = NULL;
}
