/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of a table or view, as the record and the structure have them, in one pass: what is
 * behind a column's name is nearly always in the memo, and the name is escaped once.
 */
#include "model/row.h"

#include <assert.h>

#include "model/lists.h"

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
    if (position.p != kind.p + kind.n + CQL_CELL_HEADER) return false;
    if (type.p != position.p + position.n + CQL_CELL_HEADER) return false;
    r->stretch = (cq_bytes){kind.p, kind.n + position.n + type.n + 2 * CQL_CELL_HEADER};
    hash = cq_load64(type.p + type.n - 8) + position.p[3] + ((uint64_t)r->stretch.n << 40);
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    r->key.shape = (s->present & 0xff) | kind.n << 8 | order.n << 16 |
                   (uint64_t)cq_load16(order.p) << 32 |
                   (uint64_t)cq_load16(order.p + order.n - 2) << 48;
    r->key.hash = hash >> 32;
    r->key.cells = &r->stretch;
    r->key.n = 1;
    return true;
}

/*
 * The same of a column as it was sent, cells one behind the other: what stands from the length in
 * front of the kind up to the end of the type is all three cells. In the shape no kind has no
 * bytes, so that it is none of set_key's.
 */
static inline bool set_sent_key(struct rest *r, const cq_bytes *cell)
{
    cq_bytes kind = cell[CQ_COLUMNS_kind], type = cell[CQ_COLUMNS_type],
             order = cell[CQ_COLUMNS_clustering_order];
    const uint8_t *end = type.p + type.n;
    uint64_t hash;

    if (kind.n < 4 || type.n == 0 || order.n - 3 > 1) return false;
    r->stretch = (cq_bytes){kind.p - CQL_CELL_HEADER, (size_t)(end - kind.p) + CQL_CELL_HEADER};
    hash = cq_load64(end - 8) + type.p[-1 - CQL_CELL_HEADER] + ((uint64_t)r->stretch.n << 40);
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    /* Behind an order of three bytes comes the first of a length. */
    r->key.shape = (uint64_t)cq_load32(order.p) << 32 | order.n << 16 | 0xff;
    r->key.hash = hash >> 32;
    r->key.cells = &r->stretch;
    r->key.n = 1;
    return true;
}

static_assert(CQ_COLUMNS_N <= 8, "the slots of columns fit into eight bits of shape");

static inline bool find_rest(const struct cq_memo *memo, const struct rest *rest,
                             struct cq_memo_found *found)
{
    return cq_memo_find_one(memo, CQ_MEMO_COLUMN, &rest->key, rest->stretch, found);
}

/*
 * What is kept begins with the end of a name and ends with the beginning of the next column, so
 * that a column is its name and one copy of that. A column on its own is what is between the two.
 */
#define NAME_END "\","
#define JSON_BEGIN "{\"name\":\""
#define JSON_NEXT "}," JSON_BEGIN
#define STRUCTURE_BEGIN "[\""
#define STRUCTURE_NEXT "]," STRUCTURE_BEGIN

static inline cq_bytes between(cq_bytes kept, size_t n_next)
{
    size_t n_end = sizeof(NAME_END) - 1;

    return (cq_bytes){kept.p + n_end, kept.n - n_end - n_next};
}

static void keep_piece(struct cq_buf *text, cq_bytes piece, const char *next)
{
    cq_buf_puts(text, NAME_END);
    cq_buf_put(text, piece.p, piece.n);
    cq_buf_puts(text, next);
}

static void keep_rest(struct cq_model *m, const struct rest *rest, cq_bytes json,
                      cq_bytes structure)
{
    struct cq_memo_found kept;
    cq_bytes text;
    size_t n_json;

    cq_buf_clear(&m->text);
    keep_piece(&m->text, json, JSON_NEXT);
    n_json = m->text.n;
    keep_piece(&m->text, structure, STRUCTURE_NEXT);
    cq_model_fail(m, m->text.err);
    if (m->text.err) return;
    text = cq_buf_view(&m->text);
    kept.json = (cq_bytes){text.p, n_json};
    kept.structure = (cq_bytes){text.p + n_json, text.n - n_json};
    cq_memo_keep(m->memo, CQ_MEMO_COLUMN, &rest->key, &kept);
}

