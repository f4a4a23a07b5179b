/* What all processes at one store share about a site: its rate budget, the vendor's "too many
 * requests", the circuit breaker. One row per site, changed in short transactions. */
#define ROOM "net"
#include "net/private.h"

enum {
        FAILURES_OPEN = 5, /* connections in a row that could not be made */
        OPEN_MS = 30000,
        PROBE_MS = NET_CONNECT_MS + 5000, /* how long one probe keeps the others out */
        SLOW_MAX = 16,
        LIMITED_MS = 1000, /* a 429 that does not say how long */
        BURST_SHARE = 10,  /* one tenth of a budget may go out at once */
        CLOCK_BACK_US = 60 * 1000000,
        WAIT_MS = 5000,
};

static const char *const create_budget[] = {
        "CREATE TABLE net_budget ("
        " site TEXT PRIMARY KEY,"
        " next_at INTEGER NOT NULL,"       /* when the budget would be full again */
        " blocked_until INTEGER NOT NULL," /* said by the vendor */
        " slow INTEGER NOT NULL,"          /* the budget is divided by it ... */
        " slow_until INTEGER NOT NULL,"    /* ... until then */
        " failures INTEGER NOT NULL,"      /* connections in a row */
        " open_until INTEGER NOT NULL,"
        " updated_at INTEGER NOT NULL)",
        NULL,
};

const store_migration msptk__net_migrations[] = {
        { .number = 30, .room = ROOM, .name = "rate budgets and circuits", .sql = create_budget },
        { 0 },
};

typedef struct budget {
        int64_t next_at, blocked_until, slow, slow_until, failures, open_until, updated_at;
} budget;

static msptk_status load(store_tx *tx, const net_site *s, int64_t now, budget *ret,
                         msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;
        budget b;

        *ret = (budget){ .slow = 1 };
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT next_at, blocked_until, slow, slow_until, failures, open_until,"
                         " updated_at FROM net_budget WHERE site = ?1",
                         SQL_TEXT(s->name)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st < 0 ? st : MSPTK_OK;
        b = (budget){ msptk__stmt_int(q, 0), msptk__stmt_int(q, 1), msptk__stmt_int(q, 2),
                      msptk__stmt_int(q, 3), msptk__stmt_int(q, 4), msptk__stmt_int(q, 5),
                      msptk__stmt_int(q, 6) };
        if (b.updated_at > now + CLOCK_BACK_US) /* the clock was set back: its times mean nothing */
                return MSPTK_OK;
        *ret = b;
        if (now >= b.slow_until)
                ret->slow = 1;
        return MSPTK_OK;
}

static msptk_status save(store_tx *tx, const net_site *s, int64_t now, const budget *b,
                         msptk_error **ret_err)
{
        return msptk__exec(
                tx, ret_err,
                "INSERT INTO net_budget (site, next_at, blocked_until, slow, slow_until, failures,"
                " open_until, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                " ON CONFLICT (site) DO UPDATE SET next_at = excluded.next_at,"
                " blocked_until = excluded.blocked_until, slow = excluded.slow,"
                " slow_until = excluded.slow_until, failures = excluded.failures,"
                " open_until = excluded.open_until, updated_at = excluded.updated_at",
                SQL_TEXT(s->name), SQL_INT(b->next_at), SQL_INT(b->blocked_until), SQL_INT(b->slow),
                SQL_INT(b->slow_until), SQL_INT(b->failures), SQL_INT(b->open_until), SQL_INT(now));
}

static int64_t up_to_ms(int64_t us)
{
        return us <= 0 ? 0 : (us + US_PER_MS - 1) / US_PER_MS;
}

static msptk_status refuse(const net_site *s, msptk_status status, const char *reason,
                           const char *what, int64_t us, msptk_error **ret_err)
{
        int64_t ms = up_to_ms(us);

        fail_why(ret_err, status, reason, "wait as long as retry_after_ms says",
                 "requests of '%s': %s; the next may go in %lld ms", s->name, what, (long long)ms);
        if (ret_err)
                msptk__error_set_retry(*ret_err, 1, ms);
        return status;
}

/* A connection that must not be tried: the circuit is open. The first caller after its time becomes
 * the probe, and the others go on waiting for it. */
static msptk_status pass_circuit(const net_site *s, int64_t now, budget *b, msptk_error **ret_err)
{
        if (b->failures < FAILURES_OPEN)
                return MSPTK_OK;
        if (now < b->open_until)
                return refuse(s, MSPTK_E_UNAVAILABLE, "CIRCUIT_OPEN",
                              "the last connections could not be made", b->open_until - now,
                              ret_err);
        b->open_until = now + PROBE_MS * US_PER_MS;
        return MSPTK_OK;
}

/* A token bucket told by the time at which it is full again (GCRA). In any span of `per` never more
 * than `requests` go out: a burst, and the rest evenly. */
