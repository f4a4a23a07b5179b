/* The YAML reader: libyaml's events become a bounded tree; the only file that knows libyaml. */
#define ROOM "config"
#include <yaml.h>

#include "config/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
        yaml_parser_t parser;
        const char *name;
        const char *text;
        size_t len;
        tree_node *stack[TREE_MAX_DEPTH]; /* open lists and maps, borrowed from the tree */
        size_t depth;
        size_t nodes;
        tree_node *root;
        char *key; /* of the map on top of the stack, waiting for its value */
        int32_t key_line, key_column;
        int32_t line, column; /* of the failure */
        msptk_error **ret_err;
} reader;

#define refuse(r, mark, status, suggestion, ...) \
        (place((r), (mark)), fail_at((r), (status), (suggestion), __VA_ARGS__))

static void place(reader *r, const yaml_mark_t *mark)
{
        r->line = (int32_t)mark->line + 1;
        r->column = (int32_t)mark->column + 1;
}

static msptk_status fail_at(reader *r, msptk_status status, const char *suggestion, const char *fmt,
                            ...) __attribute__((format(printf, 4, 5)));
static msptk_status fail_at(reader *r, msptk_status status, const char *suggestion, const char *fmt,
                            ...)
{
        char text[512];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        return fail_why(r->ret_err, status, "YAML", suggestion, "%s: line %d, column %d: %s",
                        r->name, (int)r->line, (int)r->column, text);
}

/* libyaml gives only a byte offset for text that it cannot decode. */
static void place_offset(reader *r, size_t offset)
{
        r->line = 1;
        r->column = 1;
        for (size_t i = 0; i < offset && i < r->len; i++) {
                if (r->text[i] == '\n') {
                        r->line++;
                        r->column = 1;
                } else if (((unsigned char)r->text[i] & 0xC0) != 0x80) {
                        r->column++;
                }
        }
}

static bool tab_at(const reader *r, size_t index)
{
        return index < r->len && r->text[index] == '\t';
}

static msptk_status parser_failed(reader *r)
{
        const yaml_parser_t *p = &r->parser;
        const char *problem = p->problem ? p->problem : "not valid YAML";

        if (p->error == YAML_MEMORY_ERROR)
                return msptk__nomem(r->ret_err);
        if (p->error == YAML_READER_ERROR) {
                place_offset(r, p->problem_offset);
                return fail_at(r, MSPTK_E_PARSE,
                               "save the file as UTF-8 without control characters", "%s", problem);
        }
        if (tab_at(r, p->problem_mark.index))
                return refuse(r, &p->problem_mark, MSPTK_E_PARSE,
                              "indent with spaces; YAML does not allow tabs there", "%s", problem);
        if (p->context && p->context_mark.line != p->problem_mark.line)
                return refuse(r, &p->problem_mark, MSPTK_E_PARSE,
                              "check indentation, quotes and brackets around that line",
                              "%s (%s that began in line %d)", problem, p->context,
                              (int)p->context_mark.line + 1);
        return refuse(r, &p->problem_mark, MSPTK_E_PARSE,
                      "check indentation, quotes and brackets around that line", "%s", problem);
}

static msptk_status next_event(reader *r, yaml_event_t *event)
{
        if (!yaml_parser_parse(&r->parser, event))
                return parser_failed(r);
        return MSPTK_OK;
}

static int by_key_then_place(const void *a, const void *b)
{
        const tree_node *x = *(const tree_node *const *)a;
        const tree_node *y = *(const tree_node *const *)b;
        int order = strcmp(x->key, y->key);

        if (order)
                return order;
        if (x->key_line != y->key_line)
                return x->key_line < y->key_line ? -1 : 1;
        return (x->key_column > y->key_column) - (x->key_column < y->key_column);
}

