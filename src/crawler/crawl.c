/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outside of an attempt: life cycle, bytes, time, pulling (crawler/crawl.h). Faults of any kind
 * end in cq_crawl_fail: the conversation is over, the records go on to the verdict, and DONE is
 * always the last event.
 */
#include "crawler/crawl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "crawler/crawl_impl.h"

#define TO(s) (1u << CQ_CRAWL_##s)
/* Which states each state may become; OVER from everywhere. */
static const unsigned edges[CQ_N_CRAWL_STATES] = {
    [CQ_CRAWL_DIALLING] = TO(HANDSHAKE) | TO(OVER),
    [CQ_CRAWL_HANDSHAKE] = TO(DIALLING) | TO(LOGIN) | TO(RESERVE) | TO(OVER),
    [CQ_CRAWL_LOGIN] = TO(RESERVE) | TO(OVER),
    [CQ_CRAWL_RESERVE] = TO(BEFORE) | TO(OVER),
    [CQ_CRAWL_BEFORE] = TO(MAIN) | TO(OVER),
    [CQ_CRAWL_MAIN] = TO(AFTER) | TO(OVER),
    [CQ_CRAWL_AFTER] = TO(SETTLING) | TO(OVER),
    [CQ_CRAWL_SETTLING] = TO(SETTLED) | TO(OVER),
    [CQ_CRAWL_SETTLED] = TO(OVER),
    [CQ_CRAWL_OVER] = 0,
};
#undef TO

/* Where the time spent in a state is written down. */
static uint64_t *clock_of(struct cq_crawl *c)
{
    switch (c->state) {
    case CQ_CRAWL_HANDSHAKE:
        return &c->scope.ns_protocol;
    case CQ_CRAWL_LOGIN:
        return &c->scope.ns_login;
    case CQ_CRAWL_BEFORE:
        return &c->scope.ns_before;
    case CQ_CRAWL_MAIN:
        return &c->scope.ns_main;
    case CQ_CRAWL_AFTER:
    case CQ_CRAWL_SETTLED:
        return &c->scope.ns_after;
    case CQ_CRAWL_DIALLING:
    case CQ_CRAWL_RESERVE:
    case CQ_CRAWL_SETTLING:
    case CQ_CRAWL_OVER:
    case CQ_N_CRAWL_STATES:
        break;
    }
    return NULL;
}

void cq_crawl_set_state(struct cq_crawl *c, enum cq_crawl_state to)
{
    uint64_t *spent = clock_of(c);
    bool is_legal = edges[c->state] & 1u << to;

    assert(is_legal);
    (void)is_legal;
    if (spent) *spent += c->now_ns - c->since_ns;
    c->state = to;
    c->since_ns = c->now_ns;
    c->n_timed_out = c->n_answered = 0;
}

static void set_now(struct cq_crawl *c, uint64_t now_ns)
{
    if (now_ns > c->now_ns) c->now_ns = now_ns;
}

uint64_t cq_crawl_inner(const struct cq_crawl *c)
{
    uint64_t at = c->paused || c->stalled ? c->stall_since_ns : c->now_ns;

    return at - c->stalled_ns;
}

static void set_stall(struct cq_crawl *c, bool *which, bool on)
{
    bool was = c->paused || c->stalled;
    bool is;

    *which = on;
    is = c->paused || c->stalled;
    if (is && !was) c->stall_since_ns = c->now_ns;
    if (was && !is) c->stalled_ns += c->now_ns - c->stall_since_ns;
}

void cq_crawl_pause(struct cq_crawl *c, uint64_t now_ns)
{
    set_now(c, now_ns);
    set_stall(c, &c->paused, true);
}

void cq_crawl_resume(struct cq_crawl *c, uint64_t now_ns)
{
    set_now(c, now_ns);
    set_stall(c, &c->paused, false);
}

bool cq_crawl_is_starved(const struct cq_crawl *c)
{
    return c->budget.starved;
}

