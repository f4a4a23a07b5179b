/*
 * Floor 9. The operation table: every thing a person can ask for is one row, and every door is made
 * from the rows. A row names its work function, which lives in the room of its noun; this room adds
 * the check of arguments, the description as JSON, and msptk_call().
 */
#ifndef OPS_OPS_H
#define OPS_OPS_H

#include "audit/audit.h"
#include "base/base.h"

enum {
        PARAM_STRING, /* UTF-8, no control characters but newline and tab; bounds are its length in
                         characters */
        PARAM_SLUG,   /* an id */
        PARAM_INT,
        PARAM_NUMBER,
        PARAM_BOOL,
        PARAM_ENUM,
        PARAM_TIME, /* complete: microseconds UTC; given as RFC 3339, a date, "24h", "yesterday" */
        PARAM_DURATION, /* complete: milliseconds; given as "5m" */
        PARAM_BYTES,    /* complete: bytes; given as "1.5 GiB" */
        PARAM_SECRET,   /* a string that no log, audit row or echo shows */
        PARAM_FILE_IN,  /* a path that the operation reads */
        PARAM_FILE_OUT, /* a path that the operation writes */
        PARAM_ARGV,     /* words of a command */
        PARAM_LIST,     /* of strings, or of `values`; given as array or comma-separated text */
        PARAM_MAP       /* an object; given also as "key=value,key=value" */
};

/* Bounds of every text (and of each item of a list), list and map. */
enum { OP_TEXT_MAX = 65536, OP_ITEMS_MAX = 1000 };

enum {
        OP_REQUIRED = 1 << 0,
        OP_FUTURE = 1 << 2, /* a time to come: "30d" counts forward from now */
        OP_PLAIN = 1 << 3,  /* its name and values say enough: agents see no description */
        OP_PRIVATE =
                1 << 1, /* left out of digest echo and audit detail, like a secret, but not one */
};

typedef struct op_param {
        const char *name;
        int32_t type;
        uint32_t flags;
        const char *about;
        const char *cli;     /* "NAME": positional; "--contact": flag; "NAME|--id": either; NULL:
                                "--name-with-dashes" */
        const char *dflt;    /* as text; NULL: absent from the complete arguments */
        const char *values;  /* words separated by spaces, of enums and lists */
        const char *aliases; /* "disk-space=disk healthy=ok" */
        const char *unit;
        double min, max; /* bounds when max > min: of a number, of milliseconds, of a string's
                            characters, of a list's items */
        const char *
                complete; /* what completes it: client device alert adapter secret check file key */
        const char *exclusive; /* at most one parameter of the same group may be given */
        const char *hide;      /* doors that do not show it, separated by spaces */
} op_param;

typedef struct op_column {
        const char *key; /* path in the row: "health.status" */
        const char *title;
        int32_t priority; /* 1 stays on the narrowest terminal; higher numbers go first */
        const char *kind; /* text status severity time age int number percent bytes duration bool
                             list */
} op_column;

typedef struct op_error {
        const char *reason;
        const char *suggestion;
} op_error;

typedef struct op_example {
        const char *cli; /* what comes after "msp-toolkit " */
        const char *about;
} op_example;

enum { RESULT_RECORD, RESULT_PAGE, RESULT_TEXT };

typedef struct op_row {
        act_row act; /* name, scope, effect, outside, plan, timeout, client parameter, work
                        functions */
        const char *since;
        const char *title;
        const char *summary;     /* one line of help */
        const char *description; /* at most 100 tokens, for agents and people alike */
        const char *cli;         /* "client add" */
        const char *absent;      /* "mcp: changes secrets; http: ..."; NULL: has every door */
        int32_t tool; /* 1: a tool of agents (MCP); few are, as agents read all of them */
        int32_t idempotent;
        int32_t needs;              /* NEED_* of lib/base: what must be open */
        const op_param *params;     /* ended by {0} */
        int32_t kind;               /* RESULT_* */
        const char *schema;         /* "msptk.client/1" */
        const char *rows;           /* key of the array in a RESULT_PAGE */
        const op_column *columns;   /* of the rows, or of the record; ended by {0} */
        const char *verdict;        /* key of a check status; NULL when it judges nothing */
        const char *coverage;       /* keys that say how much was covered, separated by spaces */
        const char *volatile_keys;  /* differ from run to run: times, ids, durations */
        const char *result;         /* JSON Schema of the result's properties, an object as text */
        const op_error *errors;     /* ended by {0} */
        const op_example *examples; /* ended by {0} */
} op_row;

/* All rows, in the order of help. */
enum { OP_ROWS_MAX = 128, OP_TOOLS_MAX = 15 };
void msptk__op_rows(const op_row *ret_rows[OP_ROWS_MAX], size_t *ret_count);
const op_row *msptk__op_row(const char *name); /* NULL when unknown */

/* The act_row of a row, with its check filled in. */
act_row msptk__op_act(const op_row *row);

/* act_row.check of every row. */
msptk_status msptk__op_check(const act_row *row, const ctx *c, const msptk_json *args,
                             msptk_json **ret_args, msptk_json **ret_shown, msptk_error **ret_err);
/* One value, as it was given, without clock and zone: what the setters of msptk_args can check. */
msptk_status msptk__op_check_one(const op_row *row, const char *name, const msptk_json *value,
                                 msptk_error **ret_err);
/* Foreign text fit to be quoted in a message: at most 64 bytes, whole characters, visible. */
enum { OP_QUOTE_CAP = 80 };
const char *msptk__op_quote(const char *text, char out[OP_QUOTE_CAP]);
msptk_status msptk__op_check_name(const op_row *row, const char *name, const op_param **ret_param,
                                  msptk_error **ret_err);

/* JSON Schema (2020-12) of a row's parameters and of its result. */
msptk_status msptk__op_input_schema(const op_row *row, msptk_json **ret, msptk_error **ret_err);
msptk_status msptk__op_output_schema(const op_row *row, msptk_json **ret, msptk_error **ret_err);

/* cursor.c: act_row.run of every row with pages; NULL when the row has none. */
msptk_status msptk__op_run_page(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err);
const op_param *msptk__op_cursor(const op_row *row);

/* {"input": ..., "output": ...}: the lean form of both for a row that is a tool. */
msptk_status msptk__op_tool_schemas(const op_row *row, msptk_json **ret, msptk_error **ret_err);

/* msptk_call() for who is inside the toolkit already. */
msptk_status msptk__call_inside(msptk_toolkit *tk, const msptk_args *args,
                                const msptk_call_opts *opts, msptk_result **ret_result,
                                msptk_error **ret_err);

/* Tables of the nouns, each ended by a row without a name. */
extern const op_row msptk__client_rows[];
extern const op_row msptk__device_rows[];
extern const op_row msptk__health_rows[];
extern const op_row msptk__policy_rows[];
extern const op_row msptk__alert_rows[];
extern const op_row msptk__adapter_rows[];
extern const op_row msptk__admin_rows[];
extern const op_row msptk__access_rows[];
extern const op_row msptk__workspace_rows[];

#endif
