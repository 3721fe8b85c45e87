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
        return &c->spent.ns_protocol;
    case CQ_CRAWL_LOGIN:
        return &c->spent.ns_login;
    case CQ_CRAWL_BEFORE:
        return &c->spent.ns_before;
    case CQ_CRAWL_MAIN:
        return &c->spent.ns_main;
    case CQ_CRAWL_AFTER:
    case CQ_CRAWL_SETTLED:
        return &c->spent.ns_after;
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
    c->in_lines = false;
    set_now(c, now_ns);
    set_stall(c, &c->paused, false);
}

bool cq_crawl_is_starved(const struct cq_crawl *c)
{
    return c->budget.starved;
}

const char *cq_crawl_keep(struct cq_crawl *c, const char *text)
{
    cq_bytes copy;

    if (!text) return NULL;
    copy = cq_arena_dup(&c->arena, (cq_bytes){(const uint8_t *)text, strlen(text) + 1});
    return cq_is_null(copy) ? "" : (const char *)copy.p;
}

struct cq_told *cq_crawl_tell(struct cq_crawl *c, enum cq_crawl_event_kind kind, int step,
                              const char *text)
{
    struct cq_told *told = &c->queue[(c->queue_at + c->queue_n) % CQ_QUEUED];

    assert(c->queue_n < CQ_QUEUED);
    c->queue_n++;
    *told = (struct cq_told){.kind = (uint8_t)kind, .step = (uint8_t)step, .text = text};
    return told;
}

struct cq_told *cq_crawl_push(struct cq_crawl *c, enum cq_crawl_event_kind kind, int step, int err,
                              const char *fmt, ...)
{
    char text[CQ_MAX_ERRMSG];
    struct cq_told *told;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    told = cq_crawl_tell(c, kind, step, text[0] ? cq_crawl_keep(c, text) : "");
    told->err = err;
    return told;
}

void cq_crawl_over(struct cq_crawl *c)
{
    if (c->state == CQ_CRAWL_OVER) return;
    cq_crawl_set_state(c, CQ_CRAWL_OVER);
    c->wanting = -1;
    c->budget.starved = false;
    if (!c->transport_gone) cq_crawl_tell(c, CQ_CRAWL_HANGUP, 0, "");
}

void cq_crawl_blame(struct cq_crawl *c, int err, const char *text)
{
    if (c->fault.err) return;
    c->fault.err = err;
    c->fault.text = cq_crawl_keep(c, text);
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
    cq_crawl_blame(c, err, text);
    cq_crawl_over(c);
    if (at != CQ_CRAWL_HANDSHAKE && at != CQ_CRAWL_LOGIN) return;
    cq_crawl_push(c, CQ_CRAWL_STEP,
                  at == CQ_CRAWL_LOGIN ? CQ_CRAWL_LOGIN_STEP : CQ_CRAWL_PROTOCOL_STEP, err, "%s",
                  text);
}

int cq_crawl_new(struct cq_crawl **out, const struct cq_crawl_options *o, uint64_t now_ns,
                 int64_t wall_ms)
{
    struct cq_crawl *c = cq_calloc(o->mem, 1, sizeof(*c));

    *out = c;
    if (!c) return CQ_ENOMEM;
    c->o = o;
    c->wanting = -1;
    c->version = o->version;
    c->no_compression = o->compression == CQL_NO;
    cq_arena_init(&c->arena, o->mem);
    c->budget = (struct cq_budget){.account = o->account, .owner = o->owner};
    c->now_ns = c->start_ns = c->since_ns = now_ns;
    c->wall_ms = c->started_ms = wall_ms;
    return 0;
}

void cq_crawl_free(struct cq_crawl *c)
{
    const struct cq_mem *mem;

    if (!c) return;
    mem = c->o->mem;
    cql_conn_free(c->conn, NULL); /* a block that it has belongs to a cursor */
    cq_crawl_work_free(c);
    if (!c->asked) c->budget.most = 0; /* a probe, or nobody: no measure of a cluster */
    cq_budget_release(&c->budget);
    cq_arena_fini(&c->arena);
    cq_free(mem, c);
}

void cq_crawl_cancel(struct cq_crawl *c, uint64_t now_ns, int64_t wall_ms)
{
    c->in_lines = false;
    set_now(c, now_ns);
    c->wall_ms = wall_ms;
    if (c->emit >= CQ_EMIT_VERDICT) return;
    c->is_cancelled = true;
    if (c->state != CQ_CRAWL_OVER) {
        cq_crawl_fail(c, CQ_ECANCELLED, "the crawl was interrupted");
        return;
    }
    cq_crawl_blame(c, CQ_ECANCELLED, "the crawl was interrupted");
}

