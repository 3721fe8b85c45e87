/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From texts to numbers: an open hash table that keeps the numbers alone (4 bytes, at most half
 * full) and asks its owner for the text of one. For names of clusters, and texts that come again.
 */
#ifndef CQ_CLI_LOOKUP_H
#define CQ_CLI_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CQ_NOWHERE UINT32_MAX

struct cq_lookup {
    uint32_t *slots; /* number + 1; 0: free */
    size_t cap, n;   /* cap: a power of two, or 0 */
    const char *(*text)(const void *ctx, uint32_t i);
    const void *ctx;
};

/* The number that is there under this text, or CQ_NOWHERE. */
uint32_t cq_lookup_find(const struct cq_lookup *x, const char *text);
/* Puts i, whose text the owner knows already. The one that was there before under the same text
 * (then i is not put), or i; CQ_NOWHERE: no memory. */
uint32_t cq_lookup_put(struct cq_lookup *x, uint32_t i);
void cq_lookup_fini(struct cq_lookup *x);
/* FNV-1a, 64 bits, mixed. */
uint64_t cq_lookup_hash(const void *p, size_t n);

#endif
