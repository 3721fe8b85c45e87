/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for secrets (auth.md 6): a mapping a block, so that nothing else shares its pages. The
 * length of the mapping stands before the bytes.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

struct block {
    size_t mapped; /* bytes, this header among them */
    _Alignas(max_align_t) uint8_t data[];
};

static struct block *block_of(void *p)
{
    return (struct block *)((uint8_t *)p - offsetof(struct block, data));
}

static void *map(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = sizeof(struct block) + page - 1;
    struct block *b;

    if (n > SIZE_MAX - whole) return NULL;
    whole = (whole + n) / page * page;
    b = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) return NULL;
    (void)madvise(b, whole, MADV_DONTDUMP);
    (void)mlock(b, whole); /* best effort: RLIMIT_MEMLOCK may be small */
    b->mapped = whole;
    return b->data;
}

/* Registers first: where the loader binds a function at its first call, it saves them all on the
 * stack, and copies of the block may be in them. */
static void unmap(struct block *b)
{
    size_t whole = b->mapped;

    cq_wipe(b, whole);
    cq_wipe_registers();
    (void)munmap(b, whole);
}

static void *secret_resize(void *ctx, void *p, size_t n)
{
    void *to = n ? map(n) : NULL;

    (void)ctx;
    if (!p || (n && !to)) return to;
    if (to) {
        size_t had = block_of(p)->mapped - sizeof(struct block);

        memcpy(to, p, had < n ? had : n);
    }
    unmap(block_of(p));
    return to;
}

const struct cq_mem cq_mem_secret = {secret_resize, NULL};
