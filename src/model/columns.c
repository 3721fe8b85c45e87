/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a table or view: partition key by position, clustering by position, then all others by
 * name. The rows come by name (protocol.md 2.2), so that only keys move. A column of a kind never
 * heard of stands with the others.
 */
#include "model/row.h"
#include "model/sort.h"

enum { PARTITION, CLUSTERING, OTHER };

struct column {
    cq_bytes name, bytes, type, kind, order;
    int32_t position;
    bool has_position;
    uint8_t rank;
    uint32_t row;
};

struct place {
    uint64_t key; /* rank, position */
    cq_bytes name;
    uint32_t index;
};

static uint8_t rank_of(cq_bytes kind)
{
    if (cq_eq(kind, CQ_LIT("partition_key"))) return PARTITION;
    if (cq_eq(kind, CQ_LIT("clustering"))) return CLUSTERING;
    return OTHER;
}

static bool is_known_kind(cq_bytes kind)
{
    return cq_eq(kind, CQ_LIT("regular")) || cq_eq(kind, CQ_LIT("static"));
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int c;

    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    c = cq_cmp(x->name, y->name);
    if (c != 0) return c;
    return x->index < y->index ? -1 : x->index > y->index;
}

static struct column read_column(const struct cq_rowset *set, uint32_t i)
{
    struct cq_row r;
    struct column c;

    r = cq_row_of(set, i);
    c = (struct column){.name = r.cell[CQ_COLUMNS_column_name],
                        .bytes = r.cell[CQ_COLUMNS_column_name_bytes],
                        .type = r.cell[CQ_COLUMNS_type],
                        .kind = r.cell[CQ_COLUMNS_kind],
                        .order = r.cell[CQ_COLUMNS_clustering_order],
                        .rank = rank_of(r.cell[CQ_COLUMNS_kind]),
                        .row = i};
    c.has_position = cql_get_int(r.cell[CQ_COLUMNS_position], &c.position);
    return c;
}

void cq_columns_begin(struct cq_model *m, const struct cq_rowset *columns)
{
    cq_buf_clear(&m->columns);
    cq_buf_clear(&m->order);
    for (uint32_t i = 0; i < columns->n; i++) {
        struct column c = read_column(columns, i);
        struct place p = {.key = (uint64_t)c.rank << 32, .name = c.name, .index = i};

        if (c.rank != OTHER) p.key |= (uint32_t)c.position;
        cq_buf_put(&m->columns, &c, sizeof(c));
        cq_buf_put(&m->order, &p, sizeof(p));
    }
    cq_model_fail(m, m->columns.err ? m->columns.err : m->order.err);
    cq_sort(m->order.p, m->order.n / sizeof(struct place), sizeof(struct place), by_place);
}

static const struct column *column_at(const struct cq_model *m, size_t i)
{
    const struct place *places = (const struct place *)(const void *)m->order.p;
    const struct column *columns = (const struct column *)(const void *)m->columns.p;

    if (i >= m->order.n / sizeof(*places) || m->columns.err) return NULL;
    return &columns[places[i].index];
}

bool cq_columns_type(const struct cq_model *m, size_t i, cq_bytes *type)
{
    const struct column *c = column_at(m, i);

    if (c) *type = c->type;
    return c != NULL;
}

static bool is_none(const struct column *c)
{
    return cq_eq(c->order, CQ_LIT("none"));
}

/* The order is said of clustering columns; of others only where the server says anything at all. */
static bool has_order(const struct cq_shape *s, const struct column *c)
{
    if (!cq_has(s, CQ_COLUMNS_clustering_order) || is_none(c)) return false;
    return c->rank == CLUSTERING || !cq_is_null(c->order);
}

static bool has_position(const struct cq_shape *s, const struct column *c)
{
    if (!cq_has(s, CQ_COLUMNS_position)) return false;
    return c->rank != OTHER || (c->has_position && c->position != -1);
}

static void put_name(struct cq_json *j, const struct column *c)
{
    if (cq_is_null(c->bytes) || cq_eq(c->bytes, c->name)) {
        cq_json_member_text(j, "name", c->name);
        return;
    }
    cq_json_key(j, "name");
    cq_json_text(j, c->name);
    cq_json_key(j, "name_base64");
    cq_json_base64(j, c->bytes);
}

