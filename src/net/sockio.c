/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a connected sock: TLS handshake, reading into the owner's space, writing,
 * back-pressure.
 *
 * Reading goes straight into the memory that the owner offers; nothing is allocated. Where it
 * offers none, reading stops (and TCP's window closes) until cq_sock_resume. One connection reads
 * at most CQ_READ_BUDGET before others have their turn. An end of the stream is reported when
 * everything before it was read; it is an error (CQ_ERESET) only where not one byte came.
 */
#include <assert.h>

#include "net/sockint.h"
#include "net/tls.h"
#include "net/trust.h"

static void kick(struct cq_sock *s)
{
    cq_sock_arm(s, 0);
}

static void on_ready(struct cq_hub_place *m)
{
    cq_sock_drive(CQ_RING_OF(m, struct cq_attempt, place)
                      ->s); /* a broken descriptor shows in the call tried next */
}

/* A system call where something changes: not for a pause that is over before bytes come. Where the
 * kernel has no memory for it, the timer asks again. */
static void watch(struct cq_sock *s)
{
    bool reading = s->state == CQ_SOCK_TLS || !s->stuck;
    bool writing = !s->write_dead && cq_buf_view(&s->out).n > 0;
    unsigned want = s->t.ops->want(&s->t, reading, writing);

    if (cq_hub_watch(s->hub, &s->conn->place, want)) kick(s);
}

static void end_of_stream(struct cq_sock *s)
{
    static const char *const late[] = {
        [CQ_END_ORDERLY] = "the peer closed the connection",
        [CQ_END_RESET] = "the peer reset the connection",
        [CQ_END_CUT] = "the peer closed the connection without ending TLS (no close_notify)",
    };
    static const char *const early[] = {
        [CQ_END_ORDERLY] = "the peer closed the connection before it sent anything",
        [CQ_END_RESET] = "the peer reset the connection before it sent anything",
        [CQ_END_CUT] = "the peer closed the connection after the TLS handshake without a word",
    };

    cq_sock_end(s, s->received ? 0 : CQ_ERESET, (s->received ? late : early)[s->t.how]);
}

static void flush(struct cq_sock *s)
{
    while (!s->write_dead) {
        cq_bytes b = cq_buf_view(&s->out);
        size_t taken = 0;
        enum cq_io io;

        if (b.n == 0) break;
        io = s->t.ops->write(&s->t, b, &taken);
        if (io == CQ_IO_AGAIN) return;
        s->write_dead = io != CQ_IO_OK; /* reading will tell why */
        cq_buf_consume(&s->out, taken);
    }
    cq_buf_fini(&s->out);
}

/* Reads until nothing is there, the owner has no space, the budget is used, or the sock is not
 * open. */
static void read_all(struct cq_sock *s)
{
    size_t budget = CQ_READ_BUDGET;
    bool was_paused = s->paused;

    while (budget > 0) {
        uint8_t *p = NULL;
        size_t n = 0;
        size_t got = 0;
        enum cq_io io;

        s->on.space(s->ctx, &p, &n);
        if (s->state != CQ_SOCK_OPEN) return;
        s->paused = n == 0;
        s->stuck = s->paused && was_paused;
        if (s->paused) return;
        io = s->t.ops->read(&s->t, p, n, &got);
        if (io == CQ_IO_AGAIN && s->on.unused) s->on.unused(s->ctx);
        if (io == CQ_IO_AGAIN) return;
        if (io == CQ_IO_END) end_of_stream(s);
        if (io == CQ_IO_FAILED) cq_sock_end(s, s->fault.err, cq_blame_text(&s->fault));
        if (io != CQ_IO_OK) return;
        s->received += got;
        s->on.received(s->ctx, got);
        if (s->state != CQ_SOCK_OPEN) return;
        budget -= got < budget ? got : budget;
        if (got < n && !s->t.tls) return; /* TCP has given all it had */
    }
    kick(s);
}

static void opened(struct cq_sock *s)
{
    bool tls = s->state == CQ_SOCK_TLS;
    char text[128];

    cq_sock_arm(s, CQ_NEVER);
    s->t.ops->describe(&s->t, &s->facts);
    cq_sock_set_state(s, CQ_SOCK_OPEN);
    if (tls) {
        snprintf(text, sizeof text, "%s %s", s->facts.tls_version, s->facts.tls_cipher);
        if (!cq_sock_step_done(s, CQ_STEP_TLS, text)) return;
    }
    if (s->on.opened) s->on.opened(s->ctx, &s->facts);
    if (s->state != CQ_SOCK_OPEN) return;
    if (tls)
        kick(s); /* more than the handshake may have come, and its last flight may be here still */
    else
        watch(s); /* who is connected speaks first */
}

static void handshake(struct cq_sock *s)
{
    switch (s->t.ops->open(&s->t)) {
    case CQ_IO_OK:
        opened(s);
        return;
    case CQ_IO_AGAIN:
        if (uv_hrtime() < s->tls_deadline) {
            cq_sock_arm(s, s->tls_deadline);
            watch(s);
            return;
        }
        cq_blame_set(&s->fault, CQ_ETLS_TIMEOUT, "%s: no end of the TLS handshake within %llu ms",
                     s->facts.peer, (unsigned long long)(s->timeout / CQ_MS(1)));
        break;
    case CQ_IO_END:
    case CQ_IO_FAILED:
        break;
    }
    cq_sock_step_failed(s, CQ_STEP_TLS);
}

static int64_t wall_ms(void)
{
    uv_timeval64_t t = {0};

    (void)uv_gettimeofday(&t);
    return t.tv_sec * 1000 + t.tv_usec / 1000;
}

/* The endpoint's host is what is verified and sent as SNI, unless the options say other names. */
static int use_transport(struct cq_sock *s, size_t endpoint)
{
    struct cq_tls_peer peer = {
        .host = s->endpoints[endpoint].host,
        .sni = s->sni,
        .verify_name = s->verify_name,
        .address = s->facts.peer,
        .wall_ms = wall_ms(),
    };

    s->t.fd = s->conn->fd;
    s->conn->fd = -1;
    s->conn->place.ready = on_ready;
    s->conn->place.is_tolerant = true;
    s->t.ops = &cq_tcp_ops;
    if (!s->tls) return 0;
    return s->tls->functions->attach(&s->t, s->mem, s->tls, &peer);
}

void cq_sock_connected(struct cq_sock *s)
{
    struct cq_dial_addr won = s->dial->addrs[s->conn->index];
    int err;

    cq_sock_arm(s, CQ_NEVER);
    cq_sock_free_dial(s);
    cq_addr_print(&won.addr, true, s->facts.peer);
    s->endpoint = won.endpoint;
    err = use_transport(s, won.endpoint);
    if (!cq_sock_step_done(s, CQ_STEP_CONNECT, s->facts.peer)) return;
    if (s->tls) {
        cq_sock_set_state(s, CQ_SOCK_TLS);
        s->tls_deadline = uv_hrtime() + s->timeout;
    }
    if (err) {
        cq_blame_set(&s->fault, err, "TLS could not be set up");
        cq_sock_step_failed(s, CQ_STEP_TLS);
        return;
    }
    handshake(s);
}

size_t cq_sock_endpoint(const struct cq_sock *s)
{
    return s->endpoint;
}

void cq_sock_drive(struct cq_sock *s)
{
    if (s->state == CQ_SOCK_TLS) {
        handshake(s);
        return;
    }
    flush(s);
    read_all(s);
    if (s->state == CQ_SOCK_OPEN) watch(s);
}

int cq_sock_write(struct cq_sock *s, cq_bytes b)
{
    size_t waiting = cq_buf_view(&s->out).n;

    if (s->state >= CQ_SOCK_ENDED || s->write_dead || b.n == 0) return 0;
    if (b.n > CQ_MAX_SEND - waiting) return CQ_ETOO_LARGE;
    while (s->state == CQ_SOCK_OPEN && waiting == 0 && b.n > 0) {
        size_t taken = 0;
        enum cq_io io = s->t.ops->write(&s->t, b, &taken);

        b = (cq_bytes){b.p + taken, b.n - taken};
        if (io == CQ_IO_AGAIN) break;
        s->write_dead = io != CQ_IO_OK;
        if (s->write_dead) b.n = 0;
    }
    if (b.n > 0) {
        cq_buf_compact(&s->out);
        cq_buf_put(&s->out, b.p, b.n);
    }
    if (s->out.err) return s->out.err;
    if (s->state == CQ_SOCK_OPEN) watch(s);
    return 0;
}

void cq_sock_resume(struct cq_sock *s)
{
    if (s->state != CQ_SOCK_OPEN || !s->paused) return;
    s->paused = false;
    if (s->stuck || s->t.tls) kick(s);
    s->stuck = false;
}
