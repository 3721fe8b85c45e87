/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets (link.h). Happy path: on_read -> feed -> pump, which writes until the socket is full or
 * nothing is left. Full: one piece is copied for uv_write, and on_written goes on; until then the
 * node's output stays where it is, which is how back-pressure reaches the node. The timer serves
 * latency, trickle and the pieces of the fault split.
 */
#include "sim/link.h"

#include <stdlib.h>
#include <string.h>

/* PIECE: copied or encrypted at a time; MOST: offered to the socket as it lies */
enum { PIECE = 64 << 10, MOST = 1 << 20, KEEP = 4 << 10 };

static void pump(struct cqsim_link *link);

static uint64_t now_of(const struct cqsim_link *link)
{
    return uv_now(link->tcp.loop);
}

static void on_closed(uv_handle_t *handle)
{
    struct cqsim_link *link = handle->data;
    struct cqsim_links *links = link->links;
    if (--link->n_handles > 0) return;
    if (link->prev != NULL)
        link->prev->next = link->next;
    else
        links->first = link->next;
    if (link->next != NULL) link->next->prev = link->prev;
    links->n--;
    cqsim_conn_free(link->conn);
    cqsim_tls_free(link->tls);
    cqsim_buf_fini(&link->wire);
    cqsim_buf_fini(&link->late);
    free(link);
}

static void close_timer(struct cqsim_link *link)
{
    uv_close((uv_handle_t *)&link->timer, on_closed);
}

void cqsim_link_close(struct cqsim_link *link)
{
    if (link->closing) return;
    link->closing = true;
    uv_close((uv_handle_t *)&link->tcp, on_closed);
    close_timer(link);
}

static void reset(struct cqsim_link *link)
{
    if (link->closing) return;
    if (uv_tcp_close_reset(&link->tcp, on_closed) != 0) {
        cqsim_link_close(link);
        return;
    }
    link->closing = true;
    close_timer(link);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    (void)status;
    cqsim_link_close(req->data);
}

static void end(struct cqsim_link *link)
{
    if (cqsim_conn_end(link->conn) == CQSIM_RESET) {
        reset(link);
        return;
    }
    link->shutdown.data = link;
    if (uv_shutdown(&link->shutdown, (uv_stream_t *)&link->tcp, on_shutdown) != 0)
        cqsim_link_close(link);
}

static void on_timer(uv_timer_t *timer);

static void arm(struct cqsim_link *link)
{
    uint64_t now = now_of(link), at = cqsim_conn_deadline(link->conn, now);
    if (link->n_flights > 0 && link->flights[0].due_ms < at) at = link->flights[0].due_ms;
    if (at == UINT64_MAX) return;
    uv_timer_start(&link->timer, on_timer, at > now ? at - now : 0, 0);
}

/* n bytes of what goes out next are on their way. */
static void passed(struct cqsim_link *link, size_t n)
{
    link->conn->counts.wire_out += n;
    if (link->n_wire == 0) {
        cqsim_conn_sent(link->conn, n);
        return;
    }
    cqsim_buf_eat(&link->wire, n);
    if (cqsim_buf_len(&link->wire) > 0) return;
    size_t plain = link->n_plain;
    link->n_wire = link->n_plain = 0;
    cqsim_buf_trim(&link->wire, KEEP);
    if (plain > 0) cqsim_conn_sent(link->conn, plain);
}

static void on_written(uv_write_t *req, int status)
{
    struct cqsim_link *link = req->data;
    link->writing = false;
    if (link->closing) return;
    if (status < 0) {
        cqsim_link_close(link);
        return;
    }
    passed(link, cqsim_buf_len(&link->wire));
    pump(link);
}

