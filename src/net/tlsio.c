/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS table of net/transport.h: the pump of net/tls.h on a descriptor. Ciphertext is received
 * straight into the pump's queue and sent straight out of the other; after every call of the pump
 * that one is sent, before anything is waited for. A send that fails stops the sending alone: an
 * alert that explains it may be on its way in.
 */
#include "net/sock.h"
#include "net/tls.h"
#include "net/tlsctx.h"

#include <openssl/ssl.h>

int cq_tls_attach(struct cq_transport *t, const struct cq_mem *mem, struct cq_tls_ctx *c,
                  const struct cq_tls_peer *peer)
{
    struct ssl_st *ssl = NULL;
    struct cq_tls *tls;
    int err = cq_tls_client(c, peer, &ssl);

    if (err) return err;
    tls = cq_alloc(mem, sizeof *tls);
    if (!tls) {
        SSL_free(ssl);
        return CQ_ENOMEM;
    }
    err = cq_tls_init(tls, mem, ssl, cq_tls_ctx_method(c), CQ_TLS_IN, t->fault);
    if (err) {
        cq_free(mem, tls);
        return err;
    }
    tls->cert_given = SSL_get_certificate(ssl) != NULL;
    tls->dry = true; /* just connected, and it is we who speak first */
    cq_tls_resume(tls, c, peer);
    t->tls = tls;
    t->ops = &cq_tls_ops;
    return 0;
}

/* Sends what is pending. False: the descriptor takes no more now. */
static bool drain(struct cq_transport *t)
{
    for (;;) {
        cq_bytes b = cq_tls_pending(t->tls);
        size_t taken = 0;
        enum cq_io io;

        if (b.n == 0) return true;
        io = cq_fd_send(t, b, &taken);
        if (io == CQ_IO_AGAIN) return false;
        cq_tls_sent(t->tls, io == CQ_IO_OK ? taken : b.n); /* dead: thrown away */
    }
}

/* Receives into the queue. OK: there is something new for the pump, the transport's end included.
 */
static enum cq_io fill(struct cq_transport *t)
{
    uint8_t *p = NULL;
    size_t n = 0;
    size_t got = 0;
    enum cq_io io;

    if (t->tls->dry) {
        t->tls->dry = false;
        return CQ_IO_AGAIN;
    }
    cq_tls_space(t->tls, &p, &n);
    if (n == 0) return t->tls->state == CQ_TLS_FAILED ? CQ_IO_FAILED : CQ_IO_AGAIN;
    io = cq_fd_recv(t, p, n, &got);
    cq_tls_commit(t->tls, got);
    t->tls->dry = io == CQ_IO_OK && got < n;
    if (io == CQ_IO_END) cq_tls_eof(t->tls, t->how);
    return io == CQ_IO_END ? CQ_IO_OK : io;
}

/* After a call of the pump: sends, and receives if that is what is missing. OK: call it again
 * (AGAIN while ciphertext was pending meant room in the queue perhaps, and now there is room). */
static enum cq_io turn(struct cq_transport *t)
{
    bool wanted_room = cq_tls_is_pending(t->tls);

    if (drain(t) && wanted_room) return CQ_IO_OK;
    return fill(t);
}

static enum cq_io tls_open(struct cq_transport *t)
{
    enum cq_io io;

    while ((io = cq_tls_handshake(t->tls)) == CQ_IO_AGAIN) {
        io = turn(t);
        if (io != CQ_IO_OK) return io;
    }
    /* An alert leaves now; the last flight of a handshake that went well with what is written next,
     * in one packet, and if nothing is, with the reading (net/sockio.c looks soon). */
    if (io != CQ_IO_OK) (void)drain(t);
    return io;
}

static enum cq_io tls_read(struct cq_transport *t, uint8_t *p, size_t n, size_t *got)
{
    enum cq_io io;

    while ((io = cq_tls_read(t->tls, p, n, got)) == CQ_IO_AGAIN) {
        io = turn(t);
        if (io != CQ_IO_OK) return io;
    }
    (void)drain(t);
    t->how = t->tls->how;
    return io;
}

/* Nothing is received here: what OpenSSL wants to read for a write (it does not, without
 * renegotiation) comes with the next read. */
static enum cq_io tls_write(struct cq_transport *t, cq_bytes b, size_t *taken)
{
    enum cq_io io;

    while ((io = cq_tls_write(t->tls, b, taken)) == CQ_IO_AGAIN) {
        if (!cq_tls_is_pending(t->tls) || !drain(t)) return io;
    }
    (void)drain(t);
    return io;
}

static unsigned tls_want(const struct cq_transport *t, bool reading, bool writing)
{
    (void)writing; /* what cannot be written waits for the queue, or for the peer */
    return (reading ? CQ_WANT_IN : 0u) | (cq_tls_is_pending(t->tls) ? CQ_WANT_OUT : 0u);
}

static void tls_close(struct cq_transport *t)
{
    const struct cq_mem *mem = t->tls->mem;

    cq_tls_shutdown(t->tls);
    (void)drain(t);
    cq_tls_fini(t->tls);
    cq_free(mem, t->tls);
    t->tls = NULL;
    cq_fd_close(t->fd);
    t->fd = -1;
}

static void tls_describe(const struct cq_transport *t, struct cq_sock_facts *facts)
{
    facts->tls = true;
    facts->tls_version = SSL_get_version(t->tls->ssl);
    facts->tls_cipher = SSL_get_cipher_name(t->tls->ssl);
    facts->subject = t->tls->subject;
    facts->issuer = t->tls->issuer;
    facts->not_after_ms = t->tls->not_after_ms;
}

const struct cq_transport_ops cq_tls_ops = {
    .open = tls_open,
    .read = tls_read,
    .write = tls_write,
    .want = tls_want,
    .close = tls_close,
    .describe = tls_describe,
};
