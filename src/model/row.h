/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row's cells, and what every kind of record does with cells: write them under a key of
 * ours where the server sent the column (null kept), leave the key out where it did not.
 */
#ifndef CQ_MODEL_ROW_H
#define CQ_MODEL_ROW_H

#include "model/memo.h"
#include "model/model.h"
#include "proto/value.h"

struct cq_row {
    const struct cq_shape *shape;
    const cq_bytes *cell;
};

struct cq_pair {
    cq_bytes name, value;
};

static inline struct cq_row cq_row_of(const struct cq_rowset *set, size_t i)
{
    return (struct cq_row){set->shape, cq_rowset_at(set, i)};
}

/* Every list, set and map has as many elements as it says. */
bool cq_row_is_whole(const struct cq_row *r);

static inline bool cq_row_has(const struct cq_row *r, int slot)
{
    return slot >= 0 && cq_has(r->shape, slot);
}

/* The cell of a slot; null where the slot is negative or was not sent. */
static inline cq_bytes cq_row_cell(const struct cq_row *r, int slot)
{
    return slot >= 0 ? r->cell[slot] : CQ_NULL;
}

void cq_put_text(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot);
void cq_put_bool(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot);
void cq_put_int(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot);
void cq_put_double(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot);
void cq_put_uuid(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot);
void cq_put_inet(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot);
/* A list or set of texts, and under the key `twin` the bytes of all where one is not UTF-8. */
void cq_put_texts(struct cq_json *j, struct cq_json_key key, struct cq_json_key twin,
                  const struct cq_row *r, int slot);

/* The value of a key of a map cell; null where there is none (or the value is null). */
cq_bytes cq_map_get(cq_bytes map, const char *key);
/* "key":[{"name","value"}] sorted by name, without the entries named in `without` (up to two, NULL:
 * none); null for a null map. hex: the values are blobs, written 0x.... */
void cq_put_pairs(struct cq_model *m, struct cq_json_key key, cq_bytes map,
                  const char *const without[2], bool hex);
/* "key":{"class","options":[...]}: class is the entry class_key, or other_key where that is
 * missing. */
void cq_put_class(struct cq_model *m, struct cq_json_key key, cq_bytes map, const char *class_key,
                  const char *other_key);
/* "extra":[{name,type,value}]: the columns nobody knows. always: also where there are none. */
void cq_put_extra(struct cq_model *m, const struct cq_row *r, bool always);

/* A failure inside the model, so that cq_rec_end returns it. */
static inline void cq_model_fail(struct cq_model *m, int err)
{
    if (err && !m->rec->out.err) m->rec->out.err = err;
}

/* The writers of one kind each (table.c, type.c, ...), called by cq_model_object. */
int cq_put_table(struct cq_model *m, const struct cq_object *o, cq_bytes *line);
int cq_put_type(struct cq_model *m, const struct cq_object *o, cq_bytes *line);
int cq_put_function(struct cq_model *m, const struct cq_object *o, cq_bytes *line);
int cq_put_aggregate(struct cq_model *m, const struct cq_object *o, cq_bytes *line);
int cq_put_keyspace(struct cq_model *m, const struct cq_object *o, cq_bytes *line);

/* options.c: the options of one row, made before or to be made */
struct cq_options {
    cq_bytes cells[CQ_MEMO_MAX_CELLS]; /* in the order of the record, flags behind */
    struct cq_memo_key key;
    struct cq_memo_found found; /* json null: not found */
};
/* alike: as in cq_object */
void cq_options_find(struct cq_model *m, const struct cq_row *r, uint32_t alike,
                     struct cq_options *o);
void cq_put_options(struct cq_model *m, const struct cq_row *r, const struct cq_options *o);
/* index.c */
void cq_put_indexes(struct cq_model *m, const struct cq_rowset *indexes);
void cq_put_triggers(struct cq_model *m, const struct cq_rowset *triggers);
void cq_put_dropped(struct cq_model *m, const struct cq_rowset *dropped);
void cq_structure_indexes(struct cq_model *m, struct cq_json *j, const struct cq_rowset *indexes);
/* target.c: "columns":[...] of an index target */
void cq_put_target_columns(struct cq_model *m, struct cq_json_key key, cq_bytes target);
/* masks.c: sorts the masks of a table; then "mask":{...} of one column where it has one */
void cq_masks_begin(struct cq_model *m, const struct cq_rowset *masks);
void cq_put_mask(struct cq_model *m, const struct cq_rowset *masks, cq_bytes column);
/* Of a column's kind: what comes first. */
enum { CQ_RANK_PARTITION, CQ_RANK_CLUSTERING, CQ_RANK_OTHER };

/* cq_eq with a literal, without a call. */
static inline bool cq_is_text(cq_bytes b, cq_bytes literal)
{
    return b.n == literal.n && memcmp(b.p, literal.p, literal.n) == 0;
}

static inline uint64_t cq_column_rank(cq_bytes kind)
{
    if (cq_is_text(kind, CQ_LIT("partition_key"))) return CQ_RANK_PARTITION;
    return cq_is_text(kind, CQ_LIT("clustering")) ? CQ_RANK_CLUSTERING : CQ_RANK_OTHER;
}

/* order.c: the numbers of the columns' rows in the order of the record, in m->rows */
void cq_columns_order(struct cq_model *m, const struct cq_object *o);
/* columns.c: "columns":[...], the same for the structure (NULL: nobody wants it, and the columns
 * are known), and the user types reached */
void cq_put_columns(struct cq_model *m, const struct cq_object *o, struct cq_json *structure);
/* udts.c: "uses":[...] of one type text, where it names user types */
void cq_put_uses(struct cq_model *m, const struct cq_udts *u, cq_bytes type);
/* "fields":[{name,type,uses}] */
void cq_put_fields(struct cq_model *m, const struct cq_udts *u, cq_bytes names, cq_bytes types);
/* [[field,type]...] */
void cq_structure_fields(struct cq_json *j, cq_bytes names, cq_bytes types);
/* A type text names something that is not built in. */
bool cq_type_is_named(struct cq_model *m, cq_bytes type);
/* Marks every type that the types of columns reach: begin, reach for each, end; then "types":[...]
 * and its structure. */
void cq_udts_begin(struct cq_model *m, const struct cq_udts *u);
void cq_udts_reach(struct cq_model *m, const struct cq_udts *u, cq_bytes type);
void cq_udts_end(struct cq_model *m, const struct cq_udts *u);
void cq_put_types(struct cq_model *m, const struct cq_udts *u);
void cq_structure_types(struct cq_model *m, struct cq_json *j, const struct cq_udts *u);

#endif
