/*
 * The words in which rows write the JSON Schema of their results: F_STR("name") is a property of
 * that type, F_STR_0 one that may be null; properties are joined by "," and enclosed by "{" "}".
 */
#ifndef OPS_FIELDS_H
#define OPS_FIELDS_H

/* clang-format off */
#define F_TYPE(key, type) "\"" key "\":{\"type\":\"" type "\"}"
#define F_TYPE_0(key, type) "\"" key "\":{\"type\":[\"" type "\",\"null\"]}"
#define F_STR(key) F_TYPE(key, "string")
#define F_STR_0(key) F_TYPE_0(key, "string")
#define F_INT(key) F_TYPE(key, "integer")
#define F_INT_0(key) F_TYPE_0(key, "integer")
#define F_NUM(key) F_TYPE(key, "number")
#define F_NUM_0(key) F_TYPE_0(key, "number")
#define F_BOOL(key) F_TYPE(key, "boolean")
#define F_ANY_OBJECT(key) F_TYPE(key, "object")
#define F_ANY_OBJECT_0(key) F_TYPE_0(key, "object")
#define F_OBJECT(key, fields) "\"" key "\":{\"type\":\"object\",\"properties\":{" fields "}}"
#define F_LIST(key, fields) \
        "\"" key "\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{" fields "}}}"
#define F_ANY_LIST(key) "\"" key "\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define F_STRINGS(key) "\"" key "\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define F_ENUM(key, words) "\"" key "\":{\"type\":\"string\",\"enum\":[" words "]}"

#define F_STATUS F_ENUM("status", "\"ok\",\"warning\",\"critical\",\"unknown\"")
#define F_CURSOR F_STR_0("next_cursor")
#define F_SCHEMA F_STR("schema")
/* clang-format on */

#endif
