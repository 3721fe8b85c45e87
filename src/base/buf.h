/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer with a maximum, sticky: after the first failure (no memory, over the
 * maximum) every further put does nothing and `err` says why. Read once at the end. Also used as a
 * queue: `off` is what was consumed. Amortised doubling; cq_buf_clear keeps the block for reuse.
 */
#ifndef CQ_BASE_BUF_H
#define CQ_BASE_BUF_H

#include "base/bytes.h"
#include "base/mem.h"

struct cq_buf {
    const struct cq_mem *mem;
    uint8_t *p;
    size_t n;   /* bytes written */
    size_t off; /* bytes consumed, <= n */
    size_t cap; /* <= max */
    size_t max; /* reaching it sets CQ_ETOO_LARGE */
    int err;
};

void cq_buf_init(struct cq_buf *b, const struct cq_mem *mem, size_t max);
void cq_buf_fini(struct cq_buf *b);

/* cq_buf_room where there may be no room yet. */
uint8_t *cq_buf_grow(struct cq_buf *b, size_t n);

/* Room for n more bytes at the end: where to write them (then add to b->n), or NULL with b->err
 * set. */
static inline uint8_t *cq_buf_room(struct cq_buf *b, size_t n)
{
    return b->p && !b->err && b->cap - b->n >= n ? b->p + b->n : cq_buf_grow(b, n);
}

static inline void cq_buf_put(struct cq_buf *b, const void *p, size_t n)
{
    uint8_t *to = cq_buf_room(b, n);

    if (!to || n == 0) return;
    memcpy(to, p, n);
    b->n += n;
}

static inline void cq_buf_putc(struct cq_buf *b, char c)
{
    uint8_t *to = cq_buf_room(b, 1);

    if (!to) return;
    *to = (uint8_t)c;
    b->n++;
}

void cq_buf_puts(struct cq_buf *b, const char *s);
void cq_buf_printf(struct cq_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cq_buf_clear(struct cq_buf *b); /* n, off and err to 0; the block stays */

/* Queue: what is not consumed yet, and to consume it (all consumed: n and off go back to 0). */
static inline cq_bytes cq_buf_view(const struct cq_buf *b)
{
    return (cq_bytes){b->p ? b->p + b->off : (const uint8_t *)"", b->n - b->off};
}
void cq_buf_consume(struct cq_buf *b, size_t n);
/* Moves what is left to the front of the block. */
void cq_buf_compact(struct cq_buf *b);

#endif
