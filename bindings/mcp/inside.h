/*
 * What the files of the production catalogue share. One file for each step of a call:
 *
 *   tools.c      the catalogue: rows of the operation table, who may see them, the toolkit's life
 *   describe.c   a row -> its entry in the tool list
 *   arguments.c  what came with a call, checked against the entry
 *   invoke.c     a call: client, operation, here or in the background
 *   pages.c      rows that fit into a budget of tokens
 *   confirm.c    plan -> question -> change
 *   rows.c       a row -> JSON and a line of the table
 *   render.c     a result -> text, and the reply
 *   envelope.c   an error -> the reply
 *   hostile.c    foreign text made safe
 *
 * Resources, prompts and completions have files of their own (offers.h); they ask the library by
 * ask_library(), so that their reads are admitted and audited like those of tools.
 */
#ifndef MCP_INSIDE_H
#define MCP_INSIDE_H

#include "mcp/tools.h"
#include "mcp/tree.h"

enum { TOOLS_MAX = 15, SCOPE_SETS = 8 };
/* A token is estimated as three and a half bytes. */
enum { TOKENS_DEFAULT = 4000, TOKENS_LEAST = 500, TOKENS_MOST = 20000 };
/* Bytes of one foreign text. */
enum { CAP_CONCISE = 300, CAP_DETAILED = 4000, CAP_NAME = 120 };
/* Bytes of the tokens and keys that callers bring. */
enum { CONFIRMATION_MAX = 4096, IDEMPOTENCY_MAX = 256 };
enum { TRACE_BYTES = 33 };
/* Elements of a list beside the rows of a page. */
enum { LIST_MOST = 20 };
/* Of the table of a page. */
enum { COLUMNS_MAX = 32 };

/* An operation that is a tool. */
typedef struct tool {
        const msptk_json *row; /* of the operation table */
        const char *name;
        const char *client_param; /* NULL when none */
        const char *rows;         /* key of its rows; NULL when the result is one record */
        uint32_t scope;           /* the MCP_* that a principal needs */
        bool writes, outside;
        msptk_json *entry; /* in the tool list */
} tool;

typedef struct principal_name {
        struct principal_name *next;
        char name[];
} principal_name;

struct mcp_tools {
        mcp_tools_opts opts;
        mcp_catalogue catalogue;
        mcp_server *server;           /* NULL until mcp_tools_attach() */
        const msptk_json *operations; /* the operation table */
        msptk_json *own_operations;   /* the same, when it was not given; NULL */
        tool tools[TOOLS_MAX];
        size_t count;
        msptk_json
                *lists[SCOPE_SETS]; /* the tool list of each set of scopes, made when asked for */
        char *instructions;
        msptk_toolkit *tk; /* NULL until a call needs it */
        principal_name *names;
        struct offers *offers; /* resources, prompts and completions */
        int64_t limit_noted_s; /* when a refusal by the limiter was last entered in the trail */
};

/* ---- tools.c ---- */
msptk_status need_toolkit(mcp_tools *t, msptk_error **ret_err);
const tool *tool_by_name(const mcp_tools *t, const char *name);
/* Whether it is listed for `who`. */
bool may_see(const mcp_tools *t, const tool *o, const mcp_principal *who);
/* The row of any operation, tool or not; NULL when there is none. */
const msptk_json *operation_by_name(const mcp_tools *t, const char *name);
/* Options of a call on behalf of `who`; `trace` may be NULL. Not to be used for changes: it is
 * read-only. */
msptk_call_opts *reading_opts(const char *principal, const char *trace);
/* A local read on behalf of `who`, at once. `values` is borrowed; the result is the caller's, with
 * foreign text as it came. */
msptk_status ask_library(mcp_tools *t, const char *principal, const char *trace,
                         const char *operation, const msptk_json *values, msptk_json **ret,
                         msptk_error **ret_err);

/* ---- describe.c ---- */
msptk_json *describe_tool(const tool *o);

/* ---- arguments.c ---- */
typedef struct tool_args {
        msptk_json *values; /* for the operation */
        bool detailed;
        int64_t max_tokens;
        int64_t limit;            /* 0: none was given */
        char *confirmation_token; /* NULL when absent */
        char *idempotency_key;    /* NULL when absent */
} tool_args;

/* What is wrong with an argument. */
typedef struct problem {
        char *field, *expected, *got, *suggestion;
} problem;
bool take_arguments(const tool *o, const msptk_json *given, tool_args *ret, problem *ret_problem);
void arguments_clear(tool_args *a);
void problem_clear(problem *p);

/* ---- invoke.c ---- */
typedef struct column {
        const char *key, *title;
        size_t key_len;
        bool in_text, time;
        bool secret; /* by its name */
} column;

typedef struct run run;
typedef void (*run_step)(run *r, msptk_status st, const msptk_json *result, const msptk_error *err);

