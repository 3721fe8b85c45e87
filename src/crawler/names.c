/* SPDX-License-Identifier: Apache-2.0 */
/* Names to numbers (crawler/names.h): linear probing, at most three quarters full. */
#include "crawler/names.h"

#include "base/digest.h"

#include "base/err.h"

enum { FIRST = 64 };

void cq_names_init(struct cq_names *m, const struct cq_mem *mem)
{
    *m = (struct cq_names){.mem = mem};
}

void cq_names_fini(struct cq_names *m)
{
    cq_free(m->mem, m->slots);
    m->slots = NULL;
    m->cap = m->n = 0;
}

void cq_names_clear(struct cq_names *m)
{
    if (m->n) memset(m->slots, 0, (size_t)m->cap * sizeof(*m->slots));
    m->n = 0;
}

static struct cq_name_slot *find(struct cq_name_slot *slots, uint32_t cap, uint64_t low,
                                 uint64_t high)
{
    uint32_t i = (uint32_t)low & (cap - 1);

    while (slots[i].used && (slots[i].low != low || slots[i].high != high))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static int grow(struct cq_names *m)
{
    uint32_t cap = m->cap ? m->cap * 2 : FIRST;
    struct cq_name_slot *slots;

    if (cap < m->cap) return CQ_ENOMEM;
    slots = cq_calloc(m->mem, cap, sizeof(*slots));
    if (!slots) return CQ_ENOMEM;
    for (uint32_t i = 0; i < m->cap; i++)
        if (m->slots[i].used) *find(slots, cap, m->slots[i].low, m->slots[i].high) = m->slots[i];
    cq_free(m->mem, m->slots);
    m->slots = slots;
    m->cap = cap;
    return 0;
}

static struct cq_hash128 hash_of(cq_bytes name)
{
    return cq_xxh3_128(name.n ? name : CQ_LIT(""));
}

int cq_names_put(struct cq_names *m, cq_bytes name, uint32_t value)
{
    struct cq_hash128 h = hash_of(name);
    struct cq_name_slot *s;

    if (m->n >= m->cap / 4 * 3 && grow(m) != 0) return CQ_ENOMEM;
    s = find(m->slots, m->cap, h.low, h.high);
    if (s->used) return 0;
    *s = (struct cq_name_slot){h.low, h.high, value, 1};
    m->n++;
    return 1;
}

bool cq_names_get(const struct cq_names *m, cq_bytes name, uint32_t *value)
{
    struct cq_hash128 h = hash_of(name);
    struct cq_name_slot *s;

    if (!m->cap) return false;
    s = find(m->slots, m->cap, h.low, h.high);
    if (!s->used) return false;
    *value = s->value;
    return true;
}
