/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slice: a pointer and a length, owner elsewhere. A NULL pointer is "null" (the server sent no
 * value), which is not the same as an empty slice (p != NULL, n == 0).
 */
#ifndef CQ_BASE_BYTES_H
#define CQ_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct cq_bytes {
    const uint8_t *p;
    size_t n;
} cq_bytes;

#define CQ_NULL ((cq_bytes){NULL, 0})
#define CQ_LIT(s) ((cq_bytes){(const uint8_t *)("" s), sizeof("" s) - 1})
/* For printf("%.*s"): the length is cut at INT_MAX. */
#define CQ_FMT(b)                                                                                  \
    ((int)((b).n > 0x7fffffff ? 0x7fffffff : (b).n)),                                              \
        (const char *)((b).p ? (b).p : (const uint8_t *)"")

static inline cq_bytes cq_str(const char *s)
{
    return s ? (cq_bytes){(const uint8_t *)s, strlen(s)} : CQ_NULL;
}

/* A copy at `to`, where there is room: where it ends. */
static inline uint8_t *cq_bytes_put(uint8_t *to, cq_bytes b)
{
    if (b.n) memcpy(to, b.p, b.n);
    return to + b.n;
}

/* As snprintf("%.*s") copies: cut to the room there is, ended by the first NUL. */
static inline void cq_copy_text(char *out, size_t room, cq_bytes b)
{
    size_t n = b.n < room ? b.n : room - 1;
    const uint8_t *nul = room && n ? memchr(b.p, 0, n) : NULL;

    if (!room) return;
    if (nul) n = (size_t)(nul - b.p);
    if (n) memcpy(out, b.p, n);
    out[n] = 0;
}

static inline bool cq_is_null(cq_bytes b)
{
    return b.p == NULL;
}

static inline bool cq_eq(cq_bytes a, cq_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Bytewise order, the shorter one first: Cassandra's order of names inside a partition. */
static inline int cq_cmp(cq_bytes a, cq_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    if (c != 0) return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

static inline bool cq_has_prefix(cq_bytes b, cq_bytes prefix)
{
    return b.n >= prefix.n && (prefix.n == 0 || memcmp(b.p, prefix.p, prefix.n) == 0);
}

#endif
