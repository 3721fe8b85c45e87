/* SPDX-License-Identifier: Apache-2.0 */
/* Anomalies: what a server says that cannot be right, said so instead of guessed at. */
#include "model/row.h"

int cq_model_anomaly(struct cq_model *m, const struct cq_anomaly *a, cq_bytes *line)
{
    struct cq_rec_head head = {
        .kind = CQ_KIND_ANOMALY,
        .hashed = true,
        .system = cq_is_system_keyspace(a->keyspace),
        .part = {cq_str(a->code), cq_str(a->about_kind), a->keyspace, a->name}};
    struct cq_json *j = &m->rec->json;

    cq_rec_begin(m->rec, &head);
    cq_json_name(j, CQ_KEY("about"));
    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("kind"), cq_str(a->about_kind));
    cq_json_member(j, CQ_KEY("keyspace"), a->keyspace);
    cq_json_member(j, CQ_KEY("name"), a->name);
    cq_json_close(j, '}');
    cq_json_member(j, CQ_KEY("code"), cq_str(a->code));
    cq_json_member(j, CQ_KEY("text"), cq_str(a->text));
    return cq_rec_end(m->rec, line);
}
