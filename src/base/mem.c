/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator vtable over the C library, and the memory account. */
#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *ctx, void *p, size_t n)
{
    (void)ctx;
    if (n == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, n);
}

const struct cq_mem cq_mem_libc = {libc_resize, NULL};

void *cq_alloc(const struct cq_mem *m, size_t n)
{
    return m->resize(m->ctx, NULL, n ? n : 1);
}

void *cq_calloc(const struct cq_mem *m, size_t n, size_t size)
{
    void *p;

    if (size && n > SIZE_MAX / size) return NULL;
    p = cq_alloc(m, n * size);
    if (p) memset(p, 0, n * size);
    return p;
}

void *cq_realloc(const struct cq_mem *m, void *p, size_t n)
{
    return m->resize(m->ctx, p, n ? n : 1);
}

void cq_free(const struct cq_mem *m, void *p)
{
    if (p) m->resize(m->ctx, p, 0);
}

char *cq_strndup(const struct cq_mem *m, const void *p, size_t n)
{
    char *s;

    if (n == SIZE_MAX) return NULL;
    s = cq_alloc(m, n + 1);
    if (!s) return NULL;
    if (n) memcpy(s, p, n);
    s[n] = 0;
    return s;
}

void cq_wipe(void *p, size_t n)
{
    volatile unsigned char *v = p;

    while (n--)
        *v++ = 0;
}

/*
 * The C library copies and searches in whatever vector registers it likes, by the size in hand. So
 * it does it all once more, over zeros, in every size class that a secret may have had. The
 * volatile pointers keep the compiler from doing it in another way, or not at all.
 */
void cq_wipe_registers(void)
{
    static const uint8_t zeros[1024];
    uint8_t to[sizeof(zeros)];
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    void *(*volatile move)(void *, const void *, size_t) = memmove;
    void *(*volatile find)(const void *, int, size_t) = memchr;
    int (*volatile compare)(const void *, const void *, size_t) = memcmp;

    for (size_t n = 1; n <= sizeof(zeros); n += n < 64 ? 1 : n / 4) {
        copy(to, zeros, n);
        move(to, zeros, n);
        (void)find(zeros, 1, n);
        (void)compare(zeros, to, n);
    }
}

bool cq_account_take(struct cq_account *a, size_t n)
{
    if (a->limit && (n > a->limit || a->used > a->limit - n)) return false;
    a->used += n;
    if (a->used > a->peak) a->peak = a->used;
    return true;
}

void cq_account_give(struct cq_account *a, size_t n)
{
    assert(n <= a->used);
    a->used -= n;
}
