/* SPDX-License-Identifier: Apache-2.0 */
/* The buffer and the sticky reader of bytes.h. */
#include "sim/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *cqsim_grow(void *old, size_t n)
{
    void *p = realloc(old, n ? n : 1);
    if (p == NULL) {
        fputs("cqlsim: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *cqsim_alloc(size_t n)
{
    void *p = cqsim_grow(NULL, n);
    memset(p, 0, n);
    return p;
}

void cqsim_buf_fini(struct cqsim_buf *b)
{
    free(b->p);
    *b = (struct cqsim_buf){0};
}

void cqsim_buf_clear(struct cqsim_buf *b)
{
    b->head = 0;
    b->end = 0;
}

void cqsim_buf_trim(struct cqsim_buf *b, size_t keep)
{
    if (cqsim_buf_len(b) == 0 && b->cap > keep) cqsim_buf_fini(b);
}

uint8_t *cqsim_buf_space(struct cqsim_buf *b, size_t n)
{
    if (b->cap - b->end >= n && b->p != NULL) return b->p + b->end;
    if (b->head > 0) {
        memmove(b->p, b->p + b->head, b->end - b->head);
        b->end -= b->head;
        b->head = 0;
    }
    if (b->cap - b->end < n || b->p == NULL) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap - b->end < n)
            cap *= 2;
        b->p = cqsim_grow(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->end;
}

void cqsim_buf_eat(struct cqsim_buf *b, size_t n)
{
    b->head += n;
    if (b->head >= b->end) cqsim_buf_clear(b);
}

size_t cqsim_buf_len(const struct cqsim_buf *b)
{
    return b->end - b->head;
}

const uint8_t *cqsim_buf_head(const struct cqsim_buf *b)
{
    return b->p == NULL ? (const uint8_t *)"" : b->p + b->head;
}

struct cqsim_slice cqsim_buf_slice(const struct cqsim_buf *b)
{
    return (struct cqsim_slice){cqsim_buf_head(b), cqsim_buf_len(b)};
}

void cqsim_put(struct cqsim_buf *b, const void *p, size_t n)
{
    if (n == 0) return;
    memcpy(cqsim_buf_space(b, n), p, n);
    b->end += n;
}

static void put_be(struct cqsim_buf *b, uint64_t v, unsigned n_bytes)
{
    uint8_t *p = cqsim_buf_space(b, n_bytes);
    for (unsigned i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)(v >> (8 * (n_bytes - 1 - i)));
    b->end += n_bytes;
}

void cqsim_put_u8(struct cqsim_buf *b, unsigned v)
{
    put_be(b, v, 1);
}

void cqsim_put_u16(struct cqsim_buf *b, unsigned v)
{
    put_be(b, v, 2);
}

void cqsim_put_u32(struct cqsim_buf *b, uint32_t v)
{
    put_be(b, v, 4);
}

void cqsim_put_u64(struct cqsim_buf *b, uint64_t v)
{
    put_be(b, v, 8);
}

void cqsim_put_le(struct cqsim_buf *b, uint64_t v, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++)
        put_be(b, (v >> (8 * i)) & 0xff, 1);
}

void cqsim_put_string(struct cqsim_buf *b, const char *s)
{
    size_t n = strlen(s);
    cqsim_put_u16(b, (unsigned)n);
    cqsim_put(b, s, n);
}

void cqsim_put_bytes(struct cqsim_buf *b, struct cqsim_slice s)
{
    cqsim_put_u32(b, (uint32_t)s.n);
    cqsim_put(b, s.p, s.n);
}

void cqsim_patch_u32(struct cqsim_buf *b, size_t at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        b->p[b->head + at + i] = (uint8_t)(v >> (8 * (3 - i)));
}

struct cqsim_reader cqsim_reader(struct cqsim_slice s)
{
    return (struct cqsim_reader){.p = s.p, .end = s.p + s.n};
}

size_t cqsim_left(const struct cqsim_reader *r)
{
    return (size_t)(r->end - r->p);
}

struct cqsim_slice cqsim_take(struct cqsim_reader *r, size_t n)
{
    if (r->bad || cqsim_left(r) < n) {
        r->bad = true;
        return (struct cqsim_slice){(const uint8_t *)"", 0};
    }
    struct cqsim_slice s = {r->p, n};
    r->p += n;
    return s;
}

static uint64_t get_be(struct cqsim_reader *r, unsigned n_bytes)
{
    struct cqsim_slice s = cqsim_take(r, n_bytes);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return v;
}

unsigned cqsim_get_u8(struct cqsim_reader *r)
{
    return (unsigned)get_be(r, 1);
}

unsigned cqsim_get_u16(struct cqsim_reader *r)
{
    return (unsigned)get_be(r, 2);
}

uint32_t cqsim_get_u32(struct cqsim_reader *r)
{
    return (uint32_t)get_be(r, 4);
}

uint64_t cqsim_get_le(struct cqsim_reader *r, unsigned n_bytes)
{
    struct cqsim_slice s = cqsim_take(r, n_bytes);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v |= (uint64_t)s.p[i] << (8 * i);
    return v;
}

struct cqsim_slice cqsim_get_string(struct cqsim_reader *r)
{
    return cqsim_take(r, cqsim_get_u16(r));
}

struct cqsim_slice cqsim_get_long_string(struct cqsim_reader *r)
{
    return cqsim_take(r, cqsim_get_u32(r));
}

struct cqsim_slice cqsim_get_bytes(struct cqsim_reader *r)
{
    uint32_t n = cqsim_get_u32(r);
    if (n > INT32_MAX) return (struct cqsim_slice){NULL, 0};
    return cqsim_take(r, n);
}

struct cqsim_slice cqsim_text(const char *s)
{
    return (struct cqsim_slice){(const uint8_t *)s, strlen(s)};
}

bool cqsim_is(struct cqsim_slice s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

bool cqsim_starts(struct cqsim_slice s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

int cqsim_compare(struct cqsim_slice a, struct cqsim_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (c != 0) return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

void cqsim_copy_text(char *dst, size_t cap, struct cqsim_slice s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;
    if (n > 0) memcpy(dst, s.p, n);
    dst[n] = 0;
}
