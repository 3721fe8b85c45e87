/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a table or view, as the record and the structure have them, in one pass: what is
 * behind a column's name is nearly always in the memo, and the name is escaped once.
 */
#include "model/row.h"

#include <assert.h>

static inline bool is_none(cq_bytes order)
{
    return cq_is_text(order, CQ_LIT("none"));
}

static void put_position(struct cq_json *j, const struct cq_shape *s, const cq_bytes *cell,
                         uint64_t rank)
{
    int32_t position;
    bool known = cql_get_int(cell[CQ_COLUMNS_position], &position);

    if (!cq_has(s, CQ_COLUMNS_position)) return;
    if (rank == CQ_RANK_OTHER && (!known || position == -1)) return;
    cq_json_name(j, CQ_KEY("position"));
    if (known) {
        cq_json_int(j, position);
    } else {
        cq_json_null(j);
    }
}

/* The order is said of clustering columns; of others only where the server says anything at all. */
static void put_order(struct cq_json *j, const struct cq_shape *s, cq_bytes order, uint64_t rank)
{
    if (!cq_has(s, CQ_COLUMNS_clustering_order) || is_none(order)) return;
    if (rank == CQ_RANK_CLUSTERING || !cq_is_null(order)) cq_json_member(j, CQ_KEY("order"), order);
}

static void structure_rest(struct cq_json *j, const cq_bytes *cell, uint64_t rank)
{
    cq_bytes order = cell[CQ_COLUMNS_clustering_order];
    int32_t position;

    cq_json_text(j, cell[CQ_COLUMNS_type]);
    cq_json_text(j, cell[CQ_COLUMNS_kind]);
    if (rank != CQ_RANK_OTHER && cql_get_int(cell[CQ_COLUMNS_position], &position)) {
        cq_json_int(j, position);
    } else {
        cq_json_null(j);
    }
    cq_json_text(j, rank == CQ_RANK_CLUSTERING && !is_none(order) ? order : CQ_NULL);
}

enum { CELL_HEADER = 4 }; /* a cell's length in front of it */

/* What says what follows the name. */
struct rest {
    struct cq_memo_key key;
    cq_bytes stretch;
};

/*
 * kind, position and type stand one behind the other in a row as servers send it, and an order is
 * "none", "asc" or "desc": then all four are one stretch of bytes with the lengths between them,
 * and in the shape the kind's length and the order. False: it is not like that, and as that never
 * happens, nothing is kept of it.
 */
static inline bool set_key(struct rest *r, const struct cq_shape *s, const cq_bytes *cell)
{
    cq_bytes kind = cell[CQ_COLUMNS_kind], type = cell[CQ_COLUMNS_type],
             position = cell[CQ_COLUMNS_position], order = cell[CQ_COLUMNS_clustering_order];
    uint64_t hash;

    if (kind.n == 0 || kind.n > 255 || position.n != 4 || type.n < 3) return false;
    if (order.n != 4 && order.n != 3) return false;
    if (position.p != kind.p + kind.n + CELL_HEADER) return false;
    if (type.p != position.p + position.n + CELL_HEADER) return false;
    hash = cq_load16(type.p) + 7u * cq_load16(type.p + type.n - 2) + 31u * position.p[3];
    hash = (hash + (type.n << 8) + kind.n) * UINT64_C(0x9e3779b97f4a7c15);
    r->stretch = (cq_bytes){kind.p, (size_t)(type.p + type.n - kind.p)};
    r->key.shape = (s->present & 0xff) | kind.n << 8 | order.n << 16 |
                   (uint64_t)cq_load16(order.p) << 32 |
                   (uint64_t)cq_load16(order.p + order.n - 2) << 48;
    r->key.hash = hash >> 32;
    r->key.cells = &r->stretch;
    r->key.n = 1;
    return true;
}

static_assert(CQ_COLUMNS_N <= 8, "the slots of columns fit into eight bits of shape");

