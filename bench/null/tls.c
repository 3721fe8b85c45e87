/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL, as plainly as it goes (null/tls.h). */
#include "null/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "null/conn.h"

struct null_tls {
    SSL_CTX *ctx;
    SSL *ssl;
    SSL_SESSION *session;
    const char *name;
    bool resume;
    unsigned n_resumed;
    SSL **kept;
    size_t n_kept;
};

static _Noreturn void die(const char *what)
{
    null_die("TLS: %s: %s", what, ERR_error_string(ERR_get_error(), NULL));
}

struct null_tls *null_tls_new(const char *ca_file, const char *name, bool resume, bool hold)
{
    struct null_tls *t = calloc(1, sizeof(*t));

    if (!t) null_die("no memory");
    t->name = name;
    t->resume = resume;
    t->ctx = SSL_CTX_new(TLS_client_method());
    if (!t->ctx || SSL_CTX_load_verify_locations(t->ctx, ca_file, NULL) != 1) die(ca_file);
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(t->ctx, TLS1_3_VERSION);
    if (hold) SSL_CTX_set_mode(t->ctx, SSL_MODE_RELEASE_BUFFERS);
    return t;
}

void null_tls_free(struct null_tls *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->n_kept; i++)
        SSL_free(t->kept[i]);
    free(t->kept);
    SSL_SESSION_free(t->session);
    SSL_CTX_free(t->ctx);
    free(t);
}

void null_tls_open(struct null_tls *t, int fd)
{
    t->ssl = SSL_new(t->ctx);
    if (!t->ssl || SSL_set_fd(t->ssl, fd) != 1 || SSL_set1_host(t->ssl, t->name) != 1 ||
        SSL_set_tlsext_host_name(t->ssl, t->name) != 1)
        die("no session");
    if (t->session) SSL_set_session(t->ssl, t->session);
    if (SSL_connect(t->ssl) != 1) die("handshake");
    t->n_resumed += SSL_session_reused(t->ssl) == 1;
}

void null_tls_write(struct null_tls *t, const uint8_t *p, size_t n)
{
    size_t sent;

    if (SSL_write_ex(t->ssl, p, n, &sent) != 1 || sent != n) die("write");
}

ssize_t null_tls_read(struct null_tls *t, uint8_t *p, size_t n)
{
    size_t got = 0;

    return SSL_read_ex(t->ssl, p, n, &got) == 1 ? (ssize_t)got : 0;
}

void null_tls_close(struct null_tls *t)
{
    if (t->resume) {
        SSL_SESSION_free(t->session);
        t->session = SSL_get1_session(t->ssl); /* the tickets came with the answers */
    }
    /* else OpenSSL takes the session for broken and does not offer it again */
    SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    t->ssl = NULL;
}

void null_tls_keep(struct null_tls *t)
{
    t->kept = realloc(t->kept, (t->n_kept + 1) * sizeof(*t->kept));
    if (!t->kept) null_die("no memory");
    t->kept[t->n_kept++] = t->ssl;
    t->ssl = NULL;
}

unsigned null_tls_resumed(const struct null_tls *t)
{
    return t ? t->n_resumed : 0;
}
