/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a run of the program: what configuration and arguments say lives until the end and is
 * freed at once. Out of memory is one sticky flag, looked at where a step is over; until then
 * everybody gets NULL and goes on carefully.
 */
#ifndef CQ_CLI_POOL_H
#define CQ_CLI_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct cq_pool_block;

struct cq_pool {
    struct cq_pool_block *head;
    bool failed;
};

void *cq_pool_alloc(struct cq_pool *p, size_t n);              /* zeroed; NULL: no memory */
char *cq_pool_dup(struct cq_pool *p, const char *s, size_t n); /* NUL added; texts are packed */
char *cq_pool_printf(struct cq_pool *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One element more behind the n of an array that grows by doubling; NULL: no memory. */
void *cq_pool_more(struct cq_pool *p, void *array, size_t n, size_t size);
/* Forgets everything and keeps one block, for what is done over and over. */
void cq_pool_reset(struct cq_pool *p);
void cq_pool_free(struct cq_pool *p);

#endif
