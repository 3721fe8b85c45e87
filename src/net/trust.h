/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rest of the program wants of TLS, behind a table of functions: all that knows OpenSSL
 * (net/tls*.c) stands on the other side. Linked, the two libraries cost every start of a program
 * 0.8 ms of CPU and 2 MiB, for plaintext too (docs/design.md, "The start"). So the program loads
 * cqlcrawl-tls.so, which is linked with them, for the first target that wants TLS (trustload.c);
 * the library that hosts link has everything in itself (trustlinked.c).
 *
 *   init -> get (again and again; the first one finds the table) -> fini
 *   of -> (there is none) get -> know: where all texts come from files that have not changed
 */
#ifndef CQ_NET_TRUST_H
#define CQ_NET_TRUST_H

#include "base/stamp.h"
#include "net/tlsctx.h"

struct cq_transport;
struct cq_tls_peer;

struct cq_tls_functions {
    const char *release; /* of what it was built in: both sides are of one */
    int (*cache_new)(struct cq_tls_cache **out, const struct cq_mem *mem);
    void (*cache_free)(struct cq_tls_cache *c);
    int (*cache_get)(struct cq_tls_cache *c, const struct cq_tls_config *cfg,
                     struct cq_tls_ctx **out, struct cq_fault *f);
    struct cq_tls_ctx *(*retain)(struct cq_tls_ctx *t);
    void (*let_go)(struct cq_tls_ctx *t);
    int (*attach)(struct cq_transport *t, const struct cq_mem *mem, struct cq_tls_ctx *c,
                  const struct cq_tls_peer *peer);
    const char *(*library)(void);
};

/* The name of the function of cqlcrawl-tls.so that gives its table. */
#define CQ_TLS_SYMBOL "cqlcrawl_tls"
typedef const struct cq_tls_functions *(*cq_tls_entry)(void);

enum { CQ_TRUST_KNOWN = 8 };

/*
 * What a configuration was made of, where its texts come from files: told apart without reading
 * them. Compared as bytes: to be set to zero first.
 */
struct cq_trust_files {
    struct cq_stamp ca, cert, key;
    int64_t mode, min_version;
};

struct cq_trust {
    const struct cq_mem *mem;
    const struct cq_tls_functions *functions; /* NULL: nobody has wanted TLS */
    struct cq_tls_cache *cache;
    struct {
        struct cq_trust_files files;
        struct cq_tls_ctx *ctx; /* NULL: none */
    } known[CQ_TRUST_KNOWN];
    unsigned next; /* to be replaced */
};

void cq_trust_init(struct cq_trust *t, const struct cq_mem *mem);
void cq_trust_fini(struct cq_trust *t); /* contexts in use live on until their last release */
/* As cq_tls_cache_get; and CQ_ENO_LIBRARY with words that say what is not where. */
int cq_trust_get(struct cq_trust *t, const struct cq_tls_config *cfg, struct cq_tls_ctx **out,
                 struct cq_fault *f);
/* One that was made of the same, counted; NULL: not known. */
struct cq_tls_ctx *cq_trust_of(struct cq_trust *t, const struct cq_trust_files *files);
void cq_trust_know(struct cq_trust *t, const struct cq_trust_files *files, struct cq_tls_ctx *ctx);
/* The version of OpenSSL that runs, which is loaded for that; "(not here)". */
const char *cq_trust_library(void);

/* One reference more, one less; NULL is allowed. */
static inline struct cq_tls_ctx *cq_trust_retain(struct cq_tls_ctx *t)
{
    return t ? t->functions->retain(t) : NULL;
}

static inline void cq_trust_release(struct cq_tls_ctx *t)
{
    if (t) t->functions->let_go(t);
}

/* The table: of this program, or of what it loads. CQ_ENO_LIBRARY with words in *f. */
int cq_tls_find(const struct cq_tls_functions **out, struct cq_fault *f);

#endif