/* What goes out next: of the node, or what wire holds; nothing when there is nothing. */
static struct cqsim_slice gather(struct cqsim_link *link)
{
    if (link->n_wire > 0) return cqsim_buf_slice(&link->wire);
    bool open = link->tls == NULL || cqsim_tls_is_open(link->tls);
    struct cqsim_slice s = {NULL, 0};
    if (open) s = cqsim_conn_pending(link->conn, now_of(link));
    if (link->tls != NULL) {
        s.n = s.n < PIECE ? s.n : PIECE;
        link->n_plain = s.n;
        cqsim_tls_write(link->tls, s);
        cqsim_tls_out(link->tls, &link->wire);
        s = cqsim_buf_slice(&link->wire);
    } else if (cqsim_buf_len(&link->wire) > 0) {
        s = cqsim_buf_slice(&link->wire); /* the alert of refuse_plaintext */
    } else {
        return s;
    }
    link->n_wire = s.n;
    return s;
}

/* The socket is full: libuv says when this piece is out. */
static void write_later(struct cqsim_link *link, struct cqsim_slice s)
{
    if (link->n_wire == 0) {
        s.n = s.n < PIECE ? s.n : PIECE;
        cqsim_put(&link->wire, s.p, s.n);
        link->n_wire = link->n_plain = s.n;
        s = cqsim_buf_slice(&link->wire);
    }
    char *base;
    memcpy(&base, &s.p, sizeof base);
    uv_buf_t buf = uv_buf_init(base, (unsigned)s.n);
    link->writing = true;
    link->write.data = link;
    if (uv_write(&link->write, (uv_stream_t *)&link->tcp, &buf, 1, on_written) != 0)
        cqsim_link_close(link);
}

static void pump(struct cqsim_link *link)
{
    struct cqsim_slice s = {NULL, 0};
    while (!link->closing && !link->writing && (s = gather(link)).n > 0) {
        char *base;
        memcpy(&base, &s.p, sizeof base);
        uv_buf_t buf = uv_buf_init(base, (unsigned)(s.n < MOST ? s.n : MOST));
        int n = uv_try_write((uv_stream_t *)&link->tcp, &buf, 1);
        if (n == UV_EAGAIN)
            write_later(link, s);
        else if (n < 0)
            cqsim_link_close(link);
        else
            passed(link, (size_t)n);
        if (n >= 0 && link->conn->cluster->faults.split > 0) {
            uv_timer_start(&link->timer, on_timer, 0, 0);
            return;
        }
    }
    if (link->closing || link->writing) return;
    if (cqsim_conn_end(link->conn) != CQSIM_OPEN)
        end(link);
    else
        arm(link);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct cqsim_link *link = handle->data;
    *buf = uv_buf_init((char *)link->links->scratch, CQSIM_READ_CHUNK);
}

static bool is_no_tls(const struct cqsim_link *link, struct cqsim_slice in)
{
    enum { TLS_HANDSHAKE = 0x16 };
    return link->tls != NULL && link->conn->counts.wire_in == in.n && in.p[0] != TLS_HANDSHAKE;
}

/* Plain bytes to a TLS port: 4.x sends an alert (protocol_version), the others reset without a
 * word. */
static void refuse_plaintext(struct cqsim_link *link)
{
    static const uint8_t alert[] = {0x15, 3, 1, 0, 2, 2, 0x46};
    enum cqsim_line line = link->conn->cluster->release->line;
    if (line != CQSIM_40 && line != CQSIM_41) {
        reset(link);
        return;
    }
    cqsim_put(&link->wire, alert, sizeof alert);
    link->conn->end = CQSIM_CLOSE;
}

/* Ciphertext to the node; after a failure the alert goes out and the socket is closed. */
static void feed_tls(struct cqsim_link *link, struct cqsim_slice in)
{
    struct cqsim_buf *plain = &link->links->plain;
    cqsim_buf_clear(plain);
    bool was_open = cqsim_tls_is_open(link->tls);
    bool ok = cqsim_tls_feed(link->tls, in, plain);
    if (!was_open && cqsim_tls_is_open(link->tls)) {
        struct cqsim_counts *n = &link->conn->counts;
        ++*(cqsim_tls_is_resumed(link->tls) ? &n->tls_resumed : &n->tls_full);
        link->conn->has_client_cert = cqsim_tls_has_client_cert(link->tls);
    }
    if (cqsim_buf_len(plain) > 0) cqsim_conn_feed(link->conn, cqsim_buf_slice(plain), now_of(link));
    if (!ok && link->conn->end == CQSIM_OPEN) link->conn->end = CQSIM_CLOSE;
}

