/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a result's metadata (crawler/shape.h). */
#include "crawler/shape.h"

#include "base/digest.h"
#include "base/err.h"
#include "proto/cql.h"

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

int cq_shapes_new(struct cq_shapes **out, const struct cq_mem *mem)
{
    *out = cq_calloc(mem, 1, sizeof(**out));
    if (!*out) return CQ_ENOMEM;
    (*out)->mem = mem;
    return 0;
}

void cq_shapes_free(struct cq_shapes *shapes)
{
    if (!shapes) return;
    for (int t = 0; t < CQ_N_TABLES; t++)
        for (int way = 0; way < CQ_SHAPE_WAYS; way++)
            cq_free(shapes->mem, shapes->of[t][way]);
    cq_free(shapes->mem, shapes);
}

static const struct cq_shape_known *find(const struct cq_shapes *shapes, struct cql_rows *r,
                                         enum cq_table t)
{
    for (int way = 0; shapes && way < CQ_SHAPE_WAYS; way++) {
        const struct cq_shape_known *k = shapes->of[t][way];

        if (!k) return NULL;
        if (k->shape.n_columns != r->n_columns || k->flags != (r->flags & CQL_ROWS_LAYOUT))
            continue;
        if (cql_rows_pass_columns(r, (cq_bytes){k->bytes, k->n})) return k;
    }
    return NULL;
}

/* Where extra columns stand in what is known: behind the metadata, which has their texts. */
static size_t extra_at(size_t n)
{
    const size_t align = _Alignof(struct cq_extra_column);

    return (n + align - 1) & ~(align - 1);
}

/* The same text in a copy of the metadata. */
static cq_bytes moved(cq_bytes text, cq_bytes from, const uint8_t *to)
{
    return (cq_bytes){to + (text.p - from.p), text.n};
}

/* The columns of `shape`, which the metadata says once more, as views into k. */
static void keep_extra(struct cq_shape_known *k, const struct cql_rows *begin, cq_bytes metadata)
{
    struct cq_extra_column *extra = (struct cq_extra_column *)(void *)(k->bytes + extra_at(k->n));
    struct cql_rows r = *begin;
    struct cql_column col;

    k->shape.extra = extra;
    for (uint32_t i = 0; i < k->shape.n_columns && cql_rows_column(&r, &col); i++) {
        if (k->shape.slot[i] < (int)k->shape.n_known) continue;
        extra->name = moved(col.name, metadata, k->bytes);
        extra++->type = moved(col.type, metadata, k->bytes);
    }
}

static void keep(struct cq_shapes *shapes, const struct cql_rows *begin, const struct cq_shape *s,
                 cq_bytes metadata, uint64_t hash)
{
    size_t bytes = extra_at(metadata.n) + s->n_extra * sizeof(*s->extra);
    struct cq_shape_known *k, **of;
    int way = 0;

    if (!shapes || bytes > CQ_SHAPE_BYTES) return;
    of = shapes->of[s->table];
    while (way < CQ_SHAPE_WAYS && of[way])
        way++;
    if (way == CQ_SHAPE_WAYS) way = (int)(shapes->next++ % CQ_SHAPE_WAYS);
    k = cq_realloc(shapes->mem, of[way], sizeof(*k) + bytes);
    if (!k) return;
    of[way] = k;
    k->shape = *s;
    k->hash = hash;
    k->flags = begin->flags & CQL_ROWS_LAYOUT;
    k->n = metadata.n;
    memcpy(k->bytes, metadata.p, metadata.n);
    if (s->n_extra) keep_extra(k, begin, metadata);
}

/* Extra columns, too: what is known may be another's before the crawl ends. */
static int copy(const struct cq_shape_known *k, struct cq_arena *arena,
                const struct cq_shape **shape)
{
    size_t n = k->shape.n_extra * sizeof(*k->shape.extra);
    struct cq_shape *s = cq_arena_alloc(arena, sizeof(*s));
    struct cq_extra_column *extra = n ? cq_arena_alloc(arena, n) : NULL;
    cq_bytes bytes = {k->bytes, k->n}, texts = n ? cq_arena_dup(arena, bytes) : bytes;

    if (!s || (n && (!extra || !texts.p))) return CQ_ENOMEM;
    *s = k->shape;
    s->extra = extra;
    for (uint32_t i = 0; i < s->n_extra; i++) {
        extra[i].name = moved(k->shape.extra[i].name, bytes, texts.p);
        extra[i].type = moved(k->shape.extra[i].type, bytes, texts.p);
    }
    *shape = s;
    return 0;
}

int cq_shape_read(struct cql_rows *r, enum cq_table t, struct cq_shapes *shapes,
                  struct cq_arena *arena, const struct cq_shape **shape, uint64_t *hash)
{
    const struct cq_shape_known *known = find(shapes, r, t);
    const struct cql_rows begin = *r;
    cq_bytes metadata = {r->p, 0};
    struct cql_column col;

    if (known) {
        *hash = known->hash;
        return shape ? copy(known, arena, shape) : 0;
    }
    if (shape) {
        int err = build(r, t, arena, shape);

        if (err) return err;
    }
    while (r->columns_read < r->n_columns)
        if (!cql_rows_column(r, &col)) return r->err ? r->err : CQ_EPROTOCOL;
    metadata.n = (size_t)(r->p - metadata.p);
    *hash = cq_xxh3_64(metadata);
    if (shape) keep(shapes, &begin, *shape, metadata, *hash);
    return 0;
}
