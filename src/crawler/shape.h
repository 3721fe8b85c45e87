/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the metadata of a result to a cq_shape: which cell goes to which known column, what is
 * extra. Made once per table from the first page; later pages must bring the same metadata.
 */
#ifndef CQ_CRAWLER_SHAPE_H
#define CQ_CRAWLER_SHAPE_H

#include "base/arena.h"
#include "model/tables.h"
#include "proto/rows.h"

enum { CQ_SHAPE_WAYS = 4 };

/* A shape made before, and the bytes that it was made of. */
struct cq_shape_known {
    struct cq_shape shape;
    uint64_t hash;
    int flags;
    size_t n;
    uint8_t bytes[]; /* n of them, aligned; then the extra columns, which are views into them */
};

/* Shapes of servers that were read before, the same for all of a release: of each table so many. */
struct cq_shapes {
    const struct cq_mem *mem;
    struct cq_shape_known *of[CQ_N_TABLES][CQ_SHAPE_WAYS];
    unsigned next;
};

int cq_shapes_new(struct cq_shapes **out, const struct cq_mem *mem); /* 0, CQ_ENOMEM */
void cq_shapes_free(struct cq_shapes *shapes);

/*
 * Reads exactly the columns of r (between cql_rows_begin and cql_rows_count). *hash is that of the
 * metadata's bytes. shape NULL: only the hash is wanted. shapes NULL:
 * nothing is known. 0, CQ_ENOMEM, CQ_EPROTOCOL, CQ_ETOO_MANY.
 */
int cq_shape_read(struct cql_rows *r, enum cq_table t, struct cq_shapes *shapes,
                  struct cq_arena *arena, const struct cq_shape **shape, uint64_t *hash);

#endif
