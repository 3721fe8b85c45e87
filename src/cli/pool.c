/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of cli/pool.h: blocks of 16 KiB, larger objects alone. */
#include "cli/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384, ALIGN = 16, FIRST_ARRAY = 4 };

struct cq_pool_block {
    struct cq_pool_block *next;
    size_t cap, n;
    _Alignas(ALIGN) unsigned char data[];
};

static void *take(struct cq_pool *p, size_t n, size_t align)
{
    struct cq_pool_block *b = p->head;
    size_t cap, at = b ? (b->n + align - 1) & ~(align - 1) : 0;

    if (p->failed || n > SIZE_MAX / 2) {
        p->failed = true;
        return NULL;
    }
    if (!b || at > b->cap || b->cap - at < n) {
        cap = n > BLOCK ? n : BLOCK;
        b = calloc(1, sizeof(*b) + cap);
        if (!b) {
            p->failed = true;
            return NULL;
        }
        b->cap = cap;
        at = 0;
        if (cap > BLOCK && p->head) { /* alone, behind the one that still has room */
            b->next = p->head->next;
            p->head->next = b;
        } else {
            b->next = p->head;
            p->head = b;
        }
    }
    b->n = at + n;
    return b->data + at;
}

void *cq_pool_alloc(struct cq_pool *p, size_t n)
{
    return take(p, n, ALIGN);
}

char *cq_pool_dup(struct cq_pool *p, const char *s, size_t n)
{
    char *to = take(p, n + 1, 1);

    if (to && n) memcpy(to, s, n);
    return to;
}

char *cq_pool_printf(struct cq_pool *p, const char *fmt, ...)
{
    va_list ap;
    char *to;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    to = n < 0 ? NULL : take(p, (size_t)n + 1, 1);
    if (!to) return NULL;
    va_start(ap, fmt);
    (void)vsnprintf(to, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return to;
}

void *cq_pool_more(struct cq_pool *p, void *array, size_t n, size_t size)
{
    void *to;

    /* full exactly when n is 0 or FIRST_ARRAY times a power of two */
    if (array && (n < FIRST_ARRAY || (n & (n - 1)) != 0)) return array;
    to = cq_pool_alloc(p, (n < FIRST_ARRAY ? FIRST_ARRAY : n * 2) * size);
    if (to && n) memcpy(to, array, n * size);
    return to;
}

void cq_pool_reset(struct cq_pool *p)
{
    struct cq_pool_block *keep = p->head;

    while (keep && keep->next) /* the first one: never larger than a block */
        keep = keep->next;
    while (p->head && p->head != keep) {
        struct cq_pool_block *next = p->head->next;

        free(p->head);
        p->head = next;
    }
    if (keep && keep->cap > BLOCK) {
        cq_pool_free(p);
    } else if (keep) {
        memset(keep->data, 0, keep->n);
        keep->n = 0;
    }
    p->failed = false;
}

void cq_pool_free(struct cq_pool *p)
{
    while (p->head) {
        struct cq_pool_block *next = p->head->next;

        free(p->head);
        p->head = next;
    }
    p->failed = false;
}
