/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mapping: buckets, then slots that hold a session together with what is known of it, so that
 * a slot that was never used costs no memory. Slots are numbered from 1; 0 is "none".
 */
#include "net/tlskeep.h"

#include <sys/mman.h>

#include "base/bounds.h"

enum { N_BUCKETS = 2 * CQ_MAX_TLS_SESSIONS };

struct slot {
    uint8_t key[CQ_TLS_KEY];
    struct cq_tls_kept kept;
    uint32_t next;         /* in its bucket, or among the free */
    uint32_t older, newer; /* by when they were put */
};

enum { ROOM = CQ_TLS_SESSION_SLOT - sizeof(struct slot) };

struct cq_tls_keep {
    const struct cq_mem *mem;
    uint8_t *map;
    uint32_t *buckets;
    uint32_t free, n_used; /* n_used: slots ever used */
    uint32_t oldest, newest;
    size_t n;
};

_Static_assert(CQ_TLS_SESSION_SLOT % _Alignof(struct slot) == 0, "slots follow one another");
_Static_assert((N_BUCKETS & (N_BUCKETS - 1)) == 0, "a bucket is found by a mask");

static size_t map_size(void)
{
    return N_BUCKETS * sizeof(uint32_t) + (size_t)CQ_MAX_TLS_SESSIONS * CQ_TLS_SESSION_SLOT;
}

static struct slot *slot_of(const struct cq_tls_keep *k, uint32_t i)
{
    void *at = k->map + N_BUCKETS * sizeof(uint32_t) + (size_t)(i - 1) * CQ_TLS_SESSION_SLOT;

    return at;
}

static uint8_t *bytes_of(struct slot *s)
{
    return (uint8_t *)(s + 1);
}

int cq_tls_keep_new(struct cq_tls_keep **out, const struct cq_mem *mem)
{
    struct cq_tls_keep *k = cq_calloc(mem, 1, sizeof(*k));
    void *map;

    *out = NULL;
    if (!k) return CQ_ENOMEM;
    map = mmap(NULL, map_size(), PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        cq_free(mem, k);
        return CQ_ENOMEM;
    }
    (void)madvise(map, map_size(), MADV_DONTDUMP);
    k->mem = mem;
    k->map = map;
    k->buckets = map;
    *out = k;
    return 0;
}

static void wipe(struct slot *s)
{
    cq_wipe(bytes_of(s), s->kept.n);
    s->kept.n = 0;
}

void cq_tls_keep_free(struct cq_tls_keep *k)
{
    if (!k) return;
    for (uint32_t i = k->oldest; i; i = slot_of(k, i)->newer)
        wipe(slot_of(k, i));
    (void)munmap(k->map, map_size());
    cq_free(k->mem, k);
}

/* The link that leads to the slot of that key, or to none. Keys are digests: any part spreads. */
static uint32_t *link_to(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY])
{
    uint32_t h;
    uint32_t *at;

    memcpy(&h, key, sizeof(h));
    at = &k->buckets[h & (N_BUCKETS - 1)];
    while (*at && memcmp(slot_of(k, *at)->key, key, CQ_TLS_KEY) != 0)
        at = &slot_of(k, *at)->next;
    return at;
}

static void leave_order(struct cq_tls_keep *k, const struct slot *s)
{
    *(s->older ? &slot_of(k, s->older)->newer : &k->oldest) = s->newer;
    *(s->newer ? &slot_of(k, s->newer)->older : &k->newest) = s->older;
}

void cq_tls_keep_drop(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY])
{
    uint32_t *at = link_to(k, key);
    uint32_t i = *at;
    struct slot *s;

    if (!i) return;
    s = slot_of(k, i);
    *at = s->next;
    leave_order(k, s);
    wipe(s);
    s->next = k->free;
    k->free = i;
    k->n--;
}

cq_bytes cq_tls_keep_find(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY], int64_t wall_ms,
                          struct cq_tls_kept *out)
{
    uint32_t i = *link_to(k, key);
    struct slot *s;

    if (!i) return CQ_NULL;
    s = slot_of(k, i);
    *out = s->kept;
    /* a clock that was set back proves nothing, either */
    if (wall_ms >= s->kept.since_ms && wall_ms < s->kept.until_ms && wall_ms < s->kept.trusted_ms)
        return (cq_bytes){bytes_of(s), s->kept.n};
    cq_tls_keep_drop(k, key);
    return CQ_NULL;
}

static uint32_t take_slot(struct cq_tls_keep *k)
{
    uint8_t oldest[CQ_TLS_KEY];
    uint32_t i;

    if (!k->free && k->n_used < CQ_MAX_TLS_SESSIONS) return ++k->n_used;
    if (!k->free) {
        memcpy(oldest, slot_of(k, k->oldest)->key, CQ_TLS_KEY);
        cq_tls_keep_drop(k, oldest);
    }
    i = k->free;
    k->free = slot_of(k, i)->next;
    return i;
}

uint8_t *cq_tls_keep_put(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY],
                         const struct cq_tls_kept *kept)
{
    uint32_t i;
    uint32_t *at;
    struct slot *s;

    cq_tls_keep_drop(k, key);
    if (kept->n > ROOM) return NULL;
    i = take_slot(k);
    at = link_to(k, key); /* after take_slot, which may drop that bucket's last */
    s = slot_of(k, i);
    memcpy(s->key, key, CQ_TLS_KEY);
    s->kept = *kept;
    s->next = 0;
    s->newer = 0;
    s->older = k->newest;
    *(k->newest ? &slot_of(k, k->newest)->newer : &k->oldest) = i;
    k->newest = i;
    *at = i;
    k->n++;
    return bytes_of(s);
}

size_t cq_tls_keep_count(const struct cq_tls_keep *k)
{
    return k->n;
}
