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

/*
 * Reads exactly the columns of r (between cql_rows_begin and cql_rows_count). *hash is that of the
 * metadata's bytes. shape NULL: only the hash is wanted. 0, CQ_ENOMEM, CQ_EPROTOCOL, CQ_ETOO_MANY.
 */
int cq_shape_read(struct cql_rows *r, enum cq_table t, struct cq_arena *arena,
                  const struct cq_shape **shape, uint64_t *hash);

#endif