/* One call of a tool, from its arguments to its reply. */
struct run {
        mcp_tools *t;
        mcp_call *c;
        const tool *o;
        tool_args a;
        char *principal;
        char trace[TRACE_BYTES];
        char *client_id, *client_name; /* NULL when it is not about one client */
        char *plan_token;              /* of the plan that is confirmed */
        msptk_cancel *cancel;
        run_step step; /* where the answer of the library goes */
        /* pages.c */
        column columns[COLUMNS_MAX];
        size_t column_count;
        bool deep_columns; /* some are inside other objects */
        msptk_json *head;
        text rows, lines; /* as JSON, separated by commas; of the table */
        size_t kept;      /* how many rows these are */
        char *cursor;     /* where the page being read begins; NULL: at the start */
        char *next;       /* where the page after it begins */
        size_t used;      /* bytes of what is kept, and of what stands around it */
        bool exact;       /* the page being read is known to fit */
        bool from_start;
};

/* What the audit trail and an error have in common: the caller's trace, or one of our own; 32 hex
 * digits. */
void make_trace(const mcp_call *c, char ret[TRACE_BYTES]);
void call_tool(void *user, mcp_call *c, const char *name, const msptk_json *given);
/* Asks the library for the operation with `r->a.values`; `step` gets the answer, now or later. */
void perform(run *r, bool plan, run_step step);
/* Enters in the audit trail that this door refused the call; `why` is one word. */
void note_refusal(run *r, const msptk_json *values, const char *why);
void run_free(run *r); /* after the call has been ended */

/* ---- pages.c ---- */
void read_pages(run *r);

/* ---- confirm.c ---- */
void confirm_and_change(run *r);

/* ---- render.c ---- */
/* {"content": [text], "structuredContent": ...}: both taken over. */
void reply_with(mcp_call *c, char *text, msptk_json *structured, bool is_error);
/* Of text that is clean already, with its quotes. */
void add_json_text(text *t, const char *s);
/* Without what would end its line or its cell; at most `cap` bytes. */
void add_flat(text *t, const char *s, size_t cap);
/* The text before the table. */
void add_page_head(text *t, const run *r, const msptk_json *head, size_t shown);
void reply_record(run *r, const msptk_json *result);
/* {"id", "name"} in `object`, when the run is about one client. */
void put_client(const run *r, msptk_json *object);
/* The client of a result that is about one, unless it is known. */
void learn_client(run *r, const msptk_json *result);
/* A foreign name in quotes, which it cannot leave. */
void add_name(text *t, const char *name);
/* Names of the parameters by which a result gets smaller, comma-separated. */
void add_filters(text *t, const run *r);
/* A copy of an object whose lists have at most `most` elements; beside each stands how many it
 * lost. */
msptk_json *cut_lists(const msptk_json *json, size_t most, bool *ret_cut);
size_t printed_length(const msptk_json *json);
/* A value on one line, fit for a table. */
void add_cell(text *t, const msptk_json *value, size_t cap);

/* ---- rows.c ---- */
/* Before any row. */
void note_columns(run *r);
void add_titles(text *t, const run *r);
/* The row as it is shown, the keys of the columns or everything: as JSON, and as a line of the
 * table without its line end. */
void add_row(const run *r, const msptk_json *row, text *json, text *line);

/* ---- envelope.c ---- */
/* The error as {"error": {...}}; `err` may be NULL. */
msptk_json *envelope_of(const run *r, msptk_status st, const msptk_error *err);
void reply_failure(run *r, msptk_status st, const msptk_error *err);
/* An error of this door. `details` is taken over, may be NULL; reason and suggestion are put into
 * it. */
void reply_refusal(run *r, const char *code, const char *reason, const char *message,
                   const char *suggestion, msptk_json *details);
void reply_problem(run *r, const problem *p);
void reply_rate(run *r, const char *reason, const char *message, int64_t wait_ms);
/* The message without paths, addresses and SQL. */
char *public_text(const mcp_tools *t, const char *message);

/* ---- hostile.c ---- */
/* Foreign text on one line: control, direction, zero-width and tag characters and escape sequences
 * are gone, what looks like a secret is hidden, at most `cap` bytes (and a note of what is left
 * out). */
void add_safe(text *t, const char *s, size_t cap);
char *safe(const char *s, size_t cap);
/* An object or array with the same done to every text in it; line ends are kept. */
msptk_json *safe_tree(const msptk_json *json, size_t cap);
/* Whether a text is safe as it is, also inside quotes and in a cell of a table. */
bool is_plain(const char *s, size_t *ret_len);
/* Whether a member of this name holds a secret. */
bool is_secret_name(const char *key);
/* The text `s` so; `made` is where it is kept when it had to be changed. */
const char *safe_value(const char *s, bool secret, size_t cap, text *made);
/* One value so: as the member `key`, which is ours, or as an element when `key` is NULL. Nothing
 * when there is no value. */
void put_safe(msptk_json *into, const char *key, const msptk_json *v, size_t cap);

#endif