static void deliver(struct cqsim_link *link, struct cqsim_slice in)
{
    link->conn->counts.wire_in += in.n;
    if (is_no_tls(link, in))
        refuse_plaintext(link);
    else if (link->tls != NULL)
        feed_tls(link, in);
    else
        cqsim_conn_feed(link->conn, in, now_of(link));
}

/* The fault rtt: what arrives now counts as having been a round trip on its way, and the first
   bytes as having waited for TCP's handshake, too. Order stays, so that a burst waits once. */
static void delay(struct cqsim_link *link, struct cqsim_slice in)
{
    const struct cqsim_faults *f = &link->conn->cluster->faults;
    uint64_t due = now_of(link), connected = link->accepted_ms + f->rtt_ms;
    if (due < connected) due = connected;
    due += f->rtt_ms + cqsim_rng_below(&link->rng, (size_t)f->jitter_ms + 1);
    cqsim_put(&link->late, in.p, in.n);
    struct cqsim_flight *last = link->n_flights ? &link->flights[link->n_flights - 1] : NULL;
    if (last != NULL && (due <= last->due_ms || link->n_flights == CQSIM_MAX_ON_THE_WAY)) {
        last->n += in.n;
        return;
    }
    link->flights[link->n_flights++] = (struct cqsim_flight){due, in.n};
}

static void land(struct cqsim_link *link)
{
    while (link->n_flights > 0 && link->flights[0].due_ms <= now_of(link) && !link->closing) {
        size_t n = link->flights[0].n;
        memmove(link->flights, link->flights + 1, --link->n_flights * sizeof *link->flights);
        struct cqsim_slice in = {cqsim_buf_head(&link->late), n};
        deliver(link, in);
        cqsim_buf_eat(&link->late, n);
    }
}

static void on_timer(uv_timer_t *timer)
{
    land(timer->data);
    pump(timer->data);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct cqsim_link *link = stream->data;
    if (n < 0) {
        cqsim_link_close(link);
        return;
    }
    if (n == 0 || link->closing) return;
    struct cqsim_slice in = {(const uint8_t *)buf->base, (size_t)n};
    const struct cqsim_faults *f = &link->conn->cluster->faults;
    if (f->rtt_ms + f->jitter_ms > 0 || link->n_flights > 0)
        delay(link, in);
    else
        deliver(link, in);
    pump(link);
}

void cqsim_link_accept(struct cqsim_links *links, uv_stream_t *listener, struct cqsim_cluster *c)
{
    struct cqsim_link *link = cqsim_alloc(sizeof *link);
    link->links = links;
    link->n_handles = 2;
    uv_tcp_init(listener->loop, &link->tcp);
    uv_timer_init(listener->loop, &link->timer);
    link->tcp.data = link;
    link->timer.data = link;
    link->conn = cqsim_conn_new(c, uv_now(listener->loop));
    if (c->tls) link->tls = cqsim_tls_new(c->faults.expired_cert ? links->expired : links->tls);
    link->accepted_ms = uv_now(listener->loop);
    link->rng = cqsim_rng_for(links->seed, c->index, link->conn->number);
    link->next = links->first;
    if (link->next != NULL) link->next->prev = link;
    links->first = link;
    links->n++;
    uv_stream_t *stream = (uv_stream_t *)&link->tcp;
    if (uv_accept(listener, stream) != 0 || uv_read_start(stream, on_alloc, on_read) != 0) {
        cqsim_link_close(link);
        return;
    }
    uv_tcp_nodelay(&link->tcp, 1);
    pump(link);
}
