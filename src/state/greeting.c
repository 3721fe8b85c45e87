/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table without chains: a name has one place, and whoever comes later has it. It doubles while
 * more than half of its places are taken, up to CQ_MAX_GREETED. Texts are looked for one after the
 * other: there are few, and only a name that asked for OPTIONS brings one.
 */
#include "state/greeting.h"

#include "base/digest.h"

enum { FIRST_SIZE = 64 };

struct place {
    uint64_t key;
    uint32_t learnt_s; /* since 1970; 0: the place is free */
    uint32_t text;
};

struct cq_greetings {
    const struct cq_mem *mem;
    struct place *places;
    size_t size, n; /* size: a power of two, or 0 */
    struct cq_greeting *texts[CQ_MAX_GREETINGS];
    uint32_t n_texts;
};

int cq_greetings_new(struct cq_greetings **out, const struct cq_mem *mem)
{
    struct cq_greetings *g = cq_calloc(mem, 1, sizeof(*g));

    *out = g;
    if (!g) return CQ_ENOMEM;
    g->mem = mem;
    return 0;
}

void cq_greetings_free(struct cq_greetings *g)
{
    if (!g) return;
    for (uint32_t i = 0; i < g->n_texts; i++)
        cq_free(g->mem, g->texts[i]);
    cq_free(g->mem, g->places);
    cq_free(g->mem, g);
}

static struct place *place_of(const struct cq_greetings *g, uint64_t key)
{
    return &g->places[key & (g->size - 1)];
}

const struct cq_greeting *cq_greetings_find(const struct cq_greetings *g, cq_bytes name,
                                            int64_t since_ms)
{
    uint64_t key = cq_xxh3_64(name);
    const struct place *at = g->size ? place_of(g, key) : NULL;

    if (!at || !at->learnt_s || at->key != key) return NULL;
    return (int64_t)at->learnt_s * 1000 >= since_ms ? g->texts[at->text] : NULL;
}

void cq_greetings_drop(struct cq_greetings *g, cq_bytes name)
{
    uint64_t key = cq_xxh3_64(name);
    struct place *at = g->size ? place_of(g, key) : NULL;

    if (!at || !at->learnt_s || at->key != key) return;
    *at = (struct place){0};
    g->n--;
}

/* Another table, with as many of the old places as find one of their own. */
static void grow(struct cq_greetings *g)
{
    size_t before = g->size, size = before ? 2 * before : FIRST_SIZE;
    struct place *old = g->places;
    struct place *places = cq_calloc(g->mem, size, sizeof(*places));

    if (!places) return;
    g->places = places;
    g->size = size;
    g->n = 0;
    for (size_t i = 0; i < before; i++) {
        struct place *at = place_of(g, old[i].key);

        if (!old[i].learnt_s) continue;
        g->n += !at->learnt_s;
        *at = old[i];
    }
    cq_free(g->mem, old);
}

static bool same(const struct cq_greeting *a, const struct cq_greeting *b)
{
    return a->n == b->n && memcmp(a->body, b->body, a->n) == 0 &&
           strcmp(a->release, b->release) == 0;
}

/* Where that text stands; CQ_MAX_GREETINGS: it does not. */
static uint32_t text_of(struct cq_greetings *g, const struct cq_greeting *what)
{
    struct cq_greeting *copy;

    for (uint32_t i = 0; i < g->n_texts; i++)
        if (same(g->texts[i], what)) return i;
    if (g->n_texts == CQ_MAX_GREETINGS) return CQ_MAX_GREETINGS;
    copy = cq_alloc(g->mem, sizeof(*copy));
    if (!copy) return CQ_MAX_GREETINGS;
    *copy = *what;
    g->texts[g->n_texts] = copy;
    return g->n_texts++;
}

void cq_greetings_put(struct cq_greetings *g, cq_bytes name, const struct cq_greeting *what)
{
    uint64_t key = cq_xxh3_64(name);
    uint32_t text = text_of(g, what);
    struct place *at;

    if (text == CQ_MAX_GREETINGS || what->learnt_ms < 1000) return;
    if (2 * g->n >= g->size && g->size < CQ_MAX_GREETED) grow(g);
    if (!g->size) return;
    at = place_of(g, key);
    g->n += !at->learnt_s;
    *at = (struct place){key, (uint32_t)(what->learnt_ms / 1000), text};
}
