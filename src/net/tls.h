/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS pump: ciphertext in and out on one side, the stream on the other, no socket, no loop.
 * Client or server, as the SSL that it is given says; tested against itself in memory.
 *
 *   init -> handshake until OK -> read, write ... -> shutdown -> fini
 *   ciphertext in:   space -> put bytes there -> commit;  eof once the transport has ended
 *   ciphertext out:  pending -> send -> sent, until pending is empty, after EVERY call of this
 * header, failed ones too (alerts, key updates, a client's last flight leave this way)
 *
 * Between the two sides lie two queues (net/tlsbio.c) of at most the size given (the one out:
 * CQ_TLS_OUT), which hold memory only while bytes are in them; space and pending are views into
 * them. A call that says AGAIN wants ciphertext in, or room in the queue out.
 */
#ifndef CQ_NET_TLS_H
#define CQ_NET_TLS_H

#include "net/transport.h"

struct ssl_st;
struct bio_st;
struct bio_method_st;
struct cq_tls_ctx;

enum cq_tls_state { CQ_TLS_HANDSHAKE, CQ_TLS_OPEN, CQ_TLS_ENDED, CQ_TLS_FAILED };

enum { CQ_TLS_FIRST = 16 };

struct cq_tls_queue {
    uint8_t *p; /* NULL: no bytes */
    uint32_t at, n, cap;
};

struct cq_tls {
    const struct cq_mem *mem;
    struct ssl_st *ssl;
    struct cq_tls_queue in, out; /* ciphertext */
    enum cq_tls_state state;
    enum cq_end how;        /* of the transport, then of the stream */
    bool eof;               /* the transport has ended */
    bool cert_asked;        /* the server wants a client certificate */
    bool cert_given;        /* and there is one to send */
    bool answered;          /* a byte of the stream has come */
    bool dry;               /* the transport has given all it had */
    struct cq_blame *fault; /* the owner's */
    char *subject;          /* of the peer's certificate, after the handshake; NULL without one */
    char *issuer;
    int64_t not_after_ms;
    int64_t wall_ms;    /* when it began, since 1970 */
    int64_t trusted_ms; /* every certificate that was verified is valid until here; 0: none was */
    struct {
        struct cq_tls_ctx *ctx; /* NULL: nothing is resumed or kept */
        uint8_t key[32];
        int64_t since_ms, trusted_ms; /* of the session that was offered */
    } resume;
    uint8_t first[CQ_TLS_FIRST]; /* what came first: tells who speaks when it is not TLS */
    size_t n_first;
};

/* Takes ssl, also when it fails. Its connect or accept state is set. t must not move. 0 or
 * CQ_ENOMEM. */
int cq_tls_init(struct cq_tls *t, const struct cq_mem *mem, struct ssl_st *ssl,
                const struct bio_method_st *method, size_t most, struct cq_blame *fault);
void cq_tls_fini(struct cq_tls *t);

/* n == 0: nothing fits before OpenSSL has read, or there is no memory (CQ_TLS_FAILED). */
void cq_tls_space(struct cq_tls *t, uint8_t **p, size_t *n);
void cq_tls_commit(struct cq_tls *t, size_t n); /* 0: nothing came into that space */
void cq_tls_eof(struct cq_tls *t, enum cq_end how);
cq_bytes cq_tls_pending(struct cq_tls *t);
bool cq_tls_is_pending(const struct cq_tls *t);
void cq_tls_sent(struct cq_tls *t, size_t n);

/* OK: the stream is open. AGAIN. FAILED: *fault. Never END. */
enum cq_io cq_tls_handshake(struct cq_tls *t);
/* As the functions of the same names in net/transport.h. */
enum cq_io cq_tls_read(struct cq_tls *t, uint8_t *p, size_t n, size_t *got);
enum cq_io cq_tls_write(struct cq_tls *t, cq_bytes b, size_t *taken);
void cq_tls_shutdown(struct cq_tls *t); /* close_notify, if the stream is open */

/* Who is connected to and which names count: net/sock.h, cq_sock_options. */
struct cq_tls_peer {
    const char *host;
    const char *sni;         /* NULL: host, where that is a name */
    const char *verify_name; /* NULL: host */
    const char *address;     /* that answers, with its port; NULL: no session is resumed or kept */
    int64_t wall_ms;         /* now, since 1970 */
};

/* A client's SSL for one connection (net/tlsctx.c). 0 or CQ_ENOMEM, CQ_EINVALID (a name OpenSSL
 * refuses). */
int cq_tls_client(struct cq_tls_ctx *c, const struct cq_tls_peer *peer, struct ssl_st **out);

/* PEM texts into a context (net/tlspem.c). 0, or CQ_ETLS_CONFIG with words in *f. */
struct ssl_ctx_st;
int cq_tls_use_ca(struct ssl_ctx_st *ssl, cq_bytes pem, struct cq_fault *f);
int cq_tls_use_chain(struct ssl_ctx_st *ssl, cq_bytes pem, struct cq_fault *f);
int cq_tls_use_key(struct ssl_ctx_st *ssl, cq_bytes pem, struct cq_fault *f);
/* CQ_ETLS_CONFIG: what could not be used, and OpenSSL's last word on it. */
int cq_tls_refuse(struct cq_fault *f, const char *what);

/* For tests: is there a context for that configuration now? */
struct cq_tls_cache;
struct cq_tls_config;
bool cq_tls_cache_has(struct cq_tls_cache *c, const struct cq_tls_config *cfg);

/* Turns a connected TCP transport into TLS: a pump of its own (net/tlsio.c). 0 or CQ_ENOMEM,
 * CQ_EINVALID. */
int cq_tls_attach(struct cq_transport *t, const struct cq_mem *mem, struct cq_tls_ctx *c,
                  const struct cq_tls_peer *peer);

/* Sessions (net/tlsresume.c). Before the handshake: c is the owner's for as long as t lives. */
void cq_tls_resume(struct cq_tls *t, struct cq_tls_ctx *c, const struct cq_tls_peer *peer);
void cq_tls_resumed(struct cq_tls *t); /* the handshake is over */
void cq_tls_forget(struct cq_tls *t);  /* the connection broke */
struct ssl_session_st;
int cq_tls_on_session(struct ssl_st *ssl, struct ssl_session_st *s); /* OpenSSL's callback */
/* OpenSSL's view of the queues (net/tlsbio.c): one method for all connections of a context, to be
 * freed after the last of them (BIO_meth_free). NULL: no memory. */
struct bio_method_st *cq_tls_method_new(void);
struct bio_st *cq_tls_bio(struct cq_tls *t, const struct bio_method_st *m, size_t most);
void cq_tls_tidy(struct cq_tls *t); /* blocks without bytes go back */
/* Of a context (net/tlsctx.c): its method; all sessions of its cache, NULL where there are none;
 * what it is made of (CQ_TLS_KEY bytes). */
struct cq_tls_keep *cq_tls_ctx_keep(struct cq_tls_ctx *c);
const struct bio_method_st *cq_tls_ctx_method(const struct cq_tls_ctx *c);
const uint8_t *cq_tls_ctx_digest(const struct cq_tls_ctx *c);
int cq_tls_digest(cq_bytes b, uint8_t out[32]); /* SHA-256: 0 or CQ_EINTERNAL */

/* For OpenSSL's callbacks and failures (net/tlserr.c). */
struct asn1_string_st;
int64_t cq_tls_ms_of(const struct asn1_string_st *at); /* since 1970; -1: unreadable */
struct x509_store_ctx_st;
int cq_tls_on_verify(int ok, struct x509_store_ctx_st *store);
/* In place of OpenSSL's own; ctx: the cq_tls_ctx (net/tlsverify.c). */
int cq_tls_verify(struct x509_store_ctx_st *store, void *ctx);
/* Sets the fault for an SSL call that failed just now; err and reason of OpenSSL's queue. */
void cq_tls_explain(struct cq_tls *t, unsigned long e);
/* subject, issuer, not_after_ms, as often as one likes. 0 or CQ_ENOMEM. */
int cq_tls_describe_peer(struct cq_tls *t);
const char *cq_tls_library(void); /* the version of OpenSSL that runs */

#endif
