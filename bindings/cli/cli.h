/*
 * The msp-toolkit command: a door. Commands, flags, help, completions, the man page and tables are
 * made from the operation table of the library; here is only how they look.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msptk/msptk.h>

#include "common/text.h"

#define PROGRAM "msp-toolkit"

enum { EXIT_FINE = 0, EXIT_PROBLEM = 1, EXIT_USAGE = 2, EXIT_UNABLE = 3, EXIT_INTERRUPTED = 130 };

/* ---- style.c ---- */
enum {
        STYLE_PLAIN,
        STYLE_BOLD,
        STYLE_DIM,
        STYLE_GOOD,
        STYLE_WARNING,
        STYLE_CRITICAL,
        STYLE_UNKNOWN,
        STYLE_HEAD
};
/* Which style a status or severity word has. */
int style_of_word(const char *word);

/* ---- the program ---- */
enum { FAIL_WARNING = 1, FAIL_CRITICAL = 2, FAIL_UNKNOWN = 4, FAIL_ALL = 7 };

typedef struct globals {
        const char *config, *plan_token;
        bool json, quiet, plan, yes, help, version, no_color;
        int verbose;
        int64_t timeout_ms; /* 0: the operation's own */
        unsigned fail_on;   /* FAIL_* */
        size_t width;       /* 0: not given */
} globals;

typedef struct cli {
        globals g;
        msptk_json *table; /* "msptk.operations/1" */
        bool color_out, color_err, utf8, out_tty, err_tty, in_tty;
        size_t width;      /* of tables; 0: as wide as they are */
        size_t help_width; /* of prose */
        msptk_cancel *cancel;
        msptk_toolkit *tk;
        int64_t now;       /* microseconds UTC, for ages */
        unsigned seen;     /* FAIL_* of what the results said */
        bool to_stderr;    /* out_write() writes there, for what accompanies a question */
        const char *lead;  /* "--tier=", before what completes a value; NULL: nothing */
        int out_errno;     /* why standard output cannot be written */
        int32_t log_level; /* of a server: 0 debug ... 3 error */
} cli;

void style_init(cli *c);
void add_styled(text *t, bool color, int style, const char *s);

/* ---- output.c ---- */
void out_write(cli *c, const char *s, size_t n);
void out_text(cli *c, text *t); /* writes and empties */
void out_flush(cli *c);
/* Whether nobody reads any more, or nothing can be written. */
bool out_broken(const cli *c);
void print_json(cli *c, const msptk_json *doc);
/* The whole result as one JSON document; rows are streamed. */
msptk_status print_result_json(cli *c, const msptk_json *row, msptk_result *r, bool limited,
                               msptk_error **ret_err);

/* ---- commands.c ---- */
const msptk_json *op_first(const cli *c);
const msptk_json *op_by_name(const cli *c, const char *name);
const char *op_text(const msptk_json *row, const char *key); /* "" when absent */
const msptk_json *op_param_first(const msptk_json *row);
bool op_in_cli(const msptk_json *row);
/* The first word of its command, and the rest after the blank ("" for one word). */
const char *op_verb(const msptk_json *row, char noun[64]);
bool noun_exists(const cli *c, const char *noun);
/* Whether a row before this one has the noun, so that it is named once. */
bool op_noun_before(const cli *c, const msptk_json *row, const char *noun);
/* The row of one or two words; *ret_used says how many. NULL: none. */
const msptk_json *op_of_words(const cli *c, const char *first, const char *second,
                              size_t *ret_used);
const char *command_suggestion(const cli *c, const char *first, const char *second);
void add_door_commands(cli *c);

bool param_hidden(const msptk_json *param);
bool param_is(const msptk_json *param, const char *type);
/* "CLIENT" of a positional parameter (at most 63 bytes), or "". */
void param_positional(const msptk_json *param, char word[64]);
/* "--name" (at most 95 bytes). */
void param_flag(const msptk_json *param, char flag[96]);
/* Whether the flag stands in the help: not for what is positional only. */
bool param_has_flag(const msptk_json *param);
bool param_answers(const msptk_json *param, const char *flag);

/* ---- arguments.c ---- */
typedef struct global_flag {
        const char *flag, *letter, *value, *about;
        const char *values; /* of an enum, for completion */
} global_flag;
const global_flag *global_flags(size_t *ret_count);

typedef struct invocation {
        const msptk_json *row; /* NULL: help or version */
        const char *noun;      /* help of a noun */
        msptk_json *values;    /* what was given */
        bool ask_secret;       /* an optional secret is to be asked for */
} invocation;

/* MSPTK_OK, or MSPTK_E_INVALID with a message; *try_help gets the command whose help to see. */
msptk_status parse_command_line(cli *c, int argc, char **argv, invocation *ret, text *try_help,
                                msptk_error **ret_err);
msptk_status usage_error(msptk_error **ret_err, const char *fmt, ...)
        __attribute__((format(printf, 2, 3)));
/* Everything required is there; secrets are read elsewhere. */
msptk_status check_required(const invocation *inv, msptk_error **ret_err);

