/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing over one growing buffer (memo.h). */
#include "sim/memo.h"

#include <stdlib.h>
#include <xxhash.h>

enum { FIRST = 1024 };

void cqsim_memo_fini(struct cqsim_memo *m)
{
    free(m->slots);
    cqsim_buf_fini(&m->bytes);
    *m = (struct cqsim_memo){0};
}

static struct cqsim_memo_slot *place(const struct cqsim_memo *m, uint64_t hash)
{
    size_t at = (size_t)hash & (m->cap - 1);
    while (m->slots[at].hash != 0 && m->slots[at].hash != hash)
        at = (at + 1) & (m->cap - 1);
    return &m->slots[at];
}

static void grow(struct cqsim_memo *m)
{
    struct cqsim_memo old = *m;
    m->cap = old.cap ? 2 * old.cap : FIRST;
    m->slots = cqsim_alloc(m->cap * sizeof *m->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].hash != 0) *place(m, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

struct cqsim_memo_slot *cqsim_memo_find(struct cqsim_memo *m, struct cqsim_slice from,
                                        uint64_t what)
{
    uint64_t hash = XXH3_64bits_withSeed(from.p, from.n, what);
    size_t taken = cqsim_buf_len(&m->bytes) + m->cap * sizeof *m->slots;
    if (hash == 0) hash = 1;
    if (taken > CQSIM_MEMO_MOST) cqsim_memo_fini(m);
    if (3 * (m->n_slots + 1) > 2 * m->cap) grow(m);
    struct cqsim_memo_slot *slot = place(m, hash);
    m->n_slots += slot->hash == 0;
    slot->hash = hash;
    return slot;
}

void cqsim_memo_keep(struct cqsim_memo *m, struct cqsim_memo_slot *slot, struct cqsim_slice made)
{
    slot->at = cqsim_buf_len(&m->bytes);
    slot->n = made.n;
    cqsim_put(&m->bytes, made.p, made.n);
}

struct cqsim_slice cqsim_memo_made(const struct cqsim_memo *m, const struct cqsim_memo_slot *slot)
{
    return (struct cqsim_slice){cqsim_buf_head(&m->bytes) + slot->at, slot->n};
}
