/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked when, and what the answers do. Statements leave in writes, and a write leaves only
 * when everything asked before is answered: before, main, [further pages, overloaded ones again]
 * ..., after, [settled].
 */
#include <assert.h>

#include "crawler/crawl_impl.h"
#include "proto/value.h"

static void want(struct cq_crawl *c, int ask, enum cq_form form)
{
    c->w->asks[ask].form = form;
    c->w->asks[ask].asked = CQ_ASK_WANTED;
}

static uint32_t page_rows(const struct cq_crawl *c, const struct cq_cursor *cursor)
{
    if (c->o->page_rows) return c->o->page_rows;
    return cq_query_page_rows(cursor->table, cursor->row_bytes, c->w->far.page_bytes);
}

static void send_one(struct cq_crawl *c, int i)
{
    struct cq_ask *a = &c->w->asks[i];
    struct cq_cursor *cursor = &a->cursor;
    cq_bytes state = cursor->outcome.pages ? cq_buf_view(&cursor->paging_state) : CQ_NULL;
    int stream = cql_conn_query(c->conn, cq_query_text(cursor->table, a->form),
                                page_rows(c, cursor), state, cq_crawl_inner(c));

    if (stream < 0) {
        cq_crawl_fail(c, stream, "%s could not be asked", cq_table_info(cursor->table)->name);
        return;
    }
    c->w->by_stream[stream] = (uint8_t)i;
    a->asked = CQ_ASK_SENT;
    c->n_sent++;
    c->n_unsent++;
}

static bool is_due(const struct cq_crawl *c, const struct cq_ask *a)
{
    if (a->asked == CQ_ASK_LATER) return cq_crawl_inner(c) >= a->later_ns;
    return a->asked == CQ_ASK_WANTED;
}

static void gather(struct cq_crawl *c)
{
    for (int i = 0; i < c->w->n_asks; i++) {
        if (!is_due(c, &c->w->asks[i])) continue;
        c->w->asks[i].asked = CQ_ASK_DUE;
        c->n_due++;
    }
}

/* One write with everything that is due, or as much of it as may be unanswered at once; then the
 * rest, one for each answer. */
static void send_due(struct cq_crawl *c)
{
    unsigned most = c->o->max_in_flight ? c->o->max_in_flight : CQ_MAX_STREAMS;
    bool is_idle = c->n_sent == 0;

    if (is_idle) gather(c);
    if (!c->n_due) return;
    if (is_idle) cq_crawl_rate_begin(c);
    if (is_idle) cq_far_asked(&c->w->far, cq_crawl_inner(c));
    for (int i = 0; i < c->w->n_asks && c->n_sent < most && c->state != CQ_CRAWL_OVER; i++) {
        if (c->w->asks[i].asked != CQ_ASK_DUE) continue;
        c->n_due--;
        send_one(c, i);
    }
}

uint64_t cq_crawl_ask_deadline(const struct cq_crawl *c)
{
    uint64_t at = CQ_NEVER;

    if (c->n_sent || !c->w) return at; /* the next write waits for the answers */
    for (int i = 0; i < c->w->n_asks; i++)
        if (c->w->asks[i].asked == CQ_ASK_LATER && c->w->asks[i].later_ns < at)
            at = c->w->asks[i].later_ns;
    return at;
}

static bool is_quiet(const struct cq_crawl *c)
{
    if (c->n_sent) return false;
    if (!c->w) return true;
    for (int i = 0; i < c->w->n_asks; i++)
        if (c->w->asks[i].asked != CQ_ASK_IDLE) return false;
    return true;
}

enum cq_table cq_crawl_peers_table(const struct cq_crawl *c)
{
    return c->w->asks[CQ_T_PEERS_V2].cursor.outcome.outcome == CQ_OUTCOME_ABSENT ? CQ_T_PEERS
                                                                                 : CQ_T_PEERS_V2;
}

/* What the contacted node's version is, before anything else is asked. */
static void read_before(struct cq_crawl *c)
{
    struct cq_cursor *local = &c->w->asks[CQ_T_LOCAL].cursor;
    struct cq_reading r = {0};

    if (cq_cursor_peek(local, NULL) == CQ_AT_ROW) cq_reading_row(&r, local->shape, local->cells);
    memcpy(c->w->scope.version_before, r.local, sizeof(r.local));
}

static void want_old_peers(struct cq_crawl *c)
{
    const struct cq_cursor *peers = &c->w->asks[CQ_T_PEERS].cursor;

    if (!peers->complete && !peers->outcome.pages) want(c, CQ_T_PEERS, CQ_FORM_NAMED);
}

static size_t whole_share(const struct cq_crawl *c)
{
    return c->o->need ? c->o->need : cq_budget_guess(&c->budget);
}

static bool is_half_free(const struct cq_account *a)
{
    return a->used < a->limit / 2;
}

/* A probe takes little at first, as long as half of the memory is there for those who read on. */
static size_t first_share(const struct cq_crawl *c)
{
    const struct cq_account *a = c->budget.account;
    size_t n = whole_share(c);

    if (!c->o->incremental || n < CQ_PROBE_RESERVATION) return n;
    return a && is_half_free(a) ? CQ_PROBE_RESERVATION : n;
}

