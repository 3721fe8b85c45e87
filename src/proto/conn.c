/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection machine's outside: life cycle, bytes in and out, statements, events. What answers
 * mean is in conn_answer.c, the handshake in conn_startup.c, deadlines in conn_time.c.
 *
 * Happy path: OPTIONS waits in `out` from the start; each answer is taken off `in` by
 * cql_conn_next and becomes at most one event. Every failure ends in CQL_CONN_FAILED and is told
 * once; nothing is sent or read after it. In v5 the statements of one turn gather in `batch` and go
 * into segments when the owner asks what to send, so that they share them.
 */
#include "proto/conn.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "proto/conn_impl.h"
#include "proto/request.h"
#include "proto/wire.h"

_Static_assert(CQ_MAX_STREAMS == 64, "streams are bits of a uint64_t");

enum { OUT_MAX = 4 * 1024 * 1024 };

/* Which states each state may become. */
static const uint8_t edges[] = {
    [CQL_AWAIT_SUPPORTED] = 1 << CQL_AWAIT_READY | 1 << CQL_CONN_FAILED,
    [CQL_AWAIT_READY] = 1 << CQL_AWAIT_TOKEN | 1 << CQL_CONN_READY | 1 << CQL_CONN_FAILED,
    [CQL_AWAIT_TOKEN] = 1 << CQL_AWAIT_LOGIN | 1 << CQL_CONN_FAILED,
    [CQL_AWAIT_LOGIN] = 1 << CQL_AWAIT_TOKEN | 1 << CQL_CONN_READY | 1 << CQL_CONN_FAILED,
    [CQL_CONN_READY] = 1 << CQL_CONN_FAILED,
    [CQL_CONN_FAILED] = 0,
};

void cql_conn_set_state(struct cql_conn *c, enum cql_conn_state to)
{
    bool is_legal = edges[c->state] & 1 << to;

    assert(is_legal);
    (void)is_legal;
    c->state = to;
    c->progress_ns = c->now_ns;
}

void cql_conn_fail(struct cql_conn *c, int err, const char *fmt, ...)
{
    va_list ap;

    if (c->state == CQL_CONN_FAILED) return;
    c->text = c->own_text = cq_alloc(c->o.mem, CQ_MAX_ERRMSG);
    va_start(ap, fmt);
    if (c->own_text)
        vsnprintf(c->own_text, CQ_MAX_ERRMSG, fmt, ap);
    else
        c->text = cq_err_text(err);
    va_end(ap);
    c->err = err;
    cql_conn_set_state(c, CQL_CONN_FAILED);
}

struct cql_seen cql_conn_seen(cq_bytes b)
{
    size_t n = b.n < 24 ? b.n : 24;
    struct cql_seen seen;
    char *p = seen.text;

    for (size_t i = 0; i < n; i++)
        p += snprintf(p, 4, "%02x ", b.p[i]);
    *p++ = '"';
    for (size_t i = 0; i < n; i++)
        *p++ = b.p[i] >= ' ' && b.p[i] < 0x7f ? (char)b.p[i] : '.';
    *p++ = '"';
    *p = 0;
    return seen;
}

int cql_conn_new(struct cql_conn **out, const struct cql_conn_options *o, uint64_t now_ns)
{
    struct cql_conn *c = cq_calloc(o->mem, 1, sizeof(*c));

    *out = c;
    if (!c) return CQ_ENOMEM;
    c->o = *o;
    if (!o->secrets) c->o.secrets = o->mem;
    c->code = -1;
    c->now_ns = c->progress_ns = now_ns;
    cql_inflow_init(&c->in, o->mem);
    c->in.take = o->take;
    c->in.give = o->give;
    c->in.ctx = o->ctx;
    cq_buf_init(&c->out, o->mem, OUT_MAX);
    cq_buf_init(&c->batch, o->mem, OUT_MAX);
    if (cql_conn_recall(c) == 0) {
        if (!c->recalls) cql_put_options(&c->out, o->version == 5 ? 5 : 4, 0);
        c->counts.requests = 1;
        if (!c->out.err) return 0;
    }
    cql_conn_free(c, NULL);
    *out = NULL;
    return CQ_ENOMEM;
}

/* Whoever waits for an answer holds no buffers at all, and no secret. */
static void let_go(struct cql_conn *c)
{
    cq_buf_fini(&c->out);
    if (!c->has_secret) return;
    c->out.mem = c->o.mem;
    cq_wipe_registers(); /* what sending left */
    c->has_secret = false;
}