void cq_crawl_cpu(struct cq_crawl *c, uint64_t ns)
{
    c->cpu_ns += ns;
}

void cq_crawl_push(struct cq_crawl *c, enum cq_crawl_event_kind kind, int step, int err,
                   const char *fmt, ...)
{
    char text[CQ_MAX_ERRMSG];
    struct cq_crawl_event *ev;
    char *copy;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0) n = 0;
    if ((size_t)n >= sizeof(text)) n = (int)sizeof(text) - 1;
    assert(c->queue_n < CQ_QUEUED);
    ev = &c->queue[(c->queue_at + c->queue_n++) % CQ_QUEUED];
    *ev = (struct cq_crawl_event){.kind = kind, .step = step, .err = err, .text = ""};
    copy = n ? cq_arena_alloc(&c->arena, (size_t)n + 1) : NULL;
    if (copy) {
        memcpy(copy, text, (size_t)n + 1);
        ev->text = copy;
    }
}

void cq_crawl_over(struct cq_crawl *c)
{
    if (c->state == CQ_CRAWL_OVER) return;
    cq_crawl_set_state(c, CQ_CRAWL_OVER);
    c->wanting = -1;
    c->budget.starved = false;
    if (!c->transport_gone) cq_crawl_push(c, CQ_CRAWL_HANGUP, 0, 0, "%s", "");
}

void cq_crawl_fail(struct cq_crawl *c, int err, const char *fmt, ...)
{
    enum cq_crawl_state at = c->state;
    char text[CQ_MAX_ERRMSG];
    va_list ap;

    if (at == CQ_CRAWL_OVER) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    cq_fault_set(&c->fault, err, "%s", text);
    cq_crawl_over(c);
    if (at != CQ_CRAWL_HANDSHAKE && at != CQ_CRAWL_LOGIN) return;
    cq_crawl_push(c, CQ_CRAWL_STEP,
                  at == CQ_CRAWL_LOGIN ? CQ_CRAWL_LOGIN_STEP : CQ_CRAWL_PROTOCOL_STEP, err, "%s",
                  text);
}

static void link_cursors(struct cq_crawl *c)
{
    struct cq_merge *m = &c->schema;
#define CURSOR(t) (&c->asks[CQ_T_##t].cursor)
    m->keyspaces = CURSOR(KEYSPACES);
    m->types = CURSOR(TYPES);
    m->functions = CURSOR(FUNCTIONS);
    m->aggregates = CURSOR(AGGREGATES);
    m->tables = CURSOR(TABLES);
    m->views = CURSOR(VIEWS);
    m->child[CQ_CHILD_COLUMNS] = CURSOR(COLUMNS);
    m->child[CQ_CHILD_INDEXES] = CURSOR(INDEXES);
    m->child[CQ_CHILD_TRIGGERS] = CURSOR(TRIGGERS);
    m->child[CQ_CHILD_DROPPED] = CURSOR(DROPPED);
    m->child[CQ_CHILD_MASKS] = CURSOR(MASKS);
    m->udts = c->udts;
    m = &c->virtual_;
    m->keyspaces = CURSOR(VKEYSPACES);
    m->tables = CURSOR(VTABLES);
    m->child[CQ_CHILD_COLUMNS] = CURSOR(VCOLUMNS);
#undef CURSOR
    m->virtual_ = true;
    for (int i = 0; i < 2; i++) {
        m = i ? &c->virtual_ : &c->schema;
        m->findings = &c->findings;
        m->model = &c->model;
        m->sorted = c->o.sorted;
        m->keyspaces->collect = true;
    }
    for (int i = CQ_T_KEYSPACES; i < CQ_N_ASKS; i++)
        if (c->o.sorted || i >= CQ_N_TABLES) c->asks[i].cursor.collect = true;
}

