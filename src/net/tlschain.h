/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of certificates that one trust configuration has verified, so that the same chain from the
 * next server, or from the same one again, costs a digest instead of a signature and a search
 * through the CAs (a million instructions). Pure.
 *
 * What is remembered is a verdict on everything that it depends on: the bytes of every certificate
 * that was sent, in their order, and the name or address expected (the key); the CAs, purposes and
 * levels (the configuration: each has a memory of its own); the time (it is believed only while
 * every certificate of the verified chain, its CA too, is valid). Refusals are never remembered.
 * That the server holds the key is proven in every handshake all the same.
 */
#ifndef CQ_NET_TLSCHAIN_H
#define CQ_NET_TLSCHAIN_H

#include <stdbool.h>
#include <stdint.h>

enum { CQ_TLS_CHAIN_KEY = 32, CQ_TLS_CHAINS = 256 };

struct cq_tls_chain {
    uint8_t key[CQ_TLS_CHAIN_KEY]; /* a digest */
    int64_t from_ms, until_ms;     /* valid at from <= t < until; 0, 0: none */
};

/* One place for each of the key's first bytes: who comes later takes it. */
struct cq_tls_chains {
    struct cq_tls_chain at[CQ_TLS_CHAINS];
};

/* NULL: not known, or not at that time. */
const struct cq_tls_chain *cq_tls_chain_find(const struct cq_tls_chains *c,
                                             const uint8_t key[CQ_TLS_CHAIN_KEY], int64_t wall_ms);
void cq_tls_chain_put(struct cq_tls_chains *c, const struct cq_tls_chain *chain);

#endif
