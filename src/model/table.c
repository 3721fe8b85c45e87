/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables and views: the order of the members of their records, and the array that structure_hash
 * covers (docs/records.md, "The structure hash").
 */
#include "model/lists.h"
#include "model/row.h"

struct slots {
    int id, comment;
};

static struct slots slots_of(enum cq_table t)
{
    if (t == CQ_T_TABLES) {
        return (struct slots){CQ_TABLES_id, CQ_TABLES_comment};
    }
    if (t == CQ_T_VIEWS) return (struct slots){CQ_VIEWS_id, CQ_VIEWS_comment};
    return (struct slots){-1, CQ_VTABLES_comment};
}

/* Ids that a server assigns differ between clusters with the same schema: not part of the hash. */
static void put_id(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    cq_json_mute_begin(j);
    cq_put_uuid(j, key, r, slot);
    cq_json_mute_end(j);
}

static void put_view(struct cq_json *j, const struct cq_row *r)
{
    cq_put_text(j, CQ_KEY("base_table"), r, CQ_VIEWS_base_table_name);
    put_id(j, CQ_KEY("base_table_id"), r, CQ_VIEWS_base_table_id);
    cq_put_text(j, CQ_KEY("where_clause"), r, CQ_VIEWS_where_clause);
    cq_put_bool(j, CQ_KEY("include_all_columns"), r, CQ_VIEWS_include_all_columns);
}

/* As most tables are: none of what may come last, and the server has tables for all of it. */
static bool is_bare(const struct cq_object *o)
{
    return o->indexes.shape && o->triggers.shape && o->dropped.shape && !o->indexes.n &&
           !o->triggers.n && !o->dropped.n && !o->shape->n_extra;
}

static void put_body(struct cq_model *m, const struct cq_object *o,
                     const struct cq_options *options, struct cq_json *structure)
{
    const struct cq_row r = {o->shape, o->cells};
    struct slots slot = slots_of(o->shape->table);
    struct cq_json *j = &m->rec->json;

    cq_json_member(j, CQ_KEY("keyspace"), o->keyspace);
    cq_json_member(j, CQ_KEY("name"), o->name);
    put_id(j, CQ_KEY("table_id"), &r, slot.id);
    if (o->shape->table == CQ_T_VIEWS) put_view(j, &r);
    cq_put_text(j, CQ_KEY("comment"), &r, slot.comment);
    cq_put_columns(m, o, structure);
    if (o->udts && !o->virtual_) cq_put_types(m, o->udts);
    if (!o->virtual_) cq_put_options(m, &r, options);
    if (is_bare(o)) {
        cq_json_splice(
            j, CQ_LIT("\"indexes\":[],\"triggers\":[],\"dropped_columns\":[],\"extra\":[]"));
        return;
    }
    cq_put_indexes(m, &o->indexes);
    cq_put_triggers(m, &o->triggers);
    cq_put_dropped(m, &o->dropped);
    cq_put_extra(m, &r, true);
}

static bool is_whole(const struct cq_rowset *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct cq_row r = cq_row_of(set, i);

        if (!cq_row_is_whole(&r)) return false;
    }
    return true;
}

/* Options that were found again were whole when they were made. */
static bool are_whole(struct cq_model *m, const struct cq_object *o, struct cq_options *options)
{
    const struct cq_row r = {o->shape, o->cells};

    options->found.json = CQ_NULL;
    if (!o->virtual_) cq_options_find(m, &r, o->alike, options);
    return (!cq_is_null(options->found.json) || cq_row_is_whole(&r)) && is_whole(&o->indexes) &&
           is_whole(&o->triggers) && is_whole(&o->masks);
}

int cq_put_table(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = o->kind,
                               .system = o->system,
                               .virtual_ = o->virtual_,
                               .hashed = true,
                               .structured = true,
                               .part = {o->keyspace, o->name}};
    bool is_known = o->list && o->kind == CQ_KIND_TABLE && !o->indexes.n;
    struct cq_options options;
    struct cq_json structure;

    if (!are_whole(m, o, &options)) return CQ_EPROTOCOL;
    cq_rec_begin(m->rec, &head);
    if (is_known) {
        cq_rec_structure_hash(m->rec, o->list->table_hash);
        put_body(m, o, &options, NULL);
        return cq_rec_end(m->rec, line);
    }
    cq_json_init(&structure, &m->rec->structure, m->mem);
    cq_json_open(&structure, '[');
    cq_json_text(&structure, cq_str(cq_kind_name(o->kind)));
    put_body(m, o, &options, &structure);
    if (m->marks.n == 0 && o->indexes.n == 0) {
        cq_json_splice(&structure, CQ_LIT("[],[]"));
    } else {
        cq_structure_types(m, &structure, o->udts);
        cq_structure_indexes(m, &structure, &o->indexes);
    }
    cq_json_close(&structure, ']');
    return cq_rec_end(m->rec, line);
}