/* Sorted, so that a map of many keys does not cost the square of their number. */
static msptk_status refuse_duplicates(reader *r, const tree_node *map)
{
        AUTO_FREE tree_node **sorted = NULL;
        const tree_node *first = NULL, *again = NULL;
        size_t n = 0;

        if (map->count < 2)
                return MSPTK_OK;
        sorted = msptk__alloc_array(map->count, sizeof(*sorted));
        if (!sorted)
                return msptk__nomem(r->ret_err);
        for (tree_node *item = map->first; item; item = item->next)
                sorted[n++] = item;
        qsort(sorted, n, sizeof(*sorted), by_key_then_place);
        for (size_t i = 1; i < n; i++) {
                if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
                        continue;
                if (!again || sorted[i]->key_line < again->key_line) {
                        first = sorted[i - 1];
                        again = sorted[i];
                }
        }
        if (!again)
                return MSPTK_OK;
        r->line = again->key_line;
        r->column = again->key_column;
        return fail_at(r, MSPTK_E_PARSE, "keep one of the two",
                       "the key '%.80s' is given twice, first in line %d", again->key,
                       (int)first->key_line);
}

static msptk_status no_extras(reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
        if (anchor)
                return refuse(r, &event->start_mark, MSPTK_E_PARSE,
                              "write the value out where it is needed",
                              "anchors ('&') are not accepted");
        if (tag)
                return refuse(r, &event->start_mark, MSPTK_E_PARSE,
                              "leave the tag out; put text in quotes",
                              "tags ('!') are not accepted");
        return MSPTK_OK;
}

/* Hangs a new node where the reader stands. */
static msptk_status attach(reader *r, tree_node *node, const yaml_event_t *event)
{
        tree_node *parent = r->depth ? r->stack[r->depth - 1] : NULL;

        node->line = (int32_t)event->start_mark.line + 1;
        node->column = (int32_t)event->start_mark.column + 1;
        if (!parent) {
                r->root = node;
                return MSPTK_OK;
        }
        node->key = STEAL(r->key);
        node->key_line = r->key_line;
        node->key_column = r->key_column;
        if (parent->last)
                parent->last->next = node;
        else
                parent->first = node;
        parent->last = node;
        parent->count++;
        return MSPTK_OK;
}

static bool wants_key(const reader *r)
{
        return r->depth && r->stack[r->depth - 1]->kind == TREE_MAP && !r->key;
}

static msptk_status count_node(reader *r, const yaml_event_t *event)
{
        if (++r->nodes > TREE_MAX_NODES)
                return refuse(r, &event->start_mark, MSPTK_E_TOOBIG, "split the file",
                              "more than %d values", (int)TREE_MAX_NODES);
        return MSPTK_OK;
}

static msptk_status on_scalar(reader *r, const yaml_event_t *event)
{
        const char *text = (const char *)event->data.scalar.value;
        size_t len = event->data.scalar.length;
        tree_node *node;

        TRY(no_extras(r, event, event->data.scalar.anchor, event->data.scalar.tag));
        if (memchr(text, 0, len))
                return refuse(r, &event->start_mark, MSPTK_E_PARSE, "leave the \\0 out",
                              "a text with a NUL character");
        if (wants_key(r)) {
                r->key = msptk__strndup(text, len);
                if (!r->key)
                        return msptk__nomem(r->ret_err);
                r->key_line = (int32_t)event->start_mark.line + 1;
                r->key_column = (int32_t)event->start_mark.column + 1;
                if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, "<<") == 0)
                        return refuse(r, &event->start_mark, MSPTK_E_PARSE,
                                      "write the keys out where they are needed",
                                      "merge keys ('<<') are not accepted");
                return MSPTK_OK;
        }
        TRY(count_node(r, event));
        node = msptk__tree_new(TREE_SCALAR, text, NULL);
        if (!node)
                return msptk__nomem(r->ret_err);
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return attach(r, node, event);
}

static msptk_status on_open(reader *r, const yaml_event_t *event, int32_t kind)
{
        bool map = kind == TREE_MAP;
        tree_node *node;

        TRY(no_extras(r, event,
                      map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                      map ? event->data.mapping_start.tag : event->data.sequence_start.tag));
        if (wants_key(r))
                return refuse(r, &event->start_mark, MSPTK_E_PARSE, "use a plain word as the key",
                              "a list or map cannot be a key");
        if (r->depth == TREE_MAX_DEPTH)
                return refuse(r, &event->start_mark, MSPTK_E_TOOBIG, "nest less deeply",
                              "nested deeper than %d levels", (int)TREE_MAX_DEPTH);
        TRY(count_node(r, event));
        node = msptk__tree_new(kind, NULL, NULL);
        if (!node)
                return msptk__nomem(r->ret_err);
        TRY(attach(r, node, event));
        r->stack[r->depth++] = node;
        return MSPTK_OK;
}

