/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/block.h"

#include <assert.h>

#include "base/bounds.h"
#include "base/err.h"

enum { LF = '\n' };
enum { LONGEST = 1 << 30 }; /* of a block; the callers' pausing keeps it far below */

int cq_block_init(struct cq_block *b, const struct cq_mem *mem, size_t bytes, size_t runs)
{
    *b = (struct cq_block){.base = bytes, .cap_runs = runs};
    cq_buf_init(&b->bytes, mem, LONGEST);
    b->runs = cq_alloc(mem, runs * sizeof(*b->runs));
    if (b->runs && cq_buf_room(&b->bytes, bytes)) return 0;
    cq_block_fini(b);
    return CQ_ENOMEM;
}

void cq_block_fini(struct cq_block *b)
{
    if (b->bytes.mem) cq_free(b->bytes.mem, b->runs);
    cq_buf_fini(&b->bytes);
    b->runs = NULL;
    b->n_runs = b->first_run = 0;
    b->records = 0;
}

static struct cq_block_run *run_of(struct cq_block *b, struct cq_sink_client *who)
{
    struct cq_block_run *more;

    if (b->n_runs > b->first_run && b->runs[b->n_runs - 1].who == who)
        return &b->runs[b->n_runs - 1];
    if (b->n_runs == b->cap_runs) {
        more = cq_realloc(b->bytes.mem, b->runs, b->cap_runs * 2 * sizeof(*more));
        if (!more) return NULL;
        b->runs = more;
        b->cap_runs *= 2;
    }
    b->runs[b->n_runs] = (struct cq_block_run){who, 0};
    return &b->runs[b->n_runs++];
}

int cq_block_put(struct cq_block *b, struct cq_sink_client *who, cq_bytes line, uint64_t now_ns)
{
    uint8_t *to = cq_buf_room(&b->bytes, line.n);
    struct cq_block_run *run = to ? run_of(b, who) : NULL;

    if (!run) {
        b->bytes.err = 0; /* what is there stays whole */
        return CQ_ENOMEM;
    }
    memcpy(to, line.p, line.n);
    b->bytes.n += line.n;
    if (b->records++ == 0) b->since_ns = now_ns;
    run->records++;
    return 0;
}

/* The same by counting from the beginning. */
static cq_bytes count_front(cq_bytes all, uint32_t *records, size_t bytes)
{
    uint32_t n = 0;
    size_t at = 0;

    while (n < *records && at < all.n) {
        const uint8_t *lf = memchr(all.p + at, LF, all.n - at);
        size_t end = lf ? (size_t)(lf - all.p) + 1 : all.n;

        if (n > 0 && end > bytes) break;
        at = end;
        n++;
    }
    *records = n;
    return (cq_bytes){all.p, at};
}

/* What does not go with the others is an eighth of the block as a rule: that is what is counted. */
cq_bytes cq_block_front(const struct cq_block *b, uint32_t *records, size_t bytes)
{
    cq_bytes all = cq_buf_view(&b->bytes);
    size_t at = all.n > bytes ? bytes : all.n;
    uint32_t left = 0;

    while (at > 0 && all.p[at - 1] != LF)
        at--;
    for (size_t i = at; i < all.n; left++)
        i = (size_t)((const uint8_t *)memchr(all.p + i, LF, all.n - i) - all.p) + 1;
    if (at == 0 || b->records - left > *records) return count_front(all, records, bytes);
    *records = b->records - left;
    return (cq_bytes){all.p, at};
}

struct cq_sink_client *cq_block_who(const struct cq_block *b, uint32_t *n)
{
    const struct cq_block_run *run = &b->runs[b->first_run];

    if (*n > run->records) *n = run->records;
    return run->who;
}

void cq_block_exchange(struct cq_block *a, struct cq_block *b)
{
    struct cq_buf bytes = a->bytes;

    assert(a->records == 0 && b->records == 0);
    a->bytes = b->bytes;
    b->bytes = bytes;
}

/* Room of more than twice the base was for an exception. */
static void shrink(struct cq_block *b)
{
    uint8_t *p;

    if (b->bytes.cap <= 2 * b->base) return;
    p = cq_realloc(b->bytes.mem, b->bytes.p, b->base);
    if (!p) return;
    b->bytes.p = p;
    b->bytes.cap = b->base;
}

void cq_block_drop(struct cq_block *b, uint32_t n, size_t bytes)
{
    struct cq_block_run *run = &b->runs[b->first_run];

    assert(n <= run->records && n <= b->records);
    run->records -= n;
    b->records -= n;
    if (run->records == 0) b->first_run++;
    cq_buf_consume(&b->bytes, bytes);
    if (b->records) return;
    b->first_run = b->n_runs = 0;
    shrink(b);
}
