/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of net/tlschain.h: a table by the first byte of a digest. */
#include "net/tlschain.h"

#include <string.h>

_Static_assert(CQ_TLS_CHAINS == 256, "a place is found by one byte");

const struct cq_tls_chain *cq_tls_chain_find(const struct cq_tls_chains *c,
                                             const uint8_t key[CQ_TLS_CHAIN_KEY], int64_t wall_ms)
{
    const struct cq_tls_chain *x = &c->at[key[0]];

    if (memcmp(x->key, key, CQ_TLS_CHAIN_KEY) != 0) return NULL;
    return wall_ms >= x->from_ms && wall_ms < x->until_ms ? x : NULL;
}

void cq_tls_chain_put(struct cq_tls_chains *c, const struct cq_tls_chain *chain)
{
    c->at[chain->key[0]] = *chain;
}
