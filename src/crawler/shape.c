/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a result's metadata (crawler/shape.h). */
#include "crawler/shape.h"

#include "base/digest.h"

#include "base/err.h"

static int build(struct cql_rows *r, enum cq_table t, struct cq_arena *arena,
                 const struct cq_shape **shape)
{
    struct cq_shape *s = cq_arena_alloc(arena, sizeof(*s));
    struct cql_column col;

    if (!s) return CQ_ENOMEM;
    cq_shape_begin(s, t, r->n_columns);
    for (uint32_t i = 0; i < r->n_columns; i++) {
        int err;

        if (!cql_rows_column(r, &col)) return r->err ? r->err : CQ_EPROTOCOL;
        err = cq_shape_add(s, i, col.name, col.type, arena);
        if (err) return err;
    }
    *shape = s;
    return 0;
}

int cq_shape_read(struct cql_rows *r, enum cq_table t, struct cq_arena *arena,
                  const struct cq_shape **shape, uint64_t *hash)
{
    const uint8_t *from = r->p;
    struct cql_column col;

    if (shape) {
        int err = build(r, t, arena, shape);

        if (err) return err;
    }
    while (r->columns_read < r->n_columns)
        if (!cql_rows_column(r, &col)) return r->err ? r->err : CQ_EPROTOCOL;
    *hash = cq_xxh3_64((cq_bytes){from, (size_t)(r->p - from)});
    return 0;
}