void cq_crawl_space(struct cq_crawl *c, uint8_t **p, size_t *n)
{
    c->in_lines = false;
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
    c->in_lines = false;
    set_now(c, now_ns);
    if (!c->spent.ns_first_byte) c->spent.ns_first_byte = c->now_ns - c->start_ns;
    cql_conn_commit(c->conn, n, cq_crawl_inner(c));
}

void cq_crawl_unused(struct cq_crawl *c)
{
    if (c->conn) cql_conn_unused(c->conn);
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
        /* nothing else is on its way: the server had nothing to do, and we wait */
        if (c->n_unsent && c->n_unsent == c->n_sent) c->spent.waits++;
        c->n_unsent = 0;
        c->sent_waits = c->spent.waits;
    }
    cql_conn_sent(c->conn, n);
}

uint64_t cq_crawl_deadline(const struct cq_crawl *c)
{
    uint64_t at = CQ_NEVER, conn;

    if (c->nudge) return c->now_ns;
    if (c->state == CQ_CRAWL_OVER || c->paused || c->stalled) return CQ_NEVER;
    if (c->o->timeout_ns) at = c->start_ns + c->o->timeout_ns;
    conn = c->conn && c->state != CQ_CRAWL_DIALLING ? cql_conn_deadline(c->conn) : CQ_NEVER;
    if (conn < at) at = conn;
    if (c->state == CQ_CRAWL_SETTLING && c->settle_ns < at) at = c->settle_ns;
    if (cq_crawl_ask_deadline(c) < at) at = cq_crawl_ask_deadline(c);
    if (cq_crawl_rate_deadline(c) < at) at = cq_crawl_rate_deadline(c);
    return at == CQ_NEVER ? at : at + c->stalled_ns;
}

void cq_crawl_tick(struct cq_crawl *c, uint64_t now_ns)
{
    c->in_lines = false;
    set_now(c, now_ns);
    if (c->state == CQ_CRAWL_OVER) return;
    if (c->conn && c->state != CQ_CRAWL_DIALLING) cql_conn_tick(c->conn, cq_crawl_inner(c));
    if (!c->paused && !c->stalled) cq_crawl_rate_check(c);
    if (!c->o->timeout_ns || cq_crawl_inner(c) < c->start_ns + c->o->timeout_ns) return;
    if (c->state == CQ_CRAWL_HANDSHAKE && cql_conn_counts(c->conn).bytes_in == 0)
        cq_crawl_fail(c, CQ_ESILENT, "connected, but not a byte came in %llu ms",
                      (unsigned long long)(c->o->timeout_ns / 1000000));
    else
        cq_crawl_fail(c, CQ_ETIMEOUT, "not done after %llu ms",
                      (unsigned long long)(c->o->timeout_ns / 1000000));
}

static void tell(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    const struct cq_told *t = &c->queue[c->queue_at];

    *ev = (struct cq_crawl_event){
        .kind = t->kind, .step = t->step, .err = t->err, .ns = t->ns, .text = t->text};
    c->queue_at = (uint8_t)((c->queue_at + 1) % CQ_QUEUED);
    c->queue_n--;
}

/* Everything that may have something to do, until there is an event or nothing to do any more.
 * *is_line: the event is one. */
static bool work(struct cq_crawl *c, struct cq_crawl_event *ev, bool *is_line)
{
    enum cq_crawl_state before;
    bool told;

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
            tell(c, ev);
        } else {
            told = *is_line = cq_crawl_emit(c, ev);
        }
        if (!told) cq_crawl_ask(c); /* pages that the records wait for */
        /* whatever was taken since may have left the line that a block waits in */
        if (!c->budget.starved) cq_crawl_give_block(c);
    } while (!told && (c->queue_n > 0 || c->state != before));
    return told;
}

bool cq_crawl_next(struct cq_crawl *c, struct cq_crawl_event *ev, uint64_t now_ns, int64_t wall_ms)
{
    enum cq_crawl_state before = c->state;
    bool is_line, told;

    set_now(c, now_ns);
    c->wall_ms = wall_ms;
    if (c->w) c->w->rec.wall_ms = wall_ms;
    c->nudge = false;
    told = is_line = c->in_lines && cq_crawl_emit(c, ev);
    if (!told) told = work(c, ev, &is_line);
    c->in_lines = is_line && !c->queue_n && c->state == before && !c->wants_pages &&
                  c->wanting < 0 && !c->budget.starved && !c->budget.too_small;
    cq_crawl_work_charge(c);
    if (c->main_whole) cq_budget_trim(&c->budget, CQ_SPARE); /* page by page as they are read */
    set_stall(c, &c->stalled, c->budget.starved);
    return told;
}