static enum cq_table table_of(int ask)
{
    if (ask < CQ_N_TABLES) return (enum cq_table)ask;
    if (ask == CQ_ASK_AFTER_LOCAL || ask == CQ_ASK_SETTLED_LOCAL) return CQ_T_LOCAL;
    return CQ_T_PEERS_V2; /* or peers, once that is known */
}

/* Everything that cannot fail, so that cq_crawl_free can take it from there. */
static void init(struct cq_crawl *c, const struct cq_crawl_options *o)
{
    c->o = *o;
    c->wanting = -1;
    c->version = o->version;
    c->no_compression = o->compression == CQL_NO;
    cq_arena_init(&c->arena, o->mem);
    c->budget = (struct cq_budget){.account = o->account};
    c->shared = (struct cq_shared){o->mem, &c->arena, &c->budget};
    for (int i = 0; i < CQ_N_ASKS; i++)
        cq_cursor_init(&c->asks[i].cursor, &c->shared, table_of(i));
    cq_rec_init(&c->rec, o->mem);
    cq_model_init(&c->model, o->mem, &c->rec);
    cq_merge_init(&c->schema, o->mem);
    cq_merge_init(&c->virtual_, o->mem);
    cq_names_init(&c->peers_seen, o->mem);
    cq_findings_init(&c->findings, &c->arena);
}

int cq_crawl_new(struct cq_crawl **out, const struct cq_crawl_options *o, uint64_t now_ns,
                 int64_t wall_ms)
{
    struct cq_crawl *c = cq_calloc(o->mem, 1, sizeof(*c));

    *out = NULL;
    if (!c) return CQ_ENOMEM;
    init(c, o);
    c->now_ns = c->start_ns = c->since_ns = now_ns;
    c->wall_ms = c->scope.started_ms = wall_ms;
    c->scope.attempt = o->attempt;
    memcpy(c->scope.filters_hash, o->filters_hash, sizeof(c->scope.filters_hash));
    cq_rec_scope(&c->rec, o->cluster, o->labels, o->epoch);
    if (cq_udts_new(&c->udts, o->mem) != 0) {
        cq_crawl_free(c);
        return CQ_ENOMEM;
    }
    link_cursors(c);
    *out = c;
    return 0;
}

void cq_crawl_free(struct cq_crawl *c)
{
    const struct cq_mem *mem;

    if (!c) return;
    mem = c->o.mem;
    cql_conn_free(c->conn, NULL); /* a block that it has belongs to a cursor */
    for (int i = 0; i < CQ_N_ASKS; i++)
        cq_cursor_fini(&c->asks[i].cursor);
    cq_merge_fini(&c->schema);
    cq_merge_fini(&c->virtual_);
    cq_names_fini(&c->peers_seen);
    cq_udts_free(c->udts);
    cq_model_fini(&c->model);
    cq_rec_fini(&c->rec);
    cq_budget_release(&c->budget);
    cq_arena_fini(&c->arena);
    cq_free(mem, c);
}

void cq_crawl_cancel(struct cq_crawl *c, uint64_t now_ns, int64_t wall_ms)
{
    set_now(c, now_ns);
    c->wall_ms = wall_ms;
    if (c->emit >= CQ_EMIT_VERDICT) return;
    c->is_cancelled = true;
    if (c->state != CQ_CRAWL_OVER) {
        cq_crawl_fail(c, CQ_ECANCELLED, "the crawl was interrupted");
        return;
    }
    cq_fault_set(&c->fault, CQ_ECANCELLED, "the crawl was interrupted");
}

void cq_crawl_space(struct cq_crawl *c, uint8_t **p, size_t *n)
{
    *p = NULL;
    *n = 0;
    if (!c->conn || c->state == CQ_CRAWL_OVER || c->state == CQ_CRAWL_DIALLING) return;
    cql_conn_space(c->conn, p, n);
    /* no room, and not because somebody waits: something has failed. Once for what has come since.
     */
    if (*n || c->wanting >= 0 || c->budget.starved) return;
    if (c->nudged_bytes == cql_conn_counts(c->conn).bytes_in + 1) return;
    c->nudged_bytes = cql_conn_counts(c->conn).bytes_in + 1;
    c->nudge = true;
}

