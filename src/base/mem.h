/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where memory comes from. A cq_mem is passed down from the public options, never global; tests
 * fail its n-th allocation and count them. A cq_account bounds what one crawler may hold in pages
 * and batches (--memory-max): memory is reserved there before a question is asked that will need
 * it.
 */
#ifndef CQ_BASE_MEM_H
#define CQ_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

struct cq_mem {
    void *(*resize)(void *ctx, void *p, size_t n); /* as realloc; n == 0 frees and returns NULL */
    void *ctx;
};

/* malloc, realloc and free of the C library. */
extern const struct cq_mem cq_mem_libc;
/*
 * For secrets: each block is mapped alone, left out of core dumps, locked where the limit allows
 * it, zero at first, and wiped before it goes. A page at least, and five system calls a block.
 */
extern const struct cq_mem cq_mem_secret;

void *cq_alloc(const struct cq_mem *m, size_t n); /* NULL: no memory; contents undefined */
void *cq_calloc(const struct cq_mem *m, size_t n,
                size_t size); /* NULL: no memory or n * size overflows */
void *cq_realloc(const struct cq_mem *m, void *p, size_t n); /* NULL: no memory, p stays valid */
void cq_free(const struct cq_mem *m, void *p);               /* NULL is allowed */
char *cq_strndup(const struct cq_mem *m, const void *p, size_t n); /* NUL added */

/* Overwrites n bytes so that the compiler cannot leave it out: for secrets. */
void cq_wipe(void *p, size_t n);
/*
 * The same for what copying a secret left in the processor's vector registers, which stand in a
 * core file, and on the stack once another function is bound: to be called right behind a copy.
 * cq_mem_secret does it for each block that goes.
 */
void cq_wipe_registers(void);

struct cq_budget; /* crawler/budget.h */

struct cq_waiters {
    struct cq_budget *first, *last;
    size_t n;
};

struct cq_account {
    size_t limit; /* 0: none */
    size_t used;
    size_t peak;
    /* crawls that found no room, and those that have been given some since (crawler/budget.h) */
    struct cq_waiters topping, reserving, fed;
    struct cq_budget *overdraft; /* the one crawl that may go over; NULL: none */
    size_t typical;              /* what crawls have needed lately, and of how many that is */
    unsigned n_learnt;
};

bool cq_account_take(struct cq_account *a, size_t n); /* false: over the limit, nothing taken */
void cq_account_give(struct cq_account *a, size_t n);

#endif
