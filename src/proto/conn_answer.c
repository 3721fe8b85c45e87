/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in, judged: first the header (may this answer come now, on this stream, in this
 * version?), later the body. A peer that is not a CQL server is told by its first bytes; a stream
 * that lost its step ends the connection (CQ_ESTREAM, CQ_EPROTOCOL), for nothing behind it can be
 * trusted. Errors during the startup are taken on any stream and in any version (protocol.md 1.6).
 */
#include "proto/conn_impl.h"

static bool is_startup(const struct cql_conn *c)
{
    return c->state < CQL_CONN_READY;
}

static bool is_cql_version(uint8_t first)
{
    int v = first & ~CQL_VERSION_RESPONSE;

    return first & CQL_VERSION_RESPONSE && ((v >= 1 && v <= 6) || v == 0x41 || v == 0x42);
}

static bool may_come(const struct cql_conn *c, int opcode)
{
    if (opcode == CQL_ERROR) return true;
    if (opcode == CQL_EVENT) return c->state != CQL_AWAIT_SUPPORTED;
    switch (c->state) {
    case CQL_AWAIT_SUPPORTED:
        return opcode == CQL_SUPPORTED;
    case CQL_AWAIT_READY:
        return opcode == CQL_READY || opcode == CQL_AUTHENTICATE;
    case CQL_AWAIT_LOGIN:
        return opcode == CQL_AUTH_CHALLENGE || opcode == CQL_AUTH_SUCCESS;
    case CQL_CONN_READY:
        return opcode == CQL_RESULT;
    case CQL_AWAIT_TOKEN:
    case CQL_CONN_FAILED:
        break;
    }
    return false;
}

bool cql_conn_judge_first(struct cql_conn *c)
{
    const struct cql_inflow *in = &c->in;
    cq_bytes rest = cql_inflow_peek(in);
    uint8_t first[24];
    size_t n = in->head_n;

    if (n == 0) return false;
    memcpy(first, in->head, n);
    if (rest.n > sizeof(first) - n) rest.n = sizeof(first) - n;
    if (rest.n) memcpy(first + n, rest.p, rest.n);
    n += rest.n;
    if (is_cql_version(first[0])) {
        if (in->head_n < CQL_HEADER_BYTES) return false;
        c->is_known = in->h.opcode != CQL_EVENT && may_come(c, in->h.opcode);
        if (c->is_known) return false;
    } else if (first[0] == 0x15 || first[0] == 0x16) {
        if (n == 1 && !c->end_err) return false;
        if (n > 1 && first[1] == 0x03) {
            cql_conn_fail(c, CQ_ETLS_EXPECTED, "the peer sends TLS records: %s",
                          cql_conn_seen((cq_bytes){first, n}).text);
            return true;
        }
    }
    cql_conn_fail(c, CQ_ENOT_CQL, "the peer does not begin as a CQL server does: %s",
                  cql_conn_seen((cq_bytes){first, n}).text);
    return true;
}

static bool is_stream(uint64_t set, int stream)
{
    return stream >= 0 && stream < CQ_MAX_STREAMS && (set >> stream & 1);
}

/* The version that answers are in. */
static int expected_version(const struct cql_conn *c)
{
    return c->version ? c->version : c->o.version == 5 ? 5 : 4;
}

static struct cql_seen head_of(const struct cql_conn *c)
{
    return cql_conn_seen((cq_bytes){c->in.head, CQL_HEADER_BYTES});
}

static bool check_head(struct cql_conn *c)
{
    const struct cql_header *h = &c->in.h;
    bool is_refusal = is_startup(c) && h->opcode == CQL_ERROR && h->response;
    int err = cql_header_check(h, is_refusal ? h->version : expected_version(c));

    if (err == CQ_ETOO_LARGE)
        cql_conn_fail(c, err, "an answer claims %lu bytes: %s", (unsigned long)h->length,
                      head_of(c).text);
    else if (err)
        cql_conn_fail(c, err, "this is no answer in protocol v%d: %s", expected_version(c),
                      head_of(c).text);
    else if (!may_come(c, h->opcode))
        cql_conn_fail(c, CQ_EPROTOCOL, "an answer of kind 0x%02x out of place: %s",
                      (unsigned)h->opcode, head_of(c).text);
    else if (h->opcode == CQL_EVENT ? h->stream >= 0 : is_startup(c) && !is_refusal && h->stream)
        cql_conn_fail(c, CQ_ESTREAM, "kind 0x%02x came on stream %d: %s", (unsigned)h->opcode,
                      h->stream, head_of(c).text);
    else if (h->opcode == CQL_RESULT && !is_stream(c->in_flight | c->orphans, h->stream))
        cql_conn_fail(c, CQ_ESTREAM, "a result came on stream %d, where nothing was asked: %s",
                      h->stream, head_of(c).text);
    return c->state != CQL_CONN_FAILED;
}