static void put_column(struct cq_model *m, const struct cq_object *o, const struct column *c)
{
    const struct cq_shape *s = o->columns.shape;
    struct cq_json *j = &m->rec->json;

    cq_json_open(j, '{');
    put_name(j, c);
    if (cq_has(s, CQ_COLUMNS_type)) cq_json_member_text(j, "type", c->type);
    if (cq_has(s, CQ_COLUMNS_kind)) cq_json_member_text(j, "kind", c->kind);
    if (has_position(s, c)) {
        cq_json_key(j, "position");
        if (c->has_position) {
            cq_json_int(j, c->position);
        } else {
            cq_json_null(j);
        }
    }
    if (has_order(s, c)) cq_json_member_text(j, "order", c->order);
    cq_put_uses(m, o->udts, c->type);
    cq_put_mask(m, &o->masks, c->name);
    if (s->n_extra) {
        struct cq_row r;

        r = cq_row_of(&o->columns, c->row);
        cq_put_extra(m, &r, false);
    }
    cq_json_close(j, '}');
}

void cq_put_columns(struct cq_model *m, const struct cq_object *o)
{
    const struct column *c;

    cq_json_key(&m->rec->json, "columns");
    cq_json_open(&m->rec->json, '[');
    cq_masks_begin(m, &o->masks);
    for (size_t i = 0; (c = column_at(m, i)) != NULL; i++)
        put_column(m, o, c);
    cq_json_close(&m->rec->json, ']');
}

void cq_structure_columns(struct cq_model *m, struct cq_json *j)
{
    const struct column *c;

    cq_json_open(j, '[');
    for (size_t i = 0; (c = column_at(m, i)) != NULL; i++) {
        cq_json_open(j, '[');
        cq_json_text(j, c->name);
        cq_json_text(j, c->type);
        cq_json_text(j, c->kind);
        if (c->rank != OTHER && c->has_position) {
            cq_json_int(j, c->position);
        } else {
            cq_json_null(j);
        }
        cq_json_text(j, c->rank == CLUSTERING && !is_none(c) ? c->order : CQ_NULL);
        cq_json_close(j, ']');
    }
    cq_json_close(j, ']');
}

/* Are the n positions 0..n-1, each once? `seen` has n bytes of room, all zero. */
static bool is_gapless(const struct cq_model *m, uint8_t rank, size_t n, uint8_t *seen)
{
    const struct column *columns = (const struct column *)(const void *)m->columns.p;
    size_t total = m->columns.n / sizeof(*columns);

    for (size_t i = 0; i < total; i++) {
        const struct column *c = &columns[i];

        if (c->rank != rank) continue;
        if (c->position < 0 || (size_t)c->position >= n || seen[c->position]) return false;
        seen[c->position] = 1;
    }
    return true;
}

int cq_model_check_keys(struct cq_model *m, const struct cq_rowset *columns,
                        struct cq_key_check *check)
{
    size_t n[2] = {0, 0};
    uint8_t *seen;

    *check = (struct cq_key_check){.no_partition_key = true};
    cq_buf_clear(&m->columns);
    for (uint32_t i = 0; i < columns->n; i++) {
        struct column c = read_column(columns, i);

        if (c.rank == OTHER) {
            if (!is_known_kind(c.kind)) check->unknown_kind = true;
            continue;
        }
        n[c.rank]++;
        cq_buf_put(&m->columns, &c, sizeof(c));
    }
    check->no_partition_key = n[PARTITION] == 0;
    cq_buf_clear(&m->marks);
    seen = cq_buf_room(&m->marks, n[PARTITION] + n[CLUSTERING] + 1);
    if (!seen || m->columns.err) return m->columns.err ? m->columns.err : m->marks.err;
    memset(seen, 0, n[PARTITION] + n[CLUSTERING]);
    check->position_gap = !is_gapless(m, PARTITION, n[PARTITION], seen) ||
                          !is_gapless(m, CLUSTERING, n[CLUSTERING], seen + n[PARTITION]);
    return 0;
}
