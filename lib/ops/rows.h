/* What rows of several nouns share, so that the same thing is always called the same. */
#ifndef OPS_ROWS_H
#define OPS_ROWS_H

#include "ops/ops.h"

#define TIERS "bronze silver gold premium"
#define CLIENT_STATUSES "active inactive suspended"
#define CHECK_STATUSES "ok warning critical unknown"
#define CHECK_TYPES "cpu memory disk services network custom"
#define CHECK_ALIASES "disk-space=disk disk_space=disk service=services"

/* A client is named by its id or, exactly, by its name. */
enum { CLIENT_TEXT_MAX = 200 };
#define PARAM_CLIENT_REQUIRED(text) \
        { \
                .name = "client_id", .type = PARAM_STRING, .min = 1, .max = CLIENT_TEXT_MAX, \
                .flags = OP_REQUIRED | OP_PLAIN, .about = text, .cli = "CLIENT", \
                .complete = "client" \
        }
#define PARAM_CLIENT_FILTER(text) \
        { \
                .name = "client_id", .type = PARAM_STRING, .min = 1, .max = CLIENT_TEXT_MAX, \
                .flags = OP_PLAIN, .about = text, .cli = "CLIENT|--client", .complete = "client" \
        }
#define PARAM_LIMIT \
        { \
                .name = "limit", .type = PARAM_INT, .flags = OP_PLAIN, \
                .about = "at most this many rows; without it all of them", .min = 1, .max = 1000 \
        }
#define PARAM_CURSOR \
        { \
                .name = "cursor", .type = PARAM_STRING, .flags = OP_PLAIN, \
                .about = "next_cursor of the page before", .min = 1, .max = 512, .hide = "cli" \
        }

#define ERROR_CLIENT \
        { "CLIENT_NOT_FOUND", "use client_list to see the clients that exist" }, \
        { \
                "CLIENT_AMBIGUOUS", "name the client by its id" \
        }

/* Fields of "msptk.client/1", for schemas. */
#define CLIENT_FIELDS \
        "\"schema\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"},\"name\":{\"type\":" \
        "\"string\"}," \
        "\"tier\":{\"type\":\"string\",\"enum\":[\"bronze\",\"silver\",\"gold\",\"premium\"]}," \
        "\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\",\"suspended\"]}," \
        "\"contact\":{\"type\":[\"string\",\"null\"]},\"contacts\":{\"type\":\"array\",\"items\":" \
        "{\"type\":\"string\"}}," \
        "\"rmm_id\":{\"type\":[\"string\",\"null\"]},\"fields\":{\"type\":\"object\"}," \
        "\"revision\":{\"type\":\"integer\"}," \
        "\"created_at\":{\"type\":\"string\"},\"updated_at\":{\"type\":\"string\"}"

/* remove.c */
msptk_status msptk__op_client_delete(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err);
msptk_status msptk__op_device_remove(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err);

#endif
