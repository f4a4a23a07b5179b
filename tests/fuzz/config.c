/* Configurations: the first byte says whether the rest is YAML, a .env line for an override, or a
 * key to explain. Whatever comes in, every error has a text and every view can be printed. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const config *c)
{
        AUTO_JSON msptk_json *show = NULL;
        AUTO_JSON msptk_json *check = NULL;
        char *text = NULL;

        if (msptk__config_show(c, &show, NULL) < 0 ||
            msptk__config_check(c, NULL, &check, NULL) < 0)
                abort();
        if (msptk_json_print(show, 0, &text, NULL) < 0)
                abort();
        msptk_string_free(text);
}

static void open_text(const char *text)
{
        AUTO_ERROR msptk_error *err = NULL;
        config_open how = { .path = "/w/t.yaml", .text = text };
        AUTO_CONFIG config *strict = NULL;
        AUTO_CONFIG config *lenient = NULL;

        if (msptk__config_open(&how, &strict, &err) < 0 && !*msptk_error_message(err))
                abort();
        how.lenient = true;
        if (msptk__config_open(&how, &lenient, NULL) == MSPTK_OK)
                look(lenient);
}

static void open_variable(const char *text)
{
        const char *env[] = { text, NULL };
        config_open how = { .text = "adapters: [{name: a, type: fake}]\nrmm: {provider: x}\n",
                            .path = "/w/t.yaml",
                            .env = env,
                            .lenient = true };
        AUTO_CONFIG config *c = NULL;

        if (msptk__config_open(&how, &c, NULL) == MSPTK_OK)
                look(c);
}

static void explain(const char *key)
{
        config_open how = { .text = "adapters: [{name: a, type: fake}]\n", .path = "/w/t.yaml" };
        AUTO_CONFIG config *c = NULL;
        AUTO_JSON msptk_json *json = NULL;
        AUTO_ERROR msptk_error *err = NULL;

        if (msptk__config_open(&how, &c, NULL) < 0)
                abort();
        if (msptk__config_explain(c, key, &json, &err) < 0 && !*msptk_error_suggestion(err))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_FREE char *text = NULL;
        AUTO_TREE tree_node *tree = NULL;

        if (!size)
                return 0;
        (void)msptk__tree_read("x", (const char *)data + 1, size - 1, &tree, NULL);
        text = msptk__strndup((const char *)data + 1, size - 1);
        if (!text)
                return 0;
        if (data[0] == 'v')
                open_variable(text);
        else if (data[0] == 'e')
                explain(text);
        else
                open_text(text);
        return 0;
}
