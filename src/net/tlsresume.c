/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which session goes with which connection. The key is a digest of all that has to be the same
 * again: the trust configuration (CA, mode, versions, client certificate and key), the names sent
 * and verified, the address and port that answered. So what was verified for one of them is never
 * believed for another.
 *
 * A session is taken out when it is offered, and what the server sends instead is put in (TLS 1.3:
 * tickets behind the handshake, the latest stays; TLS 1.2: the session itself goes back after it
 * was resumed). A server that does not want it makes a full handshake of it; a connection that
 * breaks takes its session along, so that the next attempt is a full one.
 *
 * A resumed handshake verifies no certificate. So the end of every certificate of the chain that
 * was verified in full, and when, are carried from session to session: past the first such end, or
 * CQ_TLS_RESUME_AGE after the full handshake, the next one is full again.
 *
 * The server's certificate stands in a session, too, and OpenSSL 3.0 decodes its key with the
 * session: 1.5 M instructions, two thirds of all that a resumed handshake takes beside. So it is
 * cut out, and what is told of it is kept as text: subject NUL issuer NUL session.
 *
 * OpenSSL marks a session's object as not resumable when its connection is freed without
 * close_notify; the bytes here were written before and know nothing of it.
 */
#include "net/tls.h"
#include "net/tlskeep.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "net/tlsctx.h"

enum { WEEK_S = 604800, DEFAULT_LIFE_S = 7200 };

static int key_of(struct cq_tls *t, struct cq_tls_ctx *c, const struct cq_tls_peer *p)
{
    const char *const texts[] = {p->host, p->sni ? p->sni : "",
                                 p->verify_name ? p->verify_name : "", p->address};
    struct cq_buf b;
    int err;

    cq_buf_init(&b, t->mem, CQ_KIB(16));
    cq_buf_put(&b, cq_tls_ctx_digest(c), CQ_TLS_KEY);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        cq_buf_put(&b, texts[i], strlen(texts[i]) + 1); /* no text holds a NUL */
    err = b.err ? b.err : cq_tls_digest(cq_buf_view(&b), t->resume.key);
    cq_buf_fini(&b);
    return err;
}

/* The next text of b, off b. NULL without memory. */
static char *take_text(const struct cq_mem *mem, cq_bytes *b)
{
    size_t n = strlen((const char *)b->p);
    char *copy = cq_strndup(mem, b->p, n);

    *b = (cq_bytes){b->p + n + 1, b->n - n - 1};
    return copy;
}

/* Offers the session that is kept. */
static void offer(struct cq_tls *t, struct cq_tls_keep *k, int64_t wall_ms)
{
    struct cq_tls_kept kept;
    cq_bytes b = cq_tls_keep_find(k, t->resume.key, wall_ms, &kept);
    SSL_SESSION *session = NULL;
    const unsigned char *at;

    if (cq_is_null(b)) return;
    t->subject = take_text(t->mem, &b);
    t->issuer = take_text(t->mem, &b);
    t->not_after_ms = kept.not_after_ms;
    at = b.p;
    if (t->subject && t->issuer) session = d2i_SSL_SESSION(NULL, &at, (long)b.n);
    if (session && SSL_set_session(t->ssl, session) == 1) {
        t->resume.since_ms = kept.since_ms;
        t->resume.trusted_ms = kept.trusted_ms;
    }
    SSL_SESSION_free(session);
    ERR_clear_error();
    cq_tls_keep_drop(k, t->resume.key);
}

void cq_tls_resume(struct cq_tls *t, struct cq_tls_ctx *c, const struct cq_tls_peer *p)
{
    struct cq_tls_keep *k;

    t->wall_ms = p->wall_ms;
    if (!p->address || key_of(t, c, p)) return;
    k = cq_tls_ctx_keep(c);
    if (!k) return;
    t->resume.ctx = c;
    offer(t, k, p->wall_ms);
}

/* What is known of a session that the server gives now. */
static struct cq_tls_kept describe(const struct cq_tls *t, const SSL_SESSION *s)
{
    int64_t made_ms = (int64_t)SSL_SESSION_get_time(s) * 1000;
    int64_t life_s = (int64_t)SSL_SESSION_get_ticket_lifetime_hint(s);
    struct cq_tls_kept kept = {.since_ms = made_ms, .not_after_ms = t->not_after_ms};
    int64_t oldest;

