/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a table's columns, and whether its keys are all there. Partition key by position,
 * clustering by position, then all others by name. The rows come by name (protocol.md 2.2), so that
 * only the keys are sorted, and the others only where nobody has proven that and a server does
 * otherwise. A column of a kind
 * never heard of stands with the others.
 */
#include "model/row.h"

#include "base/short.h"
#include "model/sort.h"

struct place {
    uint64_t key; /* rank, position */
    cq_bytes name;
    uint32_t row;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int c;

    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    c = cq_cmp(x->name, y->name);
    if (c != 0) return c;
    return x->row < y->row ? -1 : x->row > y->row;
}

static inline struct place place_of(const cq_bytes *cell, uint64_t rank, size_t row)
{
    struct place p = {rank << 32, cell[CQ_COLUMNS_column_name], (uint32_t)row};
    int32_t position = 0;

    (void)cql_get_int(cell[CQ_COLUMNS_position], &position);
    if (rank != CQ_RANK_OTHER) p.key |= (uint32_t)position; /* negative ones go behind all others */
    return p;
}

/* The key columns into m->keys, as they come; how many of each rank, and whether a kind is unknown.
 */
static void collect(struct cq_model *m, const struct cq_rowset *columns, size_t n[2], bool *unknown)
{
    const size_t n_rows = columns->n, width = n_rows ? cq_shape_cells(columns->shape) : 0;
    const cq_bytes *cell = columns->cells;

    cq_buf_clear(&m->keys);
    for (size_t i = 0; i < n_rows; i++, cell += width) {
        cq_bytes kind = cell[CQ_COLUMNS_kind];
        struct place p;
        uint64_t rank;

        if (cq_is_text(kind, CQ_LIT("regular")) || cq_is_text(kind, CQ_LIT("static"))) continue;
        rank = cq_column_rank(kind);
        if (rank == CQ_RANK_OTHER) {
            *unknown = true;
            continue;
        }
        n[rank]++;
        p = place_of(cell, rank, i);
        cq_buf_put(&m->keys, &p, sizeof(p));
    }
}

/* Are the n positions of a rank 0..n-1, each once? `seen` has n bytes of room, all zero. */
static bool is_gapless(const struct cq_model *m, uint64_t rank, size_t n, uint8_t *seen)
{
    const struct place *keys = (const struct place *)(const void *)m->keys.p;

    const size_t n_keys = m->keys.n / sizeof(*keys);

    for (size_t i = 0; i < n_keys; i++) {
        uint32_t position = (uint32_t)keys[i].key;

        if (keys[i].key >> 32 != rank) continue;
        if (position >= n || seen[position]) return false;
        seen[position] = 1;
    }
    return true;
}

int cq_model_check_keys(struct cq_model *m, const struct cq_rowset *columns,
                        struct cq_key_check *check)
{
    size_t n[2] = {0, 0};
    uint8_t *seen;

    *check = (struct cq_key_check){0};
    collect(m, columns, n, &check->unknown_kind);
    m->checked = columns->cells;
    m->n_checked = columns->n;
    check->no_partition_key = n[CQ_RANK_PARTITION] == 0;
    cq_buf_clear(&m->marks);
    seen = cq_buf_room(&m->marks, n[CQ_RANK_PARTITION] + n[CQ_RANK_CLUSTERING] + 1);
    if (!seen || m->keys.err) return m->keys.err ? m->keys.err : m->marks.err;
    memset(seen, 0, n[CQ_RANK_PARTITION] + n[CQ_RANK_CLUSTERING]);
    check->position_gap =
        !is_gapless(m, CQ_RANK_PARTITION, n[CQ_RANK_PARTITION], seen) ||
        !is_gapless(m, CQ_RANK_CLUSTERING, n[CQ_RANK_CLUSTERING], seen + n[CQ_RANK_PARTITION]);
    return 0;
}

/* The numbers of all rows but keys, from `to` on. */
static void put_others(const struct place *keys, size_t n_keys, size_t n, uint32_t *to)
{
    uint32_t row = 0;

    for (size_t k = 0; k <= n_keys; k++, row++) {
        uint32_t until = k < n_keys ? keys[k].row : (uint32_t)n;

        while (row < until)
            *to++ = row++;
    }
}

static bool come_by_name(const struct cq_rowset *columns, const uint32_t *rows, size_t n)
{
    cq_bytes last = CQ_NULL;

    for (size_t i = 0; i < n; i++) {
        cq_bytes name = cq_rowset_at(columns, rows[i])[CQ_COLUMNS_column_name];

        if (cq_cmp_short(last, name) > 0) return false;
        last = name;
    }
    return true;
}

enum { FEW = 8 };

/* cq_sort for a key of a few columns, a third of its cost. */
static void sort_few(struct place *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct place one = keys[i];
        size_t to = i;

        for (; to > 0 && by_place(&keys[to - 1], &one) > 0; to--)
            keys[to] = keys[to - 1];
        keys[to] = one;
    }
}

/* What stands in m->keys, sorted, and its numbers from `to` on. */
static void put_sorted(struct cq_model *m, uint32_t *to)
{
    struct place *keys = (struct place *)(void *)m->keys.p;
    size_t n = m->keys.n / sizeof(*keys);

    if (n <= FEW)
        sort_few(keys, n);
    else
        cq_sort(keys, n, sizeof(*keys), by_place);
    for (size_t i = 0; i < n; i++)
        to[i] = keys[i].row;
}

/* m->keys has the keys of these columns, by row. */
static bool are_checked(const struct cq_model *m, const struct cq_object *o)
{
    return o->keys_checked && m->checked == o->columns.cells && m->n_checked == o->columns.n;
}

void cq_columns_order(struct cq_model *m, const struct cq_object *o)
{
    const struct cq_rowset *columns = &o->columns;
    size_t n[2] = {0, 0}, n_keys;
    uint32_t *rows;
    bool unknown;

    if (!are_checked(m, o)) collect(m, columns, n, &unknown);
    m->checked = NULL; /* they are sorted now */
    n_keys = m->keys.n / sizeof(struct place);
    cq_buf_clear(&m->rows);
    rows = (uint32_t *)(void *)cq_buf_room(&m->rows, columns->n * sizeof(*rows));
    if (!rows || m->keys.err) {
        cq_model_fail(m, m->keys.err ? m->keys.err : m->rows.err);
        return;
    }
    put_others((struct place *)(void *)m->keys.p, n_keys, columns->n, rows + n_keys);
    if (!o->as_sent && !come_by_name(columns, rows + n_keys, columns->n - n_keys)) {
        for (size_t i = n_keys; i < columns->n; i++) {
            struct place p = place_of(cq_rowset_at(columns, rows[i]), CQ_RANK_OTHER, rows[i]);

            cq_buf_put(&m->keys, &p, sizeof(p));
        }
    }
    cq_model_fail(m, m->keys.err ? m->keys.err : m->rows.err);
    if (m->rec->out.err) return;
    put_sorted(m, rows);
    m->rows.n = columns->n * sizeof(*rows);
}