void cql_conn_free(struct cql_conn *c, uint8_t **block)
{
    if (block) *block = c ? c->in.block : NULL;
    if (!c) return;
    cql_inflow_fini(&c->in);
    let_go(c);
    cq_buf_fini(&c->batch);
    cq_free(c->o.mem, c->supported);
    cq_free(c->o.mem, c->authenticator);
    cq_free(c->o.mem, c->asked_ns);
    cq_free(c->o.mem, c->own_text);
    cq_free(c->o.mem, c);
}

void cql_conn_space(struct cql_conn *c, uint8_t **p, size_t *n)
{
    *p = NULL;
    *n = 0;
    if (c->state != CQL_CONN_FAILED && !c->end_err) cql_inflow_space(&c->in, p, n);
}

void cql_conn_commit(struct cql_conn *c, size_t n, uint64_t now_ns)
{
    cql_conn_set_now(c, now_ns);
    cql_inflow_commit(&c->in, n);
    if (c->state != CQL_CONN_READY) c->in.many = false; /* nobody has reserved anything yet */
    c->counts.bytes_in += n;
    if (n && cql_conn_is_in_body(c)) c->progress_ns = now_ns;
}

void cql_conn_unused(struct cql_conn *c)
{
    cql_inflow_unused(&c->in);
}

void cql_conn_end(struct cql_conn *c, int err)
{
    if (!c->end_err) c->end_err = err ? err : CQ_ECLOSED;
}

static bool tell_failure(struct cql_conn *c, struct cql_event *ev)
{
    if (c->told) return false;
    c->told = true;
    ev->kind = CQL_EV_FAILED;
    ev->err = c->err;
    ev->code = c->code;
    ev->text = cq_str(c->text);
    ev->retry_version = c->retry_version;
    ev->retry_without_compression = c->retry_without_compression;
    return true;
}

static bool tell_timeout(struct cql_conn *c, struct cql_event *ev)
{
    int stream = __builtin_ctzll(c->timed_out);

    c->timed_out &= c->timed_out - 1;
    ev->kind = CQL_EV_TIMEOUT;
    ev->stream = stream;
    return true;
}

static void fail_at_end(struct cql_conn *c)
{
    if (c->counts.bytes_in == 0)
        cql_conn_fail(c, c->end_err, "the peer ended the connection before it said anything");
    else if (c->in_flight)
        cql_conn_fail(c, c->end_err, "the peer ended the connection with %u statements unanswered",
                      cql_conn_in_flight(c));
    else
        cql_conn_fail(c, c->end_err, "the peer ended the connection");
}

/* All that the body still lacks is here already: the block is worth waiting for. */
static bool is_body_at_hand(const struct cql_conn *c)
{
    return c->in.packed || c->in.h.length - c->in.arrived <= cql_inflow_pending(&c->in);
}

static bool tell_want(struct cql_conn *c, struct cql_event *ev)
{
    if (c->end_err && !is_body_at_hand(c)) fail_at_end(c);
    if (c->state == CQL_CONN_FAILED) return tell_failure(c, ev);
    if (c->wants_block) return false;
    c->wants_block = true;
    ev->kind = CQL_EV_BODY;
    ev->stream = c->in.h.stream;
    ev->have = c->in.have;
    ev->need = cql_inflow_need(&c->in);
    ev->total = c->in.total;
    return true;
}

static void fail_in(struct cql_conn *c, int err)
{
    struct cql_seen seen = cql_conn_seen((cq_bytes){c->in.head, c->in.head_n});

    if (err == CQ_ECRC)
        cql_conn_fail(c, err, "a segment's checksum does not match");
    else if (err == CQ_ELZ4)
        cql_conn_fail(c, err, "what came compressed cannot be unpacked (header %s)", seen.text);
    else if (err == CQ_ETOO_LARGE)
        cql_conn_fail(c, err, "a body of %lu bytes is too large for its kind (header %s)",
                      (unsigned long)c->in.h.length, seen.text);
    else if (err == CQ_ENOMEM)
        cql_conn_fail(c, err, "no memory for an answer");
    else
        cql_conn_fail(c, err, "envelopes and segments do not fit together (header %s)", seen.text);
}

/* What begins with another version is no answer, however much of it is still to come. */
static bool is_out_of_step(const struct cql_conn *c)
{
    return c->state == CQL_CONN_READY && c->in.head_n && c->in.dest == CQL_DEST_NONE &&
           !cql_header_may_begin(c->in.head[0], c->version);
}

