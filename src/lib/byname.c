/* SPDX-License-Identifier: Apache-2.0 */
/* Targets by name (lib/handle.h): FNV-1a, buckets doubled at one target per bucket. */
#include "lib/handle.h"

enum { FIRST_BUCKETS = 16 };

static uint64_t hash(cq_bytes name)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < name.n; i++)
        h = (h ^ name.p[i]) * 1099511628211u;
    return h ^ (h >> 32);
}

static struct cq_target **bucket(const struct cq_byname *n, cq_bytes name)
{
    return &n->buckets[hash(name) & (n->n_buckets - 1)];
}

struct cq_target *cq_byname_find(const struct cq_byname *n, cq_bytes name)
{
    struct cq_target *t = n->n_buckets ? *bucket(n, name) : NULL;

    while (t && !cq_eq(t->name, name))
        t = t->next_same;
    return t;
}

static int grow(struct cq_byname *n, const struct cq_mem *mem)
{
    struct cq_byname old = *n;

    n->n_buckets = old.n_buckets ? old.n_buckets * 2 : FIRST_BUCKETS;
    n->buckets = cq_calloc(mem, n->n_buckets, sizeof(struct cq_target *));
    if (!n->buckets) {
        *n = old;
        return CQ_ENOMEM;
    }
    for (size_t i = 0; i < old.n_buckets; i++) {
        struct cq_target *t = old.buckets[i], *next;

        for (; t; t = next) {
            struct cq_target **b = bucket(n, t->name);

            next = t->next_same;
            t->next_same = *b;
            *b = t;
        }
    }
    cq_free(mem, old.buckets);
    return 0;
}

int cq_byname_add(struct cq_byname *n, const struct cq_mem *mem, struct cq_target *t)
{
    struct cq_target **b;
    int err = n->n < n->n_buckets ? 0 : grow(n, mem);

    if (err) return err;
    b = bucket(n, t->name);
    t->next_same = *b;
    *b = t;
    n->n++;
    return 0;
}

void cq_byname_remove(struct cq_byname *n, struct cq_target *t)
{
    struct cq_target **at = bucket(n, t->name);

    while (*at != t)
        at = &(*at)->next_same;
    *at = t->next_same;
    n->n--;
}
