/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing, doubled at two thirds (map.h). */
#include "sim/receiver/map.h"

#include <stdlib.h>

enum { FIRST = 1024 };

static struct cqsim_map_slot *place(const struct cqsim_map *m, uint64_t hash)
{
    size_t at = (size_t)hash & (m->cap - 1);
    while (m->slots[at].hash != 0 && m->slots[at].hash != hash)
        at = (at + 1) & (m->cap - 1);
    return &m->slots[at];
}

static void grow(struct cqsim_map *m)
{
    struct cqsim_map old = *m;
    m->cap = old.cap ? 2 * old.cap : FIRST;
    m->slots = cqsim_alloc(m->cap * sizeof *m->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].hash != 0) *place(m, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

uint32_t *cqsim_map_put(struct cqsim_map *m, uint64_t hash, bool *fresh)
{
    if (hash == 0) hash = 1;
    if (3 * (m->n + 1) > 2 * m->cap) grow(m);
    struct cqsim_map_slot *slot = place(m, hash);
    *fresh = slot->hash == 0;
    if (*fresh) {
        slot->hash = hash;
        m->n++;
    }
    return &slot->value;
}

const uint32_t *cqsim_map_get(const struct cqsim_map *m, uint64_t hash)
{
    if (hash == 0) hash = 1;
    if (m->cap == 0) return NULL;
    const struct cqsim_map_slot *slot = place(m, hash);
    return slot->hash == 0 ? NULL : &slot->value;
}

void cqsim_map_fini(struct cqsim_map *m)
{
    free(m->slots);
    *m = (struct cqsim_map){0};
}