bool cql_conn_next(struct cql_conn *c, struct cql_event *ev)
{
    *ev = (struct cql_event){.stream = -1, .code = -1};
    for (;;) {
        int rc;

        if (c->state == CQL_CONN_FAILED) return tell_failure(c, ev);
        if (c->timed_out) return tell_timeout(c, ev);
        rc = cql_inflow_next(&c->in);
        if (!c->is_known && cql_conn_judge_first(c)) continue;
        if (rc == CQL_IN_HEAD) {
            cql_conn_on_head(c);
        } else if (rc == CQL_IN_WANT) {
            return tell_want(c, ev);
        } else if (rc == CQL_IN_WHOLE) {
            if (cql_conn_on_body(c, ev)) return true;
        } else if (rc < 0) {
            fail_in(c, rc);
        } else if (is_out_of_step(c)) {
            fail_in(c, CQ_EPROTOCOL);
        } else if (c->end_err) {
            fail_at_end(c);
        } else {
            cql_inflow_idle(&c->in);
            if (!c->in_flight) c->in.many = false;
            return false;
        }
    }
}

void cql_conn_give(struct cql_conn *c, uint8_t *block, size_t cap)
{
    c->wants_block = false;
    cql_inflow_give(&c->in, block, cap);
}

cq_bytes cql_conn_pending(struct cql_conn *c)
{
    if (c->state == CQL_CONN_FAILED) return (cq_bytes){(const uint8_t *)"", 0};
    if (c->batch.n) {
        int err = cql_segments_put(&c->out, cq_buf_view(&c->batch), c->is_lz4, false);

        if (c->has_secret) cq_wipe_registers();
        cq_buf_fini(&c->batch);
        c->batch.mem = c->o.mem;
        if (err) cql_conn_fail(c, err, "no memory for a request");
    }
    return cq_buf_view(&c->out);
}

void cql_conn_sent(struct cql_conn *c, size_t n)
{
    cq_buf_consume(&c->out, n);
    c->counts.bytes_out += n;
    if (c->out.n == 0) let_go(c);
}

int cql_conn_query(struct cql_conn *c, cq_bytes statement, uint32_t page_size,
                   cq_bytes paging_state, uint64_t now_ns)
{
    struct cq_buf *to = c->version >= 5 ? &c->batch : &c->out;
    struct cql_query q = {.text = statement, .consistency = CQL_ONE, .page_size = page_size};
    uint64_t taken = c->in_flight | c->orphans;
    size_t before = to->n;
    int stream;

    if (c->state != CQL_CONN_READY) return CQ_EINVALID;
    if (statement.n + paging_state.n > CQ_MAX_REQUEST) return CQ_ETOO_LARGE;
    if (taken == UINT64_MAX) return CQ_ETOO_MANY;
    if (!c->asked_ns) c->asked_ns = cq_alloc(c->o.mem, CQ_MAX_STREAMS * sizeof(*c->asked_ns));
    if (!c->asked_ns) return CQ_ENOMEM;
    cql_conn_set_now(c, now_ns);
    stream = __builtin_ctzll(~taken);
    if (page_size) q.flags |= CQL_QUERY_PAGE_SIZE;
    q.paging_state = paging_state;
    if (!cq_is_null(paging_state)) q.flags |= CQL_QUERY_PAGING_STATE;
    cql_put_query(to, c->version, stream, &q);
    if (to->err) {
        int err = to->err;

        to->n = before;
        to->err = 0;
        return err;
    }
    c->in_flight |= 1ull << stream;
    c->asked_ns[stream] = c->now_ns - c->credit_ns;
    c->counts.requests++;
    return stream;
}

bool cql_conn_is_ready(const struct cql_conn *c)
{
    return c->state == CQL_CONN_READY;
}

int cql_conn_version(const struct cql_conn *c)
{
    return c->version;
}

const char *cql_conn_compression(const struct cql_conn *c)
{
    return c->is_lz4 ? "lz4" : "none";
}

const char *cql_conn_authenticator(const struct cql_conn *c)
{
    return c->authenticator ? c->authenticator : "";
}

uint32_t cql_conn_in_flight(const struct cql_conn *c)
{
    return (uint32_t)__builtin_popcountll(c->in_flight);
}

struct cql_conn_counts cql_conn_counts(const struct cql_conn *c)
{
    return c->counts;
}