/* It is no probe any more. What a very large cluster needs beside that it takes as it goes, so that
 * the overdraft stays small. */
static bool has_share(struct cq_crawl *c)
{
    size_t n = whole_share(c);

    if (!c->o->incremental) return true;
    return cq_budget_extend(&c->budget, n < CQ_DEFAULT_RESERVATION ? n : CQ_DEFAULT_RESERVATION);
}

static void begin_main(struct cq_crawl *c)
{
    enum cq_meeting meeting;

    if (cq_cursor_peek(&c->w->asks[CQ_T_LOCAL].cursor, NULL) == CQ_AT_NEED) {
        c->w->asks[CQ_T_LOCAL].asked = CQ_ASK_WANTED; /* its page was empty: the row is to come */
        return;
    }
    read_before(c);
    meeting = cq_crawl_meet(c);
    if (meeting == CQ_MEET_READ && !has_share(c)) return;
    if (cq_crawl_peers_table(c) == CQ_T_PEERS && meeting != CQ_MEET_OVER) want_old_peers(c);
    if (meeting != CQ_MEET_READ) return;
    c->asked = true;
    cq_crawl_work_rest(c);
    cq_crawl_set_state(c, CQ_CRAWL_MAIN);
    for (int t = CQ_T_KEYSPACES; t < CQ_N_TABLES; t++)
        want(c, t, CQ_FORM_ALL);
}

static bool is_whole(const struct cq_crawl *c)
{
    for (int t = 0; t < CQ_N_TABLES; t++)
        if (!c->w->asks[t].cursor.complete &&
            (t != CQ_T_PEERS || cq_crawl_peers_table(c) == CQ_T_PEERS))
            return false;
    return true;
}

/* The same readings once more, in the forms that worked. */
static void want_reading(struct cq_crawl *c, int local, int peers)
{
    const struct cq_ask *from = &c->w->asks[cq_crawl_peers_table(c)];

    if (c->w->asks[CQ_T_LOCAL].cursor.outcome.outcome == CQ_OUTCOME_ROWS)
        want(c, local, CQ_FORM_VERSION);
    if (from->cursor.outcome.outcome != CQ_OUTCOME_ROWS) return;
    c->w->asks[peers].cursor.table = from->cursor.table;
    want(c, peers, from->form);
}

static void end_main(struct cq_crawl *c)
{
    c->main_whole = true;
    if (c->o->proof == CQ_PROOF_NONE) {
        cq_crawl_over(c);
        return;
    }
    cq_crawl_set_state(c, CQ_CRAWL_AFTER);
    want_reading(c, CQ_ASK_AFTER_LOCAL, CQ_ASK_AFTER_PEERS);
}

/*
 * How long to wait before the further reading. A server publishes its version after the rows:
 * within 200 ms where it is idle, 1.4 s was seen where it is not. What the read took tells how slow
 * it is.
 */
static uint64_t settle_wait(const struct cq_crawl *c)
{
    uint64_t took = c->spent.ns_before + c->spent.ns_main + c->spent.ns_after;

    if (took <= CQ_SETTLE / CQ_SETTLE_FACTOR) return CQ_SETTLE;
    return took < CQ_SETTLE_MAX / CQ_SETTLE_FACTOR ? took * CQ_SETTLE_FACTOR : CQ_SETTLE_MAX;
}

static void end_after(struct cq_crawl *c)
{
    cq_crawl_read_after(c, 1, CQ_ASK_AFTER_LOCAL);
    memcpy(c->w->scope.version_after, c->w->reading[1].local, sizeof(c->w->scope.version_after));
    if (c->o->proof != CQ_PROOF_SETTLED || !cq_version_says(c->w->scope.version_before) ||
        strcmp(c->w->scope.version_before, c->w->scope.version_after) != 0) {
        cq_crawl_over(c);
        return;
    }
    cq_crawl_set_state(c, CQ_CRAWL_SETTLING);
    c->settle_ns = cq_crawl_inner(c) + settle_wait(c);
}

static void end_settling(struct cq_crawl *c)
{
    if (cq_crawl_inner(c) < c->settle_ns) return;
    cq_crawl_set_state(c, CQ_CRAWL_SETTLED);
    want_reading(c, CQ_ASK_SETTLED_LOCAL, CQ_ASK_SETTLED_PEERS);
}

static void end_settled(struct cq_crawl *c)
{
    cq_crawl_read_after(c, 2, CQ_ASK_SETTLED_LOCAL);
    memcpy(c->w->scope.version_settled, c->w->reading[2].local,
           sizeof(c->w->scope.version_settled));
    cq_crawl_over(c);
}

static void begin_before(struct cq_crawl *c)
{
    if (!cq_budget_reserve(&c->budget, first_share(c))) return;
    if (cq_crawl_work_new(c) != 0) {
        cq_crawl_fail(c, CQ_ENOMEM, "no memory to read with");
        return;
    }
    cq_crawl_set_state(c, CQ_CRAWL_BEFORE);
    want(c, CQ_T_LOCAL, CQ_FORM_ALL);
    want(c, CQ_T_PEERS_V2, CQ_FORM_NAMED);
}

