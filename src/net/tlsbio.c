/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ciphertext between OpenSSL and the transport (net/tls.h): a BIO over two queues, each of which
 * has a block only while bytes are in it. (The rings of OpenSSL's own BIO pair stay as long as the
 * connection, a quarter of what one that waits would cost.)
 *
 *   transport: space, commit -> in -> OpenSSL reads
 *   OpenSSL writes -> out -> transport: pending, sent
 *
 * The queue in is filled only at its end, so a block that was read half-way takes no more until it
 * is empty: OpenSSL reads all of it before it asks the transport for more.
 */
#include "net/tls.h"

#include <assert.h>
#include <openssl/bio.h>

static void let_go(struct cq_tls *t, struct cq_tls_queue *q)
{
    if (q->at < q->n) return;
    cq_free(t->mem, q->p);
    *q = (struct cq_tls_queue){.cap = q->cap};
}

/* False: no memory, and t->fault says so. */
static bool have_block(struct cq_tls *t, struct cq_tls_queue *q)
{
    if (!q->p) q->p = cq_alloc(t->mem, q->cap);
    if (!q->p) cq_blame_set(t->fault, CQ_ENOMEM, "no memory for TLS");
    return q->p != NULL;
}

/* ---- OpenSSL's side ---- */

static int bio_read(BIO *b, char *to, int n)
{
    struct cq_tls *t = BIO_get_data(b);
    size_t k = t->in.n - t->in.at;

    BIO_clear_retry_flags(b);
    if (k == 0 && t->eof) return 0;
    if (k == 0) {
        BIO_set_retry_read(b);
        return -1;
    }
    if (k > (size_t)n) k = (size_t)n;
    memcpy(to, t->in.p + t->in.at, k);
    t->in.at += (uint32_t)k;
    return (int)k;
}

static int bio_write(BIO *b, const char *p, int n)
{
    struct cq_tls *t = BIO_get_data(b);
    size_t k = t->out.cap - t->out.n;

    BIO_clear_retry_flags(b);
    if (k == 0) {
        BIO_set_retry_write(b);
        return -1;
    }
    if (!have_block(t, &t->out)) return -1;
    if (k > (size_t)n) k = (size_t)n;
    memcpy(t->out.p + t->out.n, p, k);
    t->out.n += (uint32_t)k;
    return (int)k;
}

static long bio_ctrl(BIO *b, int what, long num, void *ptr)
{
    const struct cq_tls *t = BIO_get_data(b);

    (void)num, (void)ptr;
    if (what == BIO_CTRL_FLUSH) return 1;
    if (what == BIO_CTRL_EOF) return t->eof && t->in.at == t->in.n;
    return 0;
}

BIO_METHOD *cq_tls_method_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "cqlcrawl");

    if (m && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
        BIO_meth_set_ctrl(m, bio_ctrl))
        return m;
    BIO_meth_free(m);
    return NULL;
}

BIO *cq_tls_bio(struct cq_tls *t, const BIO_METHOD *m, size_t most)
{
    BIO *b = BIO_new(m);

    t->in.cap = (uint32_t)most;
    t->out.cap = (uint32_t)(most < CQ_TLS_OUT ? most : CQ_TLS_OUT);
    if (!b) return NULL;
    BIO_set_data(b, t);
    BIO_set_init(b, 1);
    return b;
}

/* ---- the transport's ---- */

void cq_tls_space(struct cq_tls *t, uint8_t **p, size_t *n)
{
    *p = NULL;
    *n = 0;
    if (t->eof || t->state == CQ_TLS_FAILED) return;
    let_go(t, &t->in);
    if (!have_block(t, &t->in)) {
        t->state = CQ_TLS_FAILED;
        return;
    }
    *p = t->in.p + t->in.n;
    *n = t->in.cap - t->in.n;
}

static void note_first(struct cq_tls *t, const uint8_t *p, size_t n)
{
    size_t room = CQ_TLS_FIRST - t->n_first;

    if (n > room) n = room;
    memcpy(t->first + t->n_first, p, n);
    t->n_first += n;
}

void cq_tls_commit(struct cq_tls *t, size_t n)
{
    assert(!t->eof && n <= t->in.cap - t->in.n);
    if (t->n_first < CQ_TLS_FIRST && n > 0) note_first(t, t->in.p + t->in.n, n);
    t->in.n += (uint32_t)n;
    let_go(t, &t->in);
}

void cq_tls_eof(struct cq_tls *t, enum cq_end how)
{
    if (t->eof) return;
    t->eof = true;
    t->how = how;
    let_go(t, &t->in);
}

bool cq_tls_is_pending(const struct cq_tls *t)
{
    return t->out.at < t->out.n;
}

cq_bytes cq_tls_pending(struct cq_tls *t)
{
    if (!cq_tls_is_pending(t)) return CQ_NULL;
    return (cq_bytes){t->out.p + t->out.at, t->out.n - t->out.at};
}

void cq_tls_sent(struct cq_tls *t, size_t n)
{
    assert(n <= t->out.n - t->out.at);
    t->out.at += (uint32_t)n;
    let_go(t, &t->out);
}

void cq_tls_tidy(struct cq_tls *t)
{
    let_go(t, &t->in);
    let_go(t, &t->out);
}