static int64_t take_token(const net_site *s, int64_t now, int64_t start, budget *b)
{
        int64_t n = s->rate_requests / b->slow, burst, interval, ready;

        if (!s->rate_requests)
                return start;
        if (n < 1)
                n = 1;
        burst = n / BURST_SHARE ? n / BURST_SHARE : 1;
        interval = (s->rate_us + n - burst) / (n - burst + 1);
        if (s->rate_requests < b->slow)
                interval = s->rate_us / s->rate_requests * b->slow;
        ready = b->next_at - (burst - 1) * interval;
        if (start < ready)
                start = ready;
        b->next_at = (b->next_at > start ? b->next_at : start) + interval;
        (void)now;
        return start;
}

static msptk_status decide(const net_site *s, int64_t now, int64_t wait_ms, budget *b,
                           net_admission *ret, msptk_error **ret_err)
{
        int64_t start = b->blocked_until > now ? b->blocked_until : now;

        TRY(pass_circuit(s, now, b, ret_err));
        start = take_token(s, now, start, b);
        if (start > now && up_to_ms(start - now) >= wait_ms) {
                if (b->blocked_until > now && up_to_ms(b->blocked_until - now) >= wait_ms)
                        return refuse(s, MSPTK_E_RATE, "VENDOR_RATE_LIMIT",
                                      "the vendor asked to wait", start - now, ret_err);
                return refuse(s, MSPTK_E_RATE, "RATE_BUDGET", "the budget is used up", start - now,
                              ret_err);
        }
        *ret = (net_admission){ .delay_ms = up_to_ms(start - now), .noted = b->failures > 0 };
        return MSPTK_OK;
}

/* Without a budget a look is enough, unless this call becomes the probe. */
static msptk_status only_look(net_site *s, int64_t wait_ms, int64_t lock_ms, net_admission *ret,
                              bool *ret_through, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t now = msptk__now(s->n->c);
        budget b;

        *ret_through = false;
        TRY(msptk__tx_begin(s->n->c->store, TX_READ, lock_ms, &tx, ret_err));
        TRY(load(tx, s, now, &b, ret_err));
        if (b.failures >= FAILURES_OPEN && now >= b.open_until)
                return MSPTK_OK;
        *ret_through = true;
        return decide(s, now, wait_ms, &b, ret, ret_err);
}

msptk_status msptk__budget_admit(net_site *s, int64_t wait_ms, net_admission *ret,
                                 msptk_error **ret_err)
{
        int64_t lock_ms = wait_ms < WAIT_MS ? wait_ms : WAIT_MS, now;
        AUTO_TX store_tx *tx = NULL;
        net_admission found;
        bool through = false;
        budget b;

        if (!s->rate_requests) {
                TRY(only_look(s, wait_ms, lock_ms, &found, &through, ret_err));
                if (through) {
                        *ret = found;
                        return MSPTK_OK;
                }
        }
        TRY(msptk__tx_begin(s->n->c->store, TX_WRITE, lock_ms, &tx, ret_err));
        now = msptk__now(s->n->c);
        TRY(load(tx, s, now, &b, ret_err));
        TRY(decide(s, now, wait_ms, &b, &found, ret_err));
        TRY(save(tx, s, now, &b, ret_err));
        TRY(msptk__tx_commit(&tx, ret_err));
        *ret = found;
        return MSPTK_OK;
}

/* What was seen is noted if the store takes it; the exchange does not depend on that. */
static void note(net_site *s, void (*change)(const net_site *s, int64_t now, int64_t ms, budget *b),
                 int64_t ms)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t now;
        budget b;

        if (msptk__tx_begin(s->n->c->store, TX_WRITE, WAIT_MS, &tx, NULL) < 0)
                return;
        now = msptk__now(s->n->c);
        if (load(tx, s, now, &b, NULL) < 0)
                return;
        change(s, now, ms, &b);
        if (save(tx, s, now, &b, NULL) == MSPTK_OK)
                (void)msptk__tx_commit(&tx, NULL);
}

static void reached(const net_site *s, int64_t now, int64_t ms, budget *b)
{
        (void)s;
        (void)now;
        (void)ms;
        b->failures = 0;
        b->open_until = 0;
}

void msptk__budget_success(net_site *s, const net_admission *a)
{
        if (a->noted)
                note(s, reached, 0);
}

static void not_reached(const net_site *s, int64_t now, int64_t ms, budget *b)
{
        (void)ms;
        b->failures++;
        if (b->failures < FAILURES_OPEN)
                return;
        b->open_until = now + OPEN_MS * US_PER_MS;
        if (b->failures == FAILURES_OPEN)
                msptk__log(s->n->c, LOG_WARNING, s->name,
                           "cannot be reached; requests are answered at once for %d s",
                           OPEN_MS / 1000);
}

void msptk__budget_unreachable(net_site *s)
{
        note(s, not_reached, 0);
}

static void limited(const net_site *s, int64_t now, int64_t ms, budget *b)
{
        int64_t until = now + (ms >= 0 ? ms : LIMITED_MS * b->slow) * US_PER_MS;
        int64_t window = now + s->rate_us;

        if (until > b->blocked_until)
                b->blocked_until = until;
        b->slow = b->slow * 2 > SLOW_MAX ? SLOW_MAX : b->slow * 2;
        b->slow_until = until > window ? until : window;
}

void msptk__budget_limited(net_site *s, int64_t retry_after_ms)
{
        note(s, limited, retry_after_ms);
}
