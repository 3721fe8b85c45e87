/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from names to numbers that keeps no names: XXH3-128 of the name stands for it, so that
 * nothing is allocated per row and pages may go. One open table that doubles. Used for keyspace
 * ranks, a keyspace's tables, peers already seen.
 */
#ifndef CQ_CRAWLER_NAMES_H
#define CQ_CRAWLER_NAMES_H

#include "base/bytes.h"
#include "base/mem.h"

struct cq_name_slot {
    uint64_t low, high; /* the hash */
    uint32_t value;
    uint32_t used;
};

struct cq_names {
    const struct cq_mem *mem;
    struct cq_name_slot *slots;
    uint32_t cap; /* a power of two, or 0 */
    uint32_t n;
};

void cq_names_init(struct cq_names *m, const struct cq_mem *mem);
void cq_names_fini(struct cq_names *m);
void cq_names_clear(struct cq_names *m); /* the table stays */
/* 1: added; 0: it was there (its value stays); CQ_ENOMEM. */
int cq_names_put(struct cq_names *m, cq_bytes name, uint32_t value);
bool cq_names_get(const struct cq_names *m, cq_bytes name, uint32_t *value);

#endif