/* What follows the name, made and kept. What a user type's name means is up to its keyspace. */
static void make_rest(struct cq_model *m, const struct cq_object *o, struct cq_json *structure,
                      const cq_bytes *cell, const struct rest *rest)
{
    const struct cq_shape *s = o->columns.shape;
    struct cq_json *j = &m->rec->json;
    size_t mark = cq_json_mark(j), structure_mark = cq_json_mark(structure);
    uint64_t rank = cq_column_rank(cell[CQ_COLUMNS_kind]);
    cq_bytes type = cell[CQ_COLUMNS_type];
    bool is_own;

    if (cq_has(s, CQ_COLUMNS_type)) cq_json_member(j, CQ_KEY("type"), type);
    if (cq_has(s, CQ_COLUMNS_kind)) cq_json_member(j, CQ_KEY("kind"), cell[CQ_COLUMNS_kind]);
    put_position(j, s, cell, rank);
    put_order(j, s, cell[CQ_COLUMNS_clustering_order], rank);
    structure_rest(structure, cell, rank);
    cq_put_uses(m, o->udts, type);
    cq_udts_reach(m, o->udts, type);
    is_own = !rest || cq_type_is_named(m, type);
    m->is_own = m->is_own || is_own;
    if (is_own || j->out->err || structure->out->err) return;
    keep_rest(m, rest, cq_json_since(j, mark), cq_json_since(structure, structure_mark));
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
                                                       const cq_bytes *cell, bool as_sent)
{
    const struct cq_shape *s = o->columns.shape;
    struct cq_json *j = &m->rec->json;
    struct cq_memo_found found;
    struct rest rest;
    bool usual = as_sent ? set_sent_key(&rest, cell) : set_key(&rest, s, cell);

    cq_json_open(j, '{');
    cq_json_open(structure, '[');
    put_name(j, structure, cell);
    if (usual && find_rest(m->memo, &rest, &found)) {
        cq_json_splice(j, between(found.json, sizeof(JSON_NEXT) - 1));
        cq_json_splice(structure, between(found.structure, sizeof(STRUCTURE_NEXT) - 1));
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

/* Where a column's name goes, what opens it written; and up to where a name may go, so that the
 * longest thing that is kept still finds room behind it, both copied in whole steps. */
struct pen {
    uint8_t *to;
    const uint8_t *end;
};

static inline struct pen take(struct cq_json *j, cq_bytes begin)
{
    enum { NAME = 256, SMALL = 16384 };
    const size_t behind = CQ_MEMO_COLUMN_BYTES + CQ_JSON_SLACK;
    /* A buffer that has just held small tables would have no room ahead, ever. */
    uint8_t *to = cq_json_room(j, j->out->cap < SMALL ? NAME + behind : 0);
    size_t cap = j->out->cap;

    if (!to) return (struct pen){NULL, NULL};
    to = cq_json_separate(j, to);
    memcpy(to, begin.p, begin.n);
    return (struct pen){to + begin.n, j->out->p + (cap > behind ? cap - behind : 0)};
}

/* No column comes: what opens it goes, and so does the comma before it. */
static inline void leave(struct cq_json *j, const struct pen *p, cq_bytes begin, bool comma)
{
    if (p->to) cq_json_wrote(j, p->to - begin.n - comma, comma);
}

/* Both texts of the columns, and whether one stands there already. */
struct pens {
    struct pen json, structure;
    bool comma;
};

static struct pens take_both(struct cq_json *j, struct cq_json *structure)
{
    return (struct pens){take(j, CQ_LIT(JSON_BEGIN)), take(structure, CQ_LIT(STRUCTURE_BEGIN)),
                         j->comma};
}

static void leave_both(struct cq_json *j, struct cq_json *structure, const struct pens *pens)
{
    leave(j, &pens->json, CQ_LIT(JSON_BEGIN), pens->comma);
    leave(structure, &pens->structure, CQ_LIT(STRUCTURE_BEGIN), pens->comma);
}

static inline bool has_room(const struct pen *p, size_t n)
{
    return p->end - p->to >= (ptrdiff_t)n;
}

/*
 * A column as most are, at once: its name goes out as it is, and what follows was found. Call by
 * call the same is eight times as much. Behind both names the row has sixteen bytes more. False:
 * it is not like that, and nothing was written.
 */
static inline bool put_plain(struct pens *pens, cq_bytes name, cq_bytes bytes,
                             const struct cq_memo_found *found)
{
    uint8_t *json = pens->json.to, *structure = pens->structure.to;
    size_t i = 0;

    if (name.n == 0 || bytes.n != name.n) return false;
    if (!has_room(&pens->json, name.n) || !has_room(&pens->structure, name.n)) return false;
    do {
        if (!cq_copy_twins16(json + i, structure + i, name.p + i, bytes.p + i, name.n - i)) {
            return false;
        }
    } while ((i += 16) < name.n);
    pens->json.to = cq_memo_copy(json + name.n, found->json);
    pens->structure.to = cq_memo_copy(structure + name.n, found->structure);
    pens->comma = true;
    return true;
}

static void put_rows(struct cq_model *m, const struct cq_object *o, struct cq_json *structure)
{
    /* What is written may be anything's bytes to the compiler: all of this stays in registers. */
    const struct cq_shape *s = o->columns.shape;
    const struct cq_memo *memo = m->memo;
    const cq_bytes *cells = o->columns.cells;
    const size_t width = cq_shape_cells(s), n = m->rows.n / sizeof(uint32_t);
    const uint32_t *rows = (const uint32_t *)(const void *)m->rows.p;
    const bool as_sent = o->as_sent && s->is_straight && s->n_columns == CQ_COLUMNS_N;
    const bool is_plain = as_sent && !o->masks.n;
    struct cq_json *j = &m->rec->json;
    struct pens pens = take_both(j, structure);

    for (size_t i = 0; i < n; i++) {
        const cq_bytes *cell = cells + rows[i] * width;
        struct cq_memo_found found;
        struct rest rest;

        if (is_plain && set_sent_key(&rest, cell) && find_rest(memo, &rest, &found) &&
            put_plain(&pens, cell[CQ_COLUMNS_column_name], cell[CQ_COLUMNS_column_name_bytes],
                      &found))
            continue;
        leave_both(j, structure, &pens);
        put_column(m, o, structure, cell, as_sent);
        pens = take_both(j, structure);
        if (!pens.json.to || !pens.structure.to) break;
    }
    leave_both(j, structure, &pens);
}

void cq_put_columns(struct cq_model *m, const struct cq_object *o, struct cq_json *structure)
{
    struct cq_json *j = &m->rec->json;
    size_t mark, structure_mark;

    if (o->list) {
        cq_put_list(m, o, structure);
        return;
    }
    m->is_own = false;
    cq_columns_order(m, o);
    if (o->masks.n) cq_masks_begin(m, &o->masks);
    cq_udts_begin(m, o->udts);
    cq_json_name(j, CQ_KEY("columns"));
    cq_json_open(j, '[');
    cq_json_open(structure, '[');
    mark = cq_json_mark(j);
    structure_mark = cq_json_mark(structure);
    if (o->columns.n) put_rows(m, o, structure);
    if (!j->out->err && !structure->out->err)
        cq_list_keep(m, o, cq_json_since(j, mark), cq_json_since(structure, structure_mark));
    cq_json_close(structure, ']');
    cq_json_close(j, ']');
    cq_udts_end(m, o->udts);
}