/* What follows the name, made and kept. What a user type's name means is up to its keyspace. */
static void make_rest(struct cq_model *m, const struct cq_object *o, struct cq_json *structure,
                      const cq_bytes *cell, const struct rest *rest)
{
    const struct cq_shape *s = o->columns.shape;
    struct cq_json *j = &m->rec->json;
    size_t mark = cq_json_mark(j), structure_mark = cq_json_mark(structure);
    uint64_t rank = cq_column_rank(cell[CQ_COLUMNS_kind]);
    cq_bytes type = cell[CQ_COLUMNS_type];
    struct cq_memo_found made;

    if (cq_has(s, CQ_COLUMNS_type)) cq_json_member(j, CQ_KEY("type"), type);
    if (cq_has(s, CQ_COLUMNS_kind)) cq_json_member(j, CQ_KEY("kind"), cell[CQ_COLUMNS_kind]);
    put_position(j, s, cell, rank);
    put_order(j, s, cell[CQ_COLUMNS_clustering_order], rank);
    structure_rest(structure, cell, rank);
    cq_put_uses(m, o->udts, type);
    cq_udts_reach(m, o->udts, type);
    if (!rest || cq_type_is_named(m, type) || j->out->err || structure->out->err) return;
    made.json = cq_json_since(j, mark);
    made.structure = cq_json_since(structure, structure_mark);
    cq_memo_keep(m->memo, CQ_MEMO_COLUMN, &rest->key, &made);
}

/* The bytes are another name than the text (which is what a server made of them). */
static inline bool has_other_bytes(const cq_bytes *cell)
{
    cq_bytes name = cell[CQ_COLUMNS_column_name], bytes = cell[CQ_COLUMNS_column_name_bytes];

    if (cq_is_null(bytes)) return false;
    return bytes.n != name.n || !cq_same_bytes(bytes.p, name.p, name.n);
}

/* The name as the record has it is what the structure has, too. */
static void put_name(struct cq_json *j, struct cq_json *structure, const cq_bytes *cell)
{
    cq_bytes name = cell[CQ_COLUMNS_column_name];
    bool is_utf8;
    size_t mark;

    cq_json_name(j, CQ_KEY("name"));
    mark = cq_json_mark(j);
    is_utf8 = cq_json_text(j, name);
    cq_json_splice(structure, cq_json_since(j, mark));
    if (has_other_bytes(cell)) {
        cq_json_twin(j, CQ_KEY("name"), cell[CQ_COLUMNS_column_name_bytes]);
    } else if (!is_utf8) {
        cq_json_twin(j, CQ_KEY("name"), name);
    }
}

/* A column of whatever kind, call by call. Not inline: the loop over the usual ones would lose its
 * registers to it. */
__attribute__((noinline, cold)) static void put_column(struct cq_model *m,
                                                       const struct cq_object *o,
                                                       struct cq_json *structure,
                                                       const cq_bytes *cell)
{
    const struct cq_shape *s = o->columns.shape;
    struct cq_json *j = &m->rec->json;
    struct cq_memo_found found;
    struct rest rest;
    bool usual = set_key(&rest, s, cell);

    cq_json_open(j, '{');
    cq_json_open(structure, '[');
    put_name(j, structure, cell);
    if (usual && cq_memo_find(m->memo, CQ_MEMO_COLUMN, &rest.key, &found)) {
        cq_json_splice(j, found.json);
        cq_json_splice(structure, found.structure);
    } else {
        make_rest(m, o, structure, cell, usual ? &rest : NULL);
    }
    cq_json_close(structure, ']');
    if (o->masks.n) cq_put_mask(m, &o->masks, cell[CQ_COLUMNS_column_name]);
    if (s->n_extra) {
        struct cq_row r = {s, cell};

        cq_put_extra(m, &r, false);
    }
    cq_json_close(j, '}');
}

static inline bool copy_plain(uint8_t *to, cq_bytes text)
{
    return text.n <= 16 ? cq_copy_plain16(to, text.p, text.n)
                        : cq_copy_plain_long(to, text.p, text.n);
}

