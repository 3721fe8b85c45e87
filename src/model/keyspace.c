/* SPDX-License-Identifier: Apache-2.0 */
/* Keyspaces, virtual ones too (of which servers tell the name alone). */
#include "model/row.h"

int cq_put_keyspace(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_KEYSPACE,
                               .system = o->system,
                               .virtual_ = o->virtual_,
                               .hashed = true,
                               .part = {o->keyspace}};
    struct cq_json *j = &m->rec->json;
    struct cq_row r;

    r = (struct cq_row){o->shape, o->cells};
    cq_rec_begin(m->rec, &head);
    cq_json_member(j, CQ_KEY("name"), o->keyspace);
    if (o->shape->table == CQ_T_KEYSPACES) {
        if (cq_row_has(&r, CQ_KEYSPACES_replication)) {
            cq_put_class(m, CQ_KEY("replication"), r.cell[CQ_KEYSPACES_replication], "class", NULL);
        }
        cq_put_bool(j, CQ_KEY("durable_writes"), &r, CQ_KEYSPACES_durable_writes);
    }
    cq_put_extra(m, &r, true);
    return cq_rec_end(m->rec, line);
}
