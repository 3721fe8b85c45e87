/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of trust configurations of one handle, made with the first of them (net/trust.h). */
#include "net/trust.h"

#include <string.h>

void cq_trust_init(struct cq_trust *t, const struct cq_mem *mem)
{
    *t = (struct cq_trust){.mem = mem};
}

void cq_trust_fini(struct cq_trust *t)
{
    for (size_t i = 0; i < CQ_TRUST_KNOWN; i++) {
        cq_trust_release(t->known[i].ctx);
        t->known[i].ctx = NULL;
    }
    if (t->cache) t->functions->cache_free(t->cache);
    t->cache = NULL;
}

int cq_trust_get(struct cq_trust *t, const struct cq_tls_config *cfg, struct cq_tls_ctx **out,
                 struct cq_fault *f)
{
    int err = t->functions ? 0 : cq_tls_find(&t->functions, f);

    if (err) return err;
    if (!t->cache) err = t->functions->cache_new(&t->cache, t->mem);
    if (err) return cq_fault_set(f, err, "no memory for TLS");
    return t->functions->cache_get(t->cache, cfg, out, f);
}

struct cq_tls_ctx *cq_trust_of(struct cq_trust *t, const struct cq_trust_files *files)
{
    for (size_t i = 0; i < CQ_TRUST_KNOWN; i++) {
        if (t->known[i].ctx && memcmp(&t->known[i].files, files, sizeof(*files)) == 0)
            return cq_trust_retain(t->known[i].ctx);
    }
    return NULL;
}

void cq_trust_know(struct cq_trust *t, const struct cq_trust_files *files, struct cq_tls_ctx *ctx)
{
    unsigned i = t->next++ % CQ_TRUST_KNOWN;

    cq_trust_release(t->known[i].ctx);
    t->known[i].files = *files;
    t->known[i].ctx = cq_trust_retain(ctx);
}

const char *cq_trust_library(void)
{
    const struct cq_tls_functions *functions;
    struct cq_fault f = {0};

    return cq_tls_find(&functions, &f) ? "(not here)" : functions->library();
}
