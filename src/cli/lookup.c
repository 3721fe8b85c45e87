/* SPDX-License-Identifier: Apache-2.0 */
/* The hash table of cli/lookup.h. */
#include "cli/lookup.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 64 };

uint64_t cq_lookup_hash(const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ s[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

/* The slot of this text, or the free one where it belongs. */
static uint32_t *slot(const struct cq_lookup *x, const char *text)
{
    size_t i = cq_lookup_hash(text, strlen(text)) & (x->cap - 1);

    while (x->slots[i] && strcmp(x->text(x->ctx, x->slots[i] - 1), text) != 0)
        i = (i + 1) & (x->cap - 1);
    return &x->slots[i];
}

static bool grow(struct cq_lookup *x)
{
    struct cq_lookup old = *x;

    x->cap = old.cap ? old.cap * 2 : FIRST;
    x->slots = calloc(x->cap, sizeof(*x->slots));
    if (!x->slots) {
        *x = old;
        return false;
    }
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i]) *slot(x, x->text(x->ctx, old.slots[i] - 1)) = old.slots[i];
    }
    free(old.slots);
    return true;
}

uint32_t cq_lookup_find(const struct cq_lookup *x, const char *text)
{
    uint32_t *s = x->cap ? slot(x, text) : NULL;

    return s && *s ? *s - 1 : CQ_NOWHERE;
}

uint32_t cq_lookup_put(struct cq_lookup *x, uint32_t i)
{
    uint32_t *s;

    if (x->n * 2 >= x->cap && !grow(x)) return CQ_NOWHERE;
    s = slot(x, x->text(x->ctx, i));
    if (*s) return *s - 1;
    *s = i + 1;
    x->n++;
    return i;
}

void cq_lookup_fini(struct cq_lookup *x)
{
    free(x->slots);
    x->slots = NULL;
    x->cap = x->n = 0;
}
