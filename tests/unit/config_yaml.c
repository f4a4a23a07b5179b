/* The YAML reader: what it refuses, and that it says where. */
#include "support.h"
#include "config/config.h"

typedef struct refusal {
        const char *text;
        msptk_status status;
        const char *message;
} refusal;

static void read_refuses(const refusal *r)
{
        AUTO_ERROR msptk_error *err = NULL;
        tree_node *root = NULL;
        msptk_status st = msptk__tree_read("x.yaml", r->text, strlen(r->text), &root, &err);

        if (st != r->status || !strstr(msptk_error_message(err), r->message))
                print_error("%s\ngave %d: %s\n", r->text, (int)st, msptk_error_message(err));
        assert_int_equal(st, r->status);
        assert_non_null(strstr(msptk_error_message(err), r->message));
        assert_null(root);
}

static void refuses_what_configurations_do_not_need_and_says_where(void **state)
{
        static const refusal cases[] = {
                { "a: &x 1\nb: *x\n", MSPTK_E_PARSE, "x.yaml: line 1, column 4: anchors" },
                { "a: 1\nb: *x\n", MSPTK_E_PARSE, "line 2, column 4: " },
                { "a: !!str 1\n", MSPTK_E_PARSE, "line 1, column 4: tags" },
                { "a: 1\nb: 2\n  \na: 3\n", MSPTK_E_PARSE,
                  "line 4, column 1: the key 'a' is given twice, first in line 1" },
                { "a: 1\n---\nb: 2\n", MSPTK_E_PARSE, "line 2, column 1: a second document" },
                { "? [a, b]\n: 1\n", MSPTK_E_PARSE, "line 1, column 3: a list or map cannot be" },
                { "a:\n  <<: {b: 1}\n", MSPTK_E_PARSE, "line 2, column 3: merge keys" },
                { "a: \"x\\0y\"\n", MSPTK_E_PARSE, "line 1, column 4: a text with a NUL" },
                { "a: 1\nb: \xff\n", MSPTK_E_PARSE, "line 2, column 4: " },
                { "a: [1, 2\n", MSPTK_E_PARSE, "x.yaml: line 2, column 1" },
                { "a:\n\tb: 1\n", MSPTK_E_PARSE, "line 2, column 1" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
                read_refuses(&cases[i]);
}

static void a_tab_is_named_as_the_cause(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        tree_node *root = NULL;

        (void)state;
        assert_int_equal(msptk__tree_read("x", "a:\n\tb: 1\n", 8, &root, &err), MSPTK_E_PARSE);
        assert_non_null(strstr(msptk_error_suggestion(err), "tabs"));
}

static void depth_size_and_number_are_bounded(void **state)
{
        AUTO_BUF buf deep = BUF_INIT(1000);
        AUTO_BUF buf many = BUF_INIT(TREE_MAX_BYTES);
        AUTO_FREE char *large = msptk__alloc(TREE_MAX_BYTES + 2);
        AUTO_TREE tree_node *root = NULL;
        msptk_error *err = NULL;

        (void)state;
        for (int i = 0; i < TREE_MAX_DEPTH; i++)
                msptk__buf_add_char(&deep, '[');
        for (int i = 0; i < TREE_MAX_DEPTH; i++)
                msptk__buf_add_char(&deep, ']');
        assert_int_equal(msptk__tree_read("x", deep.data, deep.len, &root, NULL), MSPTK_OK);
        msptk__buf_reset(&deep);
        for (int i = 0; i < TREE_MAX_DEPTH + 1; i++)
                msptk__buf_add_char(&deep, '[');
        assert_int_equal(msptk__tree_read("x", deep.data, deep.len, &root, &err), MSPTK_E_TOOBIG);
        assert_string_equal(msptk_error_message(err),
                            "x: line 1, column 33: nested deeper than 32 levels");
        msptk_error_free(err);
        memset(large, '#', TREE_MAX_BYTES + 1);
        assert_int_equal(msptk__tree_read("x", large, TREE_MAX_BYTES + 1, &root, NULL),
                         MSPTK_E_TOOBIG);
        msptk__buf_add_char(&many, '[');
        for (int i = 0; i <= TREE_MAX_NODES; i++)
                msptk__buf_add_str(&many, "1,");
        msptk__buf_add_char(&many, ']');
        assert_int_equal(msptk__tree_read("x", many.data, many.len, &root, NULL), MSPTK_E_TOOBIG);
}

static void nodes_know_their_place_and_kind(void **state)
{
        static const char text[] = "\xEF\xBB\xBFgeneral:\n  name: \"7\"\n  n: 7\n  o: 1.5e3\n"
                                   "  t: true\n  z: ~\n  s: 10s\n  list: [ä, b]\n";
        AUTO_TREE tree_node *root = NULL;
        const tree_node *general;
        int64_t n = 0;
        bool yes = false;

        (void)state;
        assert_int_equal(msptk__tree_read("x", text, sizeof(text) - 1, &root, NULL), MSPTK_OK);
        general = msptk__tree_get(root, "general");
        assert_int_equal(general->count, 7);
        assert_int_equal(msptk__tree_get(general, "n")->line, 3);
        assert_int_equal(msptk__tree_get(general, "n")->column, 6);
        assert_int_equal(msptk__tree_get(general, "n")->key_column, 3);
        assert_int_equal(msptk__tree_scalar_type(msptk__tree_get(general, "name")), TREE_STR);
        assert_int_equal(msptk__tree_scalar_type(msptk__tree_get(general, "o")), TREE_FLOAT);
        assert_int_equal(msptk__tree_scalar_type(msptk__tree_get(general, "z")), TREE_NULL);
        assert_int_equal(msptk__tree_scalar_type(msptk__tree_get(general, "s")), TREE_STR);
        assert_true(msptk__tree_int(msptk__tree_get(general, "n"), &n) && n == 7);
        assert_true(msptk__tree_bool(msptk__tree_get(general, "t"), &yes) && yes);
        /* columns count characters */
        assert_int_equal(msptk__tree_at(msptk__tree_get(general, "list"), 1)->column, 13);
}

static void empty_documents_are_empty_maps(void **state)
{
        static const char *const texts[] = { "", "# nothing\n", "---\n", "---\n...\n", "~\n" };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                AUTO_TREE tree_node *root = NULL;

                assert_int_equal(msptk__tree_read("x", texts[i], strlen(texts[i]), &root, NULL),
                                 MSPTK_OK);
                assert_int_equal(root->kind, TREE_MAP);
                assert_int_equal(root->count, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(refuses_what_configurations_do_not_need_and_says_where),
                cmocka_unit_test(a_tab_is_named_as_the_cause),
                cmocka_unit_test(depth_size_and_number_are_bounded),
                cmocka_unit_test(nodes_know_their_place_and_kind),
                cmocka_unit_test(empty_documents_are_empty_maps),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
