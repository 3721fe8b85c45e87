/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables and views: the order of the members of their records, and the array that structure_hash
 * covers (docs/records.md, "The structure hash").
 */
#include "model/row.h"

struct slots {
    int id, comment, flags;
};

static struct slots slots_of(enum cq_table t)
{
    if (t == CQ_T_TABLES) {
        return (struct slots){CQ_TABLES_id, CQ_TABLES_comment, CQ_TABLES_flags};
    }
    if (t == CQ_T_VIEWS) return (struct slots){CQ_VIEWS_id, CQ_VIEWS_comment, -1};
    return (struct slots){-1, CQ_VTABLES_comment, -1};
}

/* Ids that a server assigns differ between clusters with the same schema: not part of the hash. */
static void put_id(struct cq_json *j, const char *key, const struct cq_row *r, int slot)
{
    cq_json_mute_begin(j);
    cq_put_uuid(j, key, r, slot);
    cq_json_mute_end(j);
}

static void put_view(struct cq_json *j, const struct cq_row *r)
{
    cq_put_text(j, "base_table", r, CQ_VIEWS_base_table_name);
    put_id(j, "base_table_id", r, CQ_VIEWS_base_table_id);
    cq_put_text(j, "where_clause", r, CQ_VIEWS_where_clause);
    cq_put_bool(j, "include_all_columns", r, CQ_VIEWS_include_all_columns);
}

static void put_body(struct cq_model *m, const struct cq_object *o, const struct cq_row *r)
{
    struct slots slot = slots_of(o->shape->table);
    struct cq_json *j = &m->rec->json;

    cq_json_member_text(j, "keyspace", o->keyspace);
    cq_json_member_text(j, "name", o->name);
    put_id(j, "table_id", r, slot.id);
    if (o->shape->table == CQ_T_VIEWS) put_view(j, r);
    cq_put_text(j, "comment", r, slot.comment);
    cq_put_columns(m, o);
    if (o->udts && !o->virtual_) cq_put_types(m, o->udts);
    cq_put_texts(j, "flags", r, slot.flags);
    if (!o->virtual_) cq_put_options(m, r);
    cq_put_indexes(m, &o->indexes);
    cq_put_triggers(m, &o->triggers);
    cq_put_dropped(m, &o->dropped);
    cq_put_extra(m, r, true);
}

static void put_structure(struct cq_model *m, const struct cq_object *o)
{
    struct cq_json j;

    cq_json_init(&j, &m->rec->structure, m->mem);
    cq_json_open(&j, '[');
    cq_json_text(&j, cq_str(cq_kind_name(o->kind)));
    cq_structure_columns(m, &j);
    cq_structure_types(m, &j, o->udts);
    cq_structure_indexes(m, &j, &o->indexes);
    cq_json_close(&j, ']');
}

int cq_put_table(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = o->kind,
                               .system = o->system,
                               .virtual_ = o->virtual_,
                               .hashed = true,
                               .structured = true,
                               .part = {o->keyspace, o->name}};
    struct cq_row r;

    r = (struct cq_row){o->shape, o->cells};
    cq_rec_begin(m->rec, &head);
    cq_columns_begin(m, &o->columns);
    cq_udts_reach(m, o->udts);
    put_body(m, o, &r);
    put_structure(m, o);
    return cq_rec_end(m->rec, line);
}