    if (SSL_session_reused(t->ssl)) {
        kept.since_ms = t->resume.since_ms;
        kept.trusted_ms = t->resume.trusted_ms;
    } else {
        kept.trusted_ms =
            SSL_get_verify_mode(t->ssl) == SSL_VERIFY_NONE ? INT64_MAX : t->trusted_ms;
    }
    if (life_s == 0) life_s = DEFAULT_LIFE_S; /* RFC 5077 3.3: it does not say */
    if (life_s > WEEK_S) life_s = WEEK_S;     /* RFC 8446 4.6.1 */
    kept.until_ms = made_ms + life_s * 1000;
    oldest = kept.since_ms + (int64_t)(CQ_TLS_RESUME_AGE / CQ_MS(1));
    if (kept.until_ms > oldest) kept.until_ms = oldest;
    return kept;
}

enum { PEER = 3 }; /* the certificate's tag in a session (ssl/ssl_asn1.c of OpenSSL) */

/* A session's elements before its certificate and behind it. */
struct parts {
    cq_bytes before, behind;
};

/* False: it is no SEQUENCE that is understood here. */
static bool part(const uint8_t *der, size_t n, struct parts *out)
{
    const uint8_t *at = der, *end = der + n, *body;
    int tag, class;
    long len;

    if (ASN1_get_object(&at, &len, &tag, &class, (long)n) & 0x80 || at + len != end) return false;
    *out = (struct parts){{at, (size_t)len}, {end, 0}};
    body = at;
    while (at < end) {
        const uint8_t *begin = at;

        if (ASN1_get_object(&at, &len, &tag, &class, end - at) & 0x80) return false;
        at += len;
        if (class != V_ASN1_CONTEXT_SPECIFIC || tag != PEER) continue;
        *out = (struct parts){{body, (size_t)(begin - body)}, {at, (size_t)(end - at)}};
        break;
    }
    return true;
}

static uint8_t *append(uint8_t *to, const void *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

static void write_kept(struct cq_tls *t, struct cq_tls_keep *k, struct cq_tls_kept *kept,
                       const struct parts *x)
{
    int inner = (int)(x->before.n + x->behind.n);
    size_t n_subject = strlen(t->subject) + 1, n_issuer = strlen(t->issuer) + 1;
    uint8_t *to;

    kept->n = n_subject + n_issuer + (size_t)ASN1_object_size(1, inner, V_ASN1_SEQUENCE);
    to = cq_tls_keep_put(k, t->resume.key, kept);
    if (!to) return;
    to = append(to, t->subject, n_subject);
    to = append(to, t->issuer, n_issuer);
    ASN1_put_object(&to, 1, inner, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    to = append(to, x->before.p, x->before.n);
    (void)append(to, x->behind.p, x->behind.n);
}

static bool may_keep(const struct cq_tls *t, const SSL_SESSION *s)
{
    if (!s || !SSL_SESSION_is_resumable(s)) return false;
    return SSL_get_verify_mode(t->ssl) == SSL_VERIFY_NONE ||
           SSL_get_verify_result(t->ssl) == X509_V_OK;
}

static void keep(struct cq_tls *t, SSL_SESSION *s)
{
    struct cq_tls_keep *k = t->resume.ctx ? cq_tls_ctx_keep(t->resume.ctx) : NULL;
    struct cq_tls_kept kept;
    struct parts parts;
    unsigned char *der = NULL;
    int n;

    if (!k || !may_keep(t, s)) return;
    /* TLS 1.2 gives its session before the handshake is over */
    if (t->state == CQ_TLS_HANDSHAKE && cq_tls_describe_peer(t)) return;
    if (!t->subject || !t->issuer) return;
    kept = describe(t, s);
    n = i2d_SSL_SESSION(s, &der);
    if (n <= 0) return;
    if (part(der, (size_t)n, &parts)) write_kept(t, k, &kept, &parts);
    OPENSSL_clear_free(der, (size_t)n);
}

int cq_tls_on_session(SSL *ssl, SSL_SESSION *s)
{
    struct cq_tls *t = SSL_get_app_data(ssl);

    if (t) keep(t, s);
    return 0; /* it stays OpenSSL's */
}

void cq_tls_resumed(struct cq_tls *t)
{
    if (SSL_session_reused(t->ssl) && SSL_version(t->ssl) < TLS1_3_VERSION)
        keep(t, SSL_get_session(t->ssl));
}

void cq_tls_forget(struct cq_tls *t)
{
    struct cq_tls_keep *k = t->resume.ctx ? cq_tls_ctx_keep(t->resume.ctx) : NULL;

    if (k) cq_tls_keep_drop(k, t->resume.key);
}