/* Where the next byte goes, and where room ends: a text that is written without a call. */
struct pen {
    uint8_t *to;
    const uint8_t *end;
};

static inline struct pen take(struct cq_json *j)
{
    uint8_t *to = cq_json_room(j, 0);

    return (struct pen){to, to ? j->out->p + j->out->cap : NULL};
}

/* Both texts of the columns, and whether one stands there already. */
struct pens {
    struct pen json, structure;
    bool comma;
};

static inline bool has_room(const struct pen *p, size_t n)
{
    return (size_t)(p->end - p->to) >= n + CQ_JSON_SLACK;
}

/*
 * A column as most are, at once: its name goes out as it is, and what follows was found. Call by
 * call the same is four times as much. False: it is not like that, and nothing was written.
 */
static inline bool put_plain(struct pens *pens, cq_bytes name, const struct cq_memo_found *found)
{
    uint8_t *to = pens->json.to;
    cq_bytes written = {NULL, name.n};

    if (name.n == 0 || !has_room(&pens->json, name.n + found->json.n) ||
        !has_room(&pens->structure, name.n + found->structure.n))
        return false;
    *to = ',';
    to += pens->comma;
    memcpy(to, "{\"name\":\"", 9);
    written.p = to += 9;
    if (!copy_plain(to, name)) return false;
    to += name.n;
    memcpy(to, "\",", 2);
    to = cq_memo_copy(to + 2, found->json);
    *to = '}';
    pens->json.to = to + 1;
    to = pens->structure.to;
    *to = ',';
    to += pens->comma;
    memcpy(to, "[\"", 2);
    to = cq_memo_copy(to + 2, written);
    memcpy(to, "\",", 2);
    to = cq_memo_copy(to + 2, found->structure);
    *to = ']';
    pens->structure.to = to + 1;
    pens->comma = true;
    return true;
}

static void put_rows(struct cq_model *m, const struct cq_object *o, struct cq_json *structure)
{
    const struct cq_shape *s = o->columns.shape;
    const uint32_t *rows = (const uint32_t *)(const void *)m->rows.p;
    size_t n = m->rows.n / sizeof(*rows);
    bool is_bare = !o->masks.n && !s->n_extra;
    struct cq_json *j = &m->rec->json;
    struct pens pens = {take(j), take(structure), false};

    for (size_t i = 0; i < n && pens.json.to && pens.structure.to; i++) {
        const cq_bytes *cell = cq_rowset_at(&o->columns, rows[i]);
        struct cq_memo_found found;
        struct rest rest;

        /* What is written and compared here stays in registers: nothing takes its address. */
        if (is_bare && set_key(&rest, s, cell) &&
            cq_memo_find(m->memo, CQ_MEMO_COLUMN, &rest.key, &found) && !has_other_bytes(cell) &&
            put_plain(&pens, cell[CQ_COLUMNS_column_name], &found))
            continue;
        cq_json_wrote(j, pens.json.to, pens.comma);
        cq_json_wrote(structure, pens.structure.to, pens.comma);
        put_column(m, o, structure, cell);
        pens = (struct pens){take(j), take(structure), true};
    }
    if (pens.json.to) cq_json_wrote(j, pens.json.to, pens.comma);
    if (pens.structure.to) cq_json_wrote(structure, pens.structure.to, pens.comma);
}

void cq_put_columns(struct cq_model *m, const struct cq_object *o, struct cq_json *structure)
{
    struct cq_json *j = &m->rec->json;

    cq_columns_order(m, o);
    if (o->masks.n) cq_masks_begin(m, &o->masks);
    cq_udts_begin(m, o->udts);
    cq_json_name(j, CQ_KEY("columns"));
    cq_json_open(j, '[');
    cq_json_open(structure, '[');
    if (o->columns.n) put_rows(m, o, structure);
    cq_json_close(structure, ']');
    cq_json_close(j, ']');
    cq_udts_end(m, o->udts);
}
