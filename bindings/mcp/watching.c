/* Resources that somebody watches: read again from time to time, and told of when they differ. The
 * database may be changed by other processes, so looking is the only way to know. */
#include "mcp/offers.h"

enum { LOOK_FIRST_MS = 1000, LOOK_LAST_MS = 30000 };
/* Of all, and of one principal: nobody takes the place of all others. */
enum { WATCHES_MAX = 256, WATCHES_OF_ONE = 64 };

bool may_watch(void *user, const mcp_principal *who, const char *uri)
{
        const mcp_tools *t = user;
        char *value = NULL;
        const resource *r = resource_of(uri, &value);
        size_t count = 0, own = 0;

        /* What `who` may not read it is never told of: the read fails. */
        free(value);
        for (const watched *w = t->offers->watches; w; w = w->next) {
                count++;
                own += !strcmp(w->principal, who->name);
        }
        return r && r->operation && may_read(who) && operation_by_name(t, r->operation) &&
               count < WATCHES_MAX && own < WATCHES_OF_ONE;
}

/* FNV-1a; a change that keeps all 64 bits is as good as none. Ages ("status_age_s") grow by
 * themselves and are passed over; inside a string the quote after the key would be escaped. */
static uint64_t digest(const char *s)
{
        static const char age[] = "age_s\":";
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (; *s; s++) {
                if (*s == 'a' && !strncmp(s, age, sizeof(age) - 1)) {
                        s += sizeof(age) - 1;
                        s += strspn(s, "0123456789.");
                        if (!*s)
                                break;
                }
                h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
        }
        return h ? h : 1;
}

/* What is there now; a resource that cannot be read is a state too. */
static uint64_t look_at(mcp_tools *t, const watched *w)
{
        char *content = NULL;
        const char *mime;
        msptk_error *err = NULL;
        uint64_t seen;

        if (resource_read(t, w->principal, NULL, w->uri, &content, &mime, &err) < 0)
                seen = digest(msptk_error_reason(err));
        else
                seen = digest(content);
        msptk_error_free(err);
        free(content);
        return seen;
}

void look_soon(mcp_tools *t)
{
        t->offers->wait_ms = LOOK_FIRST_MS;
        t->offers->soon = true;
}

void watch(void *user, const char *uri, const mcp_principal *who, bool on)
{
        mcp_tools *t = user;
        watched **at = &t->offers->watches;

        while (*at && (strcmp((*at)->uri, uri) != 0 || strcmp((*at)->principal, who->name) != 0))
                at = &(*at)->next;
        if (on && !*at) {
                *at = need(calloc(1, sizeof(**at)));
                (*at)->uri = copy_text(uri);
                (*at)->principal = copy_text(who->name);
                (*at)->last = look_at(t, *at);
                look_soon(t);
        } else if (!on && *at) {
                watched *gone = *at;

                *at = gone->next;
                free(gone->uri);
                free(gone->principal);
                free(gone);
        }
}

int64_t mcp_tools_look(mcp_tools *t, int64_t now_ms)
{
        offers *o = t->offers;
        bool changed = false;

        if (!o->watches)
                return -1;
        if (!o->look_at_ms || (o->soon && o->look_at_ms > now_ms + LOOK_FIRST_MS))
                o->look_at_ms = now_ms + o->wait_ms;
        o->soon = false;
        if (now_ms < o->look_at_ms)
                return o->look_at_ms - now_ms;
        for (watched *w = o->watches; w; w = w->next) {
                uint64_t seen = look_at(t, w);

                if (seen != w->last) {
                        w->last = seen;
                        changed = true;
                        mcp_changed_for(t->server, w->principal, w->uri);
                }
        }
        /* Each look is a read in the audit trail: the longer nothing happens, the fewer. */
        o->wait_ms = changed ? LOOK_FIRST_MS : o->wait_ms * 2;
        if (o->wait_ms > LOOK_LAST_MS)
                o->wait_ms = LOOK_LAST_MS;
        o->look_at_ms = now_ms + o->wait_ms;
        return o->wait_ms;
}
