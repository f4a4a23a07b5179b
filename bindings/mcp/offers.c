/* What is offered beside tools: made once, listed as often as asked. */
#include "mcp/offers.h"

offers *offers_new(mcp_tools *t)
{
        offers *o = need(calloc(1, sizeof(*o)));

        o->resources = resource_list(t, false);
        o->templates = resource_list(t, true);
        o->prompts = prompt_list(t);
        return o;
}

void offers_free(offers *o)
{
        while (o && o->watches) {
                watched *gone = o->watches;

                o->watches = gone->next;
                free(gone->uri);
                free(gone->principal);
                free(gone);
        }
        if (!o)
                return;
        msptk_json_free(o->resources);
        msptk_json_free(o->templates);
        msptk_json_free(o->prompts);
        free(o);
}

const msptk_json *offers_list(const offers *o, int32_t what)
{
        return what == MCP_RESOURCES   ? o->resources
               : what == MCP_TEMPLATES ? o->templates
                                       : o->prompts;
}
