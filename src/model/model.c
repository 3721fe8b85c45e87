/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the writers share (model/model.h): the scratch, the way to the writer of each kind, which
 * keyspaces are the system's.
 */
#include "model/model.h"

#include "model/row.h"

void cq_model_init(struct cq_model *m, const struct cq_mem *mem, struct cq_rec *rec)
{
    *m = (struct cq_model){.mem = mem, .rec = rec};
    cq_buf_init(&m->keys, mem, CQ_MAX_RECORD);
    cq_buf_init(&m->rows, mem, CQ_MAX_RECORD);
    cq_buf_init(&m->masks, mem, CQ_MAX_RECORD);
    cq_buf_init(&m->items, mem, CQ_MAX_RECORD);
    cq_buf_init(&m->marks, mem, CQ_MAX_RECORD);
    cq_buf_init(&m->work, mem, CQ_MAX_RECORD);
    cq_buf_init(&m->text, mem, CQ_MAX_RECORD);
}

void cq_model_fini(struct cq_model *m)
{
    cq_buf_fini(&m->keys);
    cq_buf_fini(&m->rows);
    cq_buf_fini(&m->masks);
    cq_buf_fini(&m->items);
    cq_buf_fini(&m->marks);
    cq_buf_fini(&m->work);
    cq_buf_fini(&m->text);
}

int cq_model_object(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    const struct cq_row r = {o->shape, o->cells};

    if (o->kind == CQ_KIND_TABLE || o->kind == CQ_KIND_VIEW) return cq_put_table(m, o, line);
    if (!cq_row_is_whole(&r)) return CQ_EPROTOCOL;
    switch (o->kind) {
    case CQ_KIND_KEYSPACE:
        return cq_put_keyspace(m, o, line);
    case CQ_KIND_TYPE:
        return cq_put_type(m, o, line);
    case CQ_KIND_FUNCTION:
        return cq_put_function(m, o, line);
    case CQ_KIND_AGGREGATE:
        return cq_put_aggregate(m, o, line);
    case CQ_KIND_TABLE:
    case CQ_KIND_VIEW:
    case CQ_KIND_SCOPE_BEGIN:
    case CQ_KIND_SCOPE_END:
    case CQ_KIND_CLUSTER:
    case CQ_KIND_NODE:
    case CQ_KIND_ANOMALY:
    case CQ_KIND_HEARTBEAT:
    case CQ_N_KINDS:
        break;
    }
    return CQ_EINTERNAL;
}

bool cq_is_system_keyspace(cq_bytes keyspace)
{
    static const char *const vendors[] = {
        "HiveMetaStore", "OpsCenter",    "data_endpoint_auth", "datastax_sla", "dse_analytics",
        "dse_auth",      "dse_insights", "dse_insights_local", "dse_leases",   "dse_perf",
        "dse_security",  "dse_system",   "dse_system_local",   "dsefs",        "solr_admin",
    };

    if (cq_has_prefix(keyspace, CQ_LIT("system"))) return true;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
        if (cq_eq(keyspace, cq_str(vendors[i]))) return true;
    return false;
}
