/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of trust configurations of one handle, made with the first of them (net/trust.h). */
#include "net/trust.h"

void cq_trust_init(struct cq_trust *t, const struct cq_mem *mem)
{
    *t = (struct cq_trust){.mem = mem};
}

void cq_trust_fini(struct cq_trust *t)
{
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

const char *cq_trust_library(void)
{
    const struct cq_tls_functions *functions;
    struct cq_fault f = {0};

    return cq_tls_find(&functions, &f) ? "(not here)" : functions->library();
}