/* The phase in hand has everything it asked for. */
static void move_on(struct cq_crawl *c)
{
    switch (c->state) {
    case CQ_CRAWL_RESERVE:
        begin_before(c);
        break;
    case CQ_CRAWL_BEFORE:
        begin_main(c);
        break;
    case CQ_CRAWL_MAIN:
        if (is_whole(c)) end_main(c);
        break;
    case CQ_CRAWL_AFTER:
        end_after(c);
        break;
    case CQ_CRAWL_SETTLING:
        end_settling(c);
        break;
    case CQ_CRAWL_SETTLED:
        end_settled(c);
        break;
    case CQ_CRAWL_DIALLING:
    case CQ_CRAWL_HANDSHAKE:
    case CQ_CRAWL_LOGIN:
    case CQ_CRAWL_OVER:
    case CQ_N_CRAWL_STATES:
        break;
    }
}

static void want_pages(struct cq_crawl *c)
{
    if (c->n_sent || c->n_due || c->state < CQ_CRAWL_MAIN) return;
    for (int i = 0; i < c->w->n_asks; i++) {
        struct cq_ask *a = &c->w->asks[i];

        if (a->asked != CQ_ASK_IDLE || !cq_cursor_wants_page(&a->cursor)) continue;
        if (c->wants_pages || a->cursor.collect) a->asked = CQ_ASK_WANTED;
    }
}

void cq_crawl_ask(struct cq_crawl *c)
{
    if (c->state < CQ_CRAWL_RESERVE || c->state == CQ_CRAWL_OVER) return;
    want_pages(c);
    /* an answerless phase may end the next one at once */
    for (int i = 0; i < 3 && c->state != CQ_CRAWL_OVER && is_quiet(c); i++)
        move_on(c);
    if (c->w && c->state != CQ_CRAWL_OVER) send_due(c);
}

static void on_refusal(struct cq_crawl *c, struct cq_ask *a, const struct cql_event *ev)
{
    struct cq_cursor *cursor = &a->cursor;

    switch (cq_query_refusal(ev->code, ev->text, a->form, cursor->outcome.pages > 0)) {
    case CQ_REFUSAL_ABSENT:
        cq_cursor_refuse(cursor, CQ_OUTCOME_ABSENT, ev->text);
        break;
    case CQ_REFUSAL_DENIED:
        cq_cursor_refuse(cursor, CQ_OUTCOME_DENIED, ev->text);
        break;
    case CQ_REFUSAL_FORM:
        a->form = CQ_FORM_ALL;
        a->asked = CQ_ASK_WANTED;
        break;
    case CQ_REFUSAL_OVERLOADED:
        if (a->tries < CQ_MAX_OVERLOADED) {
            a->asked = CQ_ASK_LATER;
            a->later_ns = cq_crawl_inner(c) + cq_query_retry_ns(ev->text, a->tries++);
            break;
        }
        cq_cursor_fail(cursor, CQ_EOVERLOADED, "overloaded, %u times in a row: %.*s", a->tries + 1,
                       CQ_FMT(ev->text));
        break;
    case CQ_REFUSAL_FAILED:
        cq_cursor_fail(cursor,
                       ev->code == CQL_ERR_BOOTSTRAPPING ? CQ_EBOOTSTRAPPING : CQ_ESERVER_ERROR,
                       "0x%04x: %.*s", (unsigned)ev->code, CQ_FMT(ev->text));
        break;
    }
}

/* All of a write has been answered. */
static void end_write(struct cq_crawl *c)
{
    const struct cq_account *a = c->budget.account;

    cq_far_answered(&c->w->far, cq_crawl_inner(c),
                    c->state == CQ_CRAWL_MAIN && (!a || is_half_free(a)));
    if (c->n_timed_out && !c->n_answered)
        cq_crawl_fail(c, CQ_ETIMEOUT, "the server stopped answering: %u statements, no answer",
                      c->n_timed_out);
}

void cq_crawl_answer(struct cq_crawl *c, const struct cql_event *ev)
{
    struct cq_ask *a = &c->w->asks[c->w->by_stream[ev->stream]];
    int err = 0;

    assert(a->asked == CQ_ASK_SENT && c->n_sent > 0);
    a->asked = CQ_ASK_IDLE;
    c->n_sent--;
    if (ev->kind == CQL_EV_RESULT) {
        a->tries = 0;
        err = cq_cursor_page(&a->cursor, ev->body, cql_conn_version(c->conn));
    } else if (ev->kind == CQL_EV_ERROR) {
        on_refusal(c, a, ev);
    } else {
        cq_cursor_fail(&a->cursor, CQ_ETIMEOUT, "no answer in %llu ms",
                       (unsigned long long)(c->o->request_timeout_ns / 1000000));
    }
    if (err) cq_crawl_fail(c, err, "no memory for a page");
    if (ev->kind == CQL_EV_TIMEOUT)
        c->n_timed_out++;
    else
        c->n_answered++;
    if (!c->n_sent) end_write(c);
}
