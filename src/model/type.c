/* SPDX-License-Identifier: Apache-2.0 */
/* User types: a record each, fields in their order; a type's structure is that of its fields. */
#include "model/row.h"

int cq_put_type(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_TYPE,
                               .system = o->system,
                               .virtual_ = o->virtual_,
                               .hashed = true,
                               .structured = true,
                               .part = {o->keyspace, o->name}};
    struct cq_json *j = &m->rec->json, structure;
    struct cq_row r;

    r = (struct cq_row){o->shape, o->cells};
    cq_rec_begin(m->rec, &head);
    cq_json_member(j, CQ_KEY("keyspace"), o->keyspace);
    cq_json_member(j, CQ_KEY("name"), o->name);
    cq_put_fields(m, o->udts, r.cell[CQ_TYPES_field_names], r.cell[CQ_TYPES_field_types]);
    cq_put_extra(m, &r, true);

    cq_json_init(&structure, &m->rec->structure, m->mem);
    cq_json_open(&structure, '[');
    cq_json_splice(&structure, CQ_LIT("\"type\""));
    cq_structure_fields(&structure, r.cell[CQ_TYPES_field_names], r.cell[CQ_TYPES_field_types]);
    cq_json_close(&structure, ']');
    return cq_rec_end(m->rec, line);
}