void cql_conn_on_head(struct cql_conn *c)
{
    int err = 0;

    if (!check_head(c)) return;
    if (is_stream(c->orphans, c->in.h.stream) && c->in.h.opcode != CQL_EVENT) {
        cql_inflow_skip(&c->in);
    } else if (c->in.h.opcode == CQL_RESULT) {
        c->progress_ns = c->now_ns;
        cql_inflow_block(&c->in);
    } else {
        err = cql_inflow_small(&c->in);
    }
    if (err)
        cql_conn_fail(c, err, "an answer of kind 0x%02x claims %lu bytes", (unsigned)c->in.h.opcode,
                      (unsigned long)c->in.h.length);
}

static bool broken(struct cql_conn *c)
{
    cql_conn_fail(c, CQ_EPROTOCOL, "the body of kind 0x%02x cannot be read (header %s)",
                  (unsigned)c->in.h.opcode, head_of(c).text);
    return false;
}

static bool on_result(struct cql_conn *c, cq_bytes body, struct cql_event *ev)
{
    c->in_flight &= ~(1ull << c->in.h.stream);
    ev->kind = CQL_EV_RESULT;
    ev->block = c->in.block;
    ev->cap = c->in.cap;
    ev->body = body;
    c->in.block = NULL; /* the owner's again */
    return true;
}

static bool on_error(struct cql_conn *c, cq_bytes body, struct cql_event *ev)
{
    struct cql_error e;

    if (cql_error_read(body, c->in.h.version, &e)) {
        /* The extra fields may be in a form that we do not know: the message is what counts. */
        struct cql_error bare = {.code = e.code, .message = e.message, .contentions = -1};

        if (cq_is_null(e.message)) return broken(c);
        e = bare;
    }
    if (is_startup(c)) {
        cql_conn_on_refusal(c, &e);
        return false;
    }
    if (!is_stream(c->in_flight, c->in.h.stream)) {
        c->code = e.code;
        cql_conn_fail(c, e.code == CQL_ERR_PROTOCOL ? CQ_EPROTOCOL : CQ_ESTREAM,
                      "the server says (0x%04x, on stream %d, where nothing was asked): %.*s",
                      (unsigned)e.code, c->in.h.stream, CQ_FMT(e.message));
        return false;
    }
    c->in_flight &= ~(1ull << c->in.h.stream);
    ev->kind = CQL_EV_ERROR;
    ev->code = e.code;
    ev->text = e.message;
    return true;
}

static bool on_event(struct cql_conn *c, cq_bytes body, struct cql_event *ev)
{
    struct cql_notice n;

    if (cql_event_read(body, &n) && cq_is_null(n.type)) return broken(c);
    c->counts.events++;
    ev->kind = CQL_EV_EVENT;
    ev->text = n.type;
    return true;
}

bool cql_conn_on_body(struct cql_conn *c, struct cql_event *ev)
{
    struct cql_prefix prefix;
    cq_bytes body = c->in.body;
    int stream = c->in.h.stream;

    if (c->in.dest == CQL_DEST_SKIP) {
        c->orphans &= ~(1ull << stream);
        return false;
    }
    if (cql_prefix_read(&body, c->in.h.flags, &prefix)) return broken(c);
    c->counts.warnings += prefix.n_warnings;
    ev->n_warnings = prefix.n_warnings;
    ev->stream = stream;
    switch (c->in.h.opcode) {
    case CQL_SUPPORTED:
        return cql_conn_on_supported(c, body, ev) || (c->state != CQL_CONN_FAILED && broken(c));
    case CQL_AUTHENTICATE:
        return cql_conn_on_authenticate(c, body, ev) || (c->state != CQL_CONN_FAILED && broken(c));
    case CQL_AUTH_CHALLENGE:
        return cql_conn_on_token(c, body, ev) || broken(c);
    case CQL_READY:
    case CQL_AUTH_SUCCESS:
        return cql_conn_on_ready(c, ev);
    case CQL_RESULT:
        return on_result(c, body, ev);
    case CQL_EVENT:
        return on_event(c, body, ev);
    default:
        return on_error(c, body, ev);
    }
}
