/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator for tests: counts what is alive, fails the n-th request, and keeps sizes so that
 * leaks and double frees show without a sanitizer. `calls` counts requests for memory, not frees.
 */
#ifndef TESTS_BASE_WATCHED_H
#define TESTS_BASE_WATCHED_H

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

struct watched {
    struct cq_mem mem;
    size_t calls;
    size_t fail_at; /* the number of the call that fails; 0: none */
    size_t alive;
    size_t bytes;
};

union watched_head {
    size_t n;
    long double align_; /* 16 bytes, so that what follows keeps malloc's alignment */
};

static inline void *watched_resize(void *ctx, void *p, size_t n)
{
    struct watched *w = ctx;
    union watched_head *h = p ? (union watched_head *)p - 1 : NULL;

    if (n == 0) {
        if (!h) return NULL;
        w->alive--;
        w->bytes -= h->n;
        free(h);
        return NULL;
    }
    if (++w->calls == w->fail_at) return NULL;
    if (h) w->bytes -= h->n;
    h = realloc(h, sizeof(*h) + n);
    if (!h) abort();
    if (!p) w->alive++;
    h->n = n;
    w->bytes += n;
    return h + 1;
}

static inline void watched_init(struct watched *w, size_t fail_at)
{
    *w = (struct watched){.mem = {watched_resize, w}, .fail_at = fail_at};
}

/* xorshift64*: the same program from the same seed, everywhere. */
static inline uint64_t watched_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 2685821657736338717ull;
}

#endif
