/* SPDX-License-Identifier: Apache-2.0 */
/* The growable, bounded, sticky byte buffer of base/buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"

enum { FIRST_BLOCK = 256 };

void cq_buf_init(struct cq_buf *b, const struct cq_mem *mem, size_t max)
{
    *b = (struct cq_buf){.mem = mem, .max = max};
}

void cq_buf_fini(struct cq_buf *b)
{
    if (b->mem) cq_free(b->mem, b->p);
    *b = (struct cq_buf){.mem = b->mem, .max = b->max};
}

uint8_t *cq_buf_grow(struct cq_buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : FIRST_BLOCK;
    uint8_t *p;

    if (b->err) return NULL;
    if (n > b->max || b->n > b->max - n) {
        b->err = CQ_ETOO_LARGE;
        return NULL;
    }
    if (b->cap - b->n >= n && b->p) return b->p + b->n;
    while (cap < b->n + n)
        cap *= 2;
    if (cap > b->max) cap = b->max;
    p = cq_realloc(b->mem, b->p, cap);
    if (!p) {
        b->err = CQ_ENOMEM;
        return NULL;
    }
    b->p = p;
    b->cap = cap;
    return b->p + b->n;
}

void cq_buf_puts(struct cq_buf *b, const char *s)
{
    cq_buf_put(b, s, strlen(s));
}

void cq_buf_printf(struct cq_buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;
    uint8_t *to;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        if (!b->err) b->err = CQ_EINTERNAL;
        return;
    }
    to = cq_buf_room(b, (size_t)n + 1);
    if (!to) return;
    va_start(ap, fmt);
    vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
}

void cq_buf_clear(struct cq_buf *b)
{
    b->n = 0;
    b->off = 0;
    b->err = 0;
}

void cq_buf_consume(struct cq_buf *b, size_t n)
{
    assert(n <= b->n - b->off);
    b->off += n;
    if (b->off == b->n) b->off = b->n = 0;
}

void cq_buf_compact(struct cq_buf *b)
{
    if (b->off == 0) return;
    memmove(b->p, b->p + b->off, b->n - b->off);
    b->n -= b->off;
    b->off = 0;
}
