/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS pump of net/tls.h, over the BIO of net/tlsbio.c.
 *
 *   handshake ---> open ---> ended (close_notify, or the transport's end: `how`)
 *       |            |
 *       +------------+-----> failed (fault)
 *
 * An empty queue only ever says "want read"; so the transport's end is passed in explicitly
 * (cq_tls_eof), and OpenSSL then calls it an unexpected end (0A000126), which is told apart
 * from close_notify here. An end during the handshake is a failure. The error queue is the
 * thread's: it is emptied before each call, so that a host's leftovers are not taken for ours, and
 * after, so that ours do not stay.
 */
#include "net/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

int cq_tls_init(struct cq_tls *t, const struct cq_mem *mem, struct ssl_st *ssl,
                const struct bio_method_st *method, size_t most, struct cq_blame *fault)
{
    BIO *bio;

    *t = (struct cq_tls){.mem = mem, .ssl = ssl, .fault = fault, .not_after_ms = -1};
    bio = ssl ? cq_tls_bio(t, method, most) : NULL;
    if (!bio) {
        ERR_clear_error();
        SSL_free(ssl);
        *t = (struct cq_tls){.fault = fault};
        return cq_blame_set(fault, CQ_ENOMEM, "no memory for TLS");
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, t);
    return 0;
}

void cq_tls_fini(struct cq_tls *t)
{
    SSL_free(t->ssl); /* and its BIO */
    if (t->mem) {
        cq_free(t->mem, t->in.p);
        cq_free(t->mem, t->out.p);
        cq_free(t->mem, t->subject);
        cq_free(t->mem, t->issuer);
    }
    *t = (struct cq_tls){.fault = t->fault};
}

/* Whether there are any is a look; to clear them all is one at each of sixteen places. */
static void clear_errors(void)
{
    if (ERR_peek_error()) ERR_clear_error();
}

/* What became of an SSL call that did not succeed. */
static enum cq_io outcome(struct cq_tls *t, int rc)
{
    int what = SSL_get_error(t->ssl, rc);
    unsigned long e = ERR_peek_error();
    bool cut = what == SSL_ERROR_SYSCALL || ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING;

    if (t->fault->err == CQ_ENOMEM) { /* nowhere to put what is to be sent (net/tlsbio.c) */
        t->state = CQ_TLS_FAILED;
        return CQ_IO_FAILED;
    }
    if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE) return CQ_IO_AGAIN;
    if (what == SSL_ERROR_ZERO_RETURN) {
        t->how = CQ_END_ORDERLY;
        t->state = CQ_TLS_ENDED;
        return CQ_IO_END;
    }
    if (cut && t->state == CQ_TLS_OPEN && (t->answered || !t->cert_asked || t->cert_given)) {
        if (t->how != CQ_END_RESET) t->how = CQ_END_CUT;
        t->state = CQ_TLS_ENDED;
        return CQ_IO_END;
    }
    cq_tls_explain(t, cut ? 0 : e);
    cq_tls_forget(t); /* RFC 5246 7.2.2 */
    t->state = CQ_TLS_FAILED;
    return CQ_IO_FAILED;
}

static enum cq_io settled(const struct cq_tls *t)
{
    return t->state == CQ_TLS_FAILED ? CQ_IO_FAILED : CQ_IO_END;
}

/*
 * Gives OpenSSL's record buffers back where nothing is in them: once for a whole burst, where
 * SSL_MODE_RELEASE_BUFFERS would do it for every record, and for the one for writing, too, which
 * 3.0 keeps in that mode behind a write that went out whole and makes anew for every session
 * ticket that is read.
 */
static void rest(struct cq_tls *t)
{
    (void)SSL_free_buffers(t->ssl);
    cq_tls_tidy(t);
}

enum cq_io cq_tls_handshake(struct cq_tls *t)
{
    enum cq_io io;
    int rc;

    if (t->state == CQ_TLS_OPEN) return CQ_IO_OK;
    if (t->state != CQ_TLS_HANDSHAKE) return CQ_IO_FAILED;
    clear_errors();
    rc = SSL_do_handshake(t->ssl);
    if (rc == 1) {
        t->state = CQ_TLS_OPEN;
        cq_tls_resumed(t);
        rest(t);
        io = cq_tls_describe_peer(t) ? CQ_IO_FAILED : CQ_IO_OK;
        if (io == CQ_IO_FAILED) t->state = CQ_TLS_FAILED;
    } else {
        io = outcome(t, rc);
        if (io == CQ_IO_END) { /* close_notify instead of a handshake */
            cq_tls_explain(t, 0);
            t->state = CQ_TLS_FAILED;
            io = CQ_IO_FAILED;
        }
    }
    clear_errors();
    return io;
}

enum cq_io cq_tls_read(struct cq_tls *t, uint8_t *p, size_t n, size_t *got)
{
    enum cq_io io = CQ_IO_OK;
    int rc;

    *got = 0;
    if (t->state == CQ_TLS_HANDSHAKE) return CQ_IO_AGAIN;
    if (t->state != CQ_TLS_OPEN) return settled(t);
    clear_errors();
    rc = SSL_read_ex(t->ssl, p, n, got);
    if (rc == 1)
        t->answered = true;
    else
        io = outcome(t, rc);
    if (io == CQ_IO_AGAIN) rest(t);
    clear_errors();
    return io;
}

enum cq_io cq_tls_write(struct cq_tls *t, cq_bytes b, size_t *taken)
{
    enum cq_io io = CQ_IO_OK;
    int rc;

    assert(b.n > 0);
    *taken = 0;
    if (t->state == CQ_TLS_HANDSHAKE) return CQ_IO_AGAIN;
    if (t->state != CQ_TLS_OPEN) return settled(t);
    clear_errors();
    rc = SSL_write_ex(t->ssl, b.p, b.n, taken);
    if (rc == 1)
        rest(t);
    else
        io = outcome(t, rc);
    clear_errors();
    return io;
}

void cq_tls_shutdown(struct cq_tls *t)
{
    if (t->state != CQ_TLS_OPEN) return;
    clear_errors();
    (void)SSL_shutdown(t->ssl);
    clear_errors();
    t->state = CQ_TLS_ENDED;
}