/* ---- help.c ---- */
void help_general(cli *c, text *t);
void help_noun(cli *c, const char *noun, text *t);
void help_command(cli *c, const msptk_json *row, text *t);
/* "CLIENT [--days INT]" of a command. */
void add_synopsis(text *t, const msptk_json *row);
void param_notes(text *t, const msptk_json *param);
/* The word that stands for a parameter's value: "TEXT", "TIME" ... */
const char *value_word(const msptk_json *param);
extern const char *const exit_lines[][2];
extern const char *const environment_lines[][2];

/* ---- format.c: values for people ---- */
/* kind is one of the column kinds or "" to guess from the key and the value. */
const char *guess_kind(const char *key, const msptk_json *v);
void add_value(const cli *c, text *t, const msptk_json *v, const char *kind, bool in_table);
int value_style(const msptk_json *v, const char *kind);
bool is_place(const msptk_json *v);
bool kind_is_number(const char *kind);
/* RFC 3339 to microseconds; false when it is not a time. */
bool time_parse(const char *s, int64_t *ret);
int64_t now_us(void); /* microseconds UTC */
void add_time(const cli *c, text *t, int64_t when, bool in_table);
void add_age(const cli *c, text *t, int64_t when);
void add_label(text *t, const char *key);

/* ---- table.c ---- */
typedef struct table table;
/* Columns that `given` has a value for are left out, unless they are of the first importance. */
table *table_new(cli *c, const msptk_json *columns, const msptk_json *given);
void table_row(table *t, const msptk_json *row); /* copied */
size_t table_waiting(const table *t);
/* Prints the rows that wait; the head only before the first ones. */
void table_print(table *t, size_t indent);
void table_free(table *t);
const msptk_json *value_at(const msptk_json *row, const char *path);

/* ---- below.c ---- */
bool holds_objects(const msptk_json *v);
void add_list_below(const cli *c, text *t, const char *title, const msptk_json *list,
                    size_t indent);

/* ---- record.c ---- */
/* Words wrapped at `limit` (0: never), further lines beginning at `column`, where `t` stands. */
void add_wrapped(text *t, const char *s, size_t column, size_t limit, bool color, int style);
void print_record(cli *c, const msptk_json *row, const msptk_json *doc, size_t indent);
/* What a page says beside its rows, without what was given as an argument. */
void print_footer(cli *c, const msptk_json *row, const msptk_json *doc, const msptk_json *values);

/* ---- plan.c ---- */
void print_plan(cli *c, const msptk_json *row, const msptk_json *plan, int argc, char **argv);
bool must_confirm(const msptk_json *row);
/* Asks on the terminal; false: no, or interrupted. */
bool confirmed(cli *c, const char *question);

/* ---- secret.c ---- */
/* Adds the secret parameters that have to be asked for to inv->values. */
/* Gives the terminal its echo back; also before an abrupt end. */
void secret_restore_terminal(void);
msptk_status read_secrets(cli *c, invocation *inv, msptk_error **ret_err);

/* ---- signals.c ---- */
void signals_start(cli *c);
/* The signal that asked the program to stop; 0: none. */
int signals_caught(void);
/* Readable once a signal asked the program to stop. */
int signals_fd(void);
void signals_end_by(int signo) __attribute__((noreturn));

/* ---- progress.c ---- */
typedef struct progress {
        cli *c;
        int64_t started_ms, drawn_ms;
        int64_t done, total; /* as last told; total 0: nothing was */
        char *what;
        bool drawn, ended, has_clock;
        pthread_t clock; /* draws what was told early and still counts */
        pthread_mutex_t lock;
        pthread_cond_t end;
} progress;
void progress_start(progress *p, cli *c);
int32_t progress_note(void *user, int64_t done, int64_t total, const char *what);
void progress_end(progress *p);
void note_line(const char *line, size_t n); /* to stderr, past a progress bar */

/* ---- errors.c ---- */
/* Says what failed; returns the exit code. `try_help` may be NULL. */
int report_error(cli *c, const msptk_error *err, const msptk_json *row, const char *try_help);
/* Replaces names of operations by their commands. */
void add_as_commands(const cli *c, text *t, const char *s, bool whole);

/* ---- run.c ---- */
/* Who acts: the account this program runs under, not what the environment claims. */
enum { PRINCIPAL_MAX = 200 };
void principal_name(char out[PRINCIPAL_MAX]);
typedef void (*log_fn)(void *user, int32_t level, const char *room, const char *message);
/* `log` hears what the library says, with `c`; NULL: lines for people, if --verbose asks for them.
 */
msptk_status open_toolkit(cli *c, uint64_t more_flags, log_fn log, msptk_error **ret_err);
msptk_status call_row(cli *c, const msptk_json *row, const msptk_json *values, bool plan,
                      const char *plan_token, msptk_result **ret, msptk_error **ret_err);
int run_command(cli *c, invocation *inv, int argc, char **argv);
void close_toolkit(cli *c);

/* ---- complete.c, man.c ---- */
int complete_main(cli *c, int argc, char **argv);
int completion_script(cli *c, const char *shell);
int man_main(cli *c);

#endif