static msptk_status on_event(reader *r, const yaml_event_t *event, bool *ret_done)
{
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                return on_scalar(r, event);
        case YAML_SEQUENCE_START_EVENT:
                return on_open(r, event, TREE_LIST);
        case YAML_MAPPING_START_EVENT:
                return on_open(r, event, TREE_MAP);
        case YAML_MAPPING_END_EVENT:
                return refuse_duplicates(r, r->stack[--r->depth]);
        case YAML_SEQUENCE_END_EVENT:
                r->depth--;
                return MSPTK_OK;
        case YAML_ALIAS_EVENT:
                return refuse(r, &event->start_mark, MSPTK_E_PARSE,
                              "write the value out where it is needed",
                              "aliases ('*') are not accepted");
        case YAML_DOCUMENT_START_EVENT:
                if (r->nodes)
                        return refuse(r, &event->start_mark, MSPTK_E_PARSE,
                                      "keep one document per file",
                                      "a second document begins here");
                return MSPTK_OK;
        case YAML_STREAM_END_EVENT:
                *ret_done = true;
                return MSPTK_OK;
        default:
                return MSPTK_OK;
        }
}

static msptk_status read_events(reader *r)
{
        bool done = false;

        while (!done) {
                yaml_event_t event;
                msptk_status st;

                TRY(next_event(r, &event));
                st = on_event(r, &event, &done);
                yaml_event_delete(&event);
                if (st < 0)
                        return st;
        }
        return MSPTK_OK;
}

static msptk_status read_text(reader *r)
{
        if (r->len > TREE_MAX_BYTES)
                return fail_at(r, MSPTK_E_TOOBIG, "split the file", "%zu bytes; the limit is %d",
                               r->len, (int)TREE_MAX_BYTES);
        if (!yaml_parser_initialize(&r->parser))
                return msptk__nomem(r->ret_err);
        yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->len);
        TRY(read_events(r));
        /* nothing but comments, or `---` alone */
        if (r->root && msptk__tree_scalar_type(r->root) == TREE_NULL) {
                msptk__tree_free(r->root);
                r->root = NULL;
        }
        if (!r->root) {
                r->root = msptk__tree_new(TREE_MAP, NULL, NULL);
                if (!r->root)
                        return msptk__nomem(r->ret_err);
                r->root->line = r->root->column = 1;
        }
        return MSPTK_OK;
}

msptk_status msptk__tree_read_at(const char *name, const char *text, size_t len, tree_node **ret,
                                 int32_t *ret_line, int32_t *ret_column, msptk_error **ret_err)
{
        reader r = {
                .name = name, .text = text, .len = len, .line = 1, .column = 1, .ret_err = ret_err
        };
        msptk_status st;

        /* libyaml skips the mark only when it guesses the encoding, which we do not let it do. */
        if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
                r.text += 3;
                r.len -= 3;
        }
        st = read_text(&r);
        yaml_parser_delete(&r.parser);
        msptk__free(r.key);
        if (st < 0) {
                msptk__tree_free(r.root);
                *ret_line = r.line;
                *ret_column = r.column;
                return st;
        }
        *ret = r.root;
        return MSPTK_OK;
}

msptk_status msptk__tree_read(const char *name, const char *text, size_t len, tree_node **ret,
                              msptk_error **ret_err)
{
        int32_t line, column;

        return msptk__tree_read_at(name, text, len, ret, &line, &column, ret_err);
}

/* Its header does not say what it was: the build file asked for at least this. */
library_version msptk__config_library(void)
{
        return (library_version){ "libyaml", "0.2.5", yaml_get_version_string() };
}
