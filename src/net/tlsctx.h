/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust configurations: one SSL_CTX per set of (CA, client certificate, mode, versions), shared by
 * all targets that say the same. A cache finds them again by the SHA-256 of what they are made of;
 * contexts are counted by reference.
 */
#ifndef CQ_NET_TLSCTX_H
#define CQ_NET_TLSCTX_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

struct cq_tls_cache;
struct cq_tls_chains;
struct cq_tls_functions;

enum { CQ_TLS_DIGEST = 32 };

enum cq_tls_mode {
    CQ_TLS_DISABLE,
    CQ_TLS_REQUIRE,     /* encrypted, nothing verified */
    CQ_TLS_VERIFY_CA,   /* the chain, not the name */
    CQ_TLS_VERIFY_FULL, /* chain and name (or the fixed name) */
};

struct cq_tls_config {
    enum cq_tls_mode mode;
    cq_bytes ca_pem;   /* null: the system's CAs (modes verify-*) */
    cq_bytes cert_pem; /* null: no client certificate; the chain may follow it */
    cq_bytes key_pem;
    int min_version; /* 0x0303 (TLS 1.2) by default */
    int max_version; /* 0: the newest */
};

struct cq_tls_ctx {
    const struct cq_tls_functions *functions; /* for all who have no OpenSSL (net/trust.h) */
    const struct cq_mem *mem;
    struct cq_tls_cache *cache; /* NULL: the cache is gone */
    struct cq_tls_ctx *next;
    struct ssl_ctx_st *ssl;
    struct bio_method_st *method; /* of all its connections */
    struct cq_tls_chains *chains; /* net/tlschain.h; NULL: none was verified yet */
    enum cq_tls_mode mode;
    size_t refs;
    uint64_t idle_since; /* the cache's clock, counts releases */
    uint8_t digest[CQ_TLS_DIGEST];
};

int cq_tls_cache_new(struct cq_tls_cache **out, const struct cq_mem *mem);
void cq_tls_cache_free(
    struct cq_tls_cache *c); /* contexts in use live on until their last release */
/* A context for that configuration, counted. CQ_ETLS_CONFIG with words in *f, CQ_ENOMEM. Reads no
 * files. */
int cq_tls_cache_get(struct cq_tls_cache *c, const struct cq_tls_config *cfg,
                     struct cq_tls_ctx **out, struct cq_fault *f);
struct cq_tls_ctx *cq_tls_ctx_retain(struct cq_tls_ctx *t);
void cq_tls_ctx_release(struct cq_tls_ctx *t); /* NULL is allowed */

#endif