void cq_crawl_commit(struct cq_crawl *c, size_t n, uint64_t now_ns)
{
    set_now(c, now_ns);
    cql_conn_commit(c->conn, n, cq_crawl_inner(c));
}

cq_bytes cq_crawl_pending(struct cq_crawl *c)
{
    if (!c->conn || c->state == CQ_CRAWL_OVER || c->state == CQ_CRAWL_DIALLING)
        return (cq_bytes){(const uint8_t *)"", 0};
    return cql_conn_pending(c->conn);
}

void cq_crawl_sent(struct cq_crawl *c, size_t n)
{
    if (n == cql_conn_pending(c->conn).n) {
        c->sent_requests = cql_conn_counts(c->conn).requests;
        c->sent_waits = c->scope.waits;
    }
    cql_conn_sent(c->conn, n);
}

uint64_t cq_crawl_deadline(const struct cq_crawl *c)
{
    uint64_t at = CQ_NEVER, conn;

    if (c->nudge) return c->now_ns;
    if (c->state == CQ_CRAWL_OVER || c->paused || c->stalled) return CQ_NEVER;
    if (c->o.timeout_ns) at = c->start_ns + c->o.timeout_ns;
    conn = c->conn && c->state != CQ_CRAWL_DIALLING ? cql_conn_deadline(c->conn) : CQ_NEVER;
    if (conn < at) at = conn;
    if (c->state == CQ_CRAWL_SETTLING && c->settle_ns < at) at = c->settle_ns;
    if (cq_crawl_ask_deadline(c) < at) at = cq_crawl_ask_deadline(c);
    return at == CQ_NEVER ? at : at + c->stalled_ns;
}

void cq_crawl_tick(struct cq_crawl *c, uint64_t now_ns)
{
    set_now(c, now_ns);
    if (c->state == CQ_CRAWL_OVER) return;
    if (c->conn && c->state != CQ_CRAWL_DIALLING) cql_conn_tick(c->conn, cq_crawl_inner(c));
    if (!c->o.timeout_ns || cq_crawl_inner(c) < c->start_ns + c->o.timeout_ns) return;
    if (c->state == CQ_CRAWL_HANDSHAKE && cql_conn_counts(c->conn).bytes_in == 0)
        cq_crawl_fail(c, CQ_ESILENT, "connected, but not a byte came in %llu ms",
                      (unsigned long long)(c->o.timeout_ns / 1000000));
    else
        cq_crawl_fail(c, CQ_ETIMEOUT, "not done after %llu ms",
                      (unsigned long long)(c->o.timeout_ns / 1000000));
}

bool cq_crawl_next(struct cq_crawl *c, struct cq_crawl_event *ev, uint64_t now_ns, int64_t wall_ms)
{
    enum cq_crawl_state before;
    bool told;

    set_now(c, now_ns);
    c->wall_ms = c->rec.wall_ms = wall_ms;
    c->nudge = false;
    do {
        before = c->state;
        c->wants_pages = false;
        cq_crawl_pump(c);
        if (c->budget.too_small)
            cq_crawl_fail(c, CQ_EMEMORY, "an answer is larger than --memory-max allows (%zu bytes)",
                          c->budget.account->limit);
        cq_crawl_ask(c);
        told = c->queue_n > 0;
        if (told) {
            *ev = c->queue[c->queue_at];
            c->queue_at = (c->queue_at + 1) % CQ_QUEUED;
            c->queue_n--;
        } else {
            told = cq_crawl_emit(c, ev);
        }
        if (!told) cq_crawl_ask(c); /* pages that the records wait for */
    } while (!told && (c->queue_n > 0 || c->state != before));
    set_stall(c, &c->stalled, c->budget.starved);
    return told;
}
