/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: the contacted one from system.local, the others as it reports them. The columns differ in
 * name between local, peers_v2 and peers; the record's keys do not. Addresses are given as the
 * server has them, 0.0.0.0 too; nobody is contacted by them. Tokens and truncation times are not
 * part of an inventory (they can be megabytes) and are not passed on.
 */
#include "model/row.h"
#include "proto/type.h"

struct member {
    struct cq_json_key key;
    int slot;
};

/* One row of slots per source; -1: the source has no such column. */
struct source {
    int host_id, dc, rack, release_version, schema_version, port;
    struct member addresses[6]; /* ended by a NULL key */
    struct member ports[4];
    int identity[3]; /* which address names a node without host_id */
};

static const struct source local = {
    CQ_LOCAL_host_id,
    CQ_LOCAL_data_center,
    CQ_LOCAL_rack,
    CQ_LOCAL_release_version,
    CQ_LOCAL_schema_version,
    CQ_LOCAL_rpc_port,
    .addresses = {{CQ_KEY_INIT("broadcast"), CQ_LOCAL_broadcast_address},
                  {CQ_KEY_INIT("listen"), CQ_LOCAL_listen_address},
                  {CQ_KEY_INIT("rpc"), CQ_LOCAL_rpc_address}},
    .ports = {{CQ_KEY_INIT("broadcast"), CQ_LOCAL_broadcast_port},
              {CQ_KEY_INIT("listen"), CQ_LOCAL_listen_port},
              {CQ_KEY_INIT("rpc"), CQ_LOCAL_rpc_port}},
    .identity = {CQ_LOCAL_broadcast_address, CQ_LOCAL_listen_address, CQ_LOCAL_rpc_address},
};

static const struct source peers_v2 = {
    CQ_PEERS_V2_host_id,
    CQ_PEERS_V2_data_center,
    CQ_PEERS_V2_rack,
    CQ_PEERS_V2_release_version,
    CQ_PEERS_V2_schema_version,
    CQ_PEERS_V2_native_port,
    .addresses = {{CQ_KEY_INIT("native"), CQ_PEERS_V2_native_address},
                  {CQ_KEY_INIT("preferred"), CQ_PEERS_V2_preferred_ip},
                  {CQ_KEY_INIT("peer"), CQ_PEERS_V2_peer}},
    .ports = {{CQ_KEY_INIT("native"), CQ_PEERS_V2_native_port},
              {CQ_KEY_INIT("preferred"), CQ_PEERS_V2_preferred_port},
              {CQ_KEY_INIT("peer"), CQ_PEERS_V2_peer_port}},
    .identity = {CQ_PEERS_V2_peer, CQ_PEERS_V2_native_address, CQ_PEERS_V2_preferred_ip},
};

static const struct source peers = {
    CQ_PEERS_host_id,
    CQ_PEERS_data_center,
    CQ_PEERS_rack,
    CQ_PEERS_release_version,
    CQ_PEERS_schema_version,
    -1,
    .addresses = {{CQ_KEY_INIT("rpc"), CQ_PEERS_rpc_address},
                  {CQ_KEY_INIT("preferred"), CQ_PEERS_preferred_ip},
                  {CQ_KEY_INIT("peer"), CQ_PEERS_peer}},
    .identity = {CQ_PEERS_peer, CQ_PEERS_rpc_address, CQ_PEERS_preferred_ip},
};

static bool identify(const struct source *s, const struct cq_row *r, char out[46])
{
    if (cql_get_uuid(cq_row_cell(r, s->host_id), out)) return true;
    for (int i = 0; i < 3; i++)
        if (cql_get_inet(cq_row_cell(r, s->identity[i]), out)) return true;
    return false;
}

static void put_ports(struct cq_json *j, const struct source *s, const struct cq_row *r)
{
    bool any = false;

    for (const struct member *p = s->ports; p->key.p; p++)
        any = any || cq_row_has(r, p->slot);
    if (!any) return;
    cq_json_name(j, CQ_KEY("ports"));
    cq_json_open(j, '{');
    for (const struct member *p = s->ports; p->key.p; p++)
        cq_put_int(j, p->key, r, p->slot);
    cq_json_close(j, '}');
}

/* extra without what grows with the ring */
static bool is_bulk(cq_bytes name)
{
    return cq_eq(name, CQ_LIT("tokens")) || cq_eq(name, CQ_LIT("truncated_at"));
}

static void put_extra(struct cq_model *m, const struct cq_row *r)
{
    struct cq_extra_column kept[CQ_MAX_RESULT_COLUMNS];
    cq_bytes cells[CQ_MAX_CELLS];
    struct cq_shape shape = *r->shape;

    shape.n_extra = 0;
    shape.extra = kept;
    for (uint32_t i = 0; i < r->shape->n_extra; i++) {
        if (is_bulk(r->shape->extra[i].name)) continue;
        kept[shape.n_extra] = r->shape->extra[i];
        cells[shape.n_known + shape.n_extra++] = r->cell[shape.n_known + i];
    }
    cq_put_extra(m, &(struct cq_row){&shape, cells}, true);
}

static void put_body(struct cq_model *m, const struct source *s, const struct cq_row *r,
                     uint16_t default_port)
{
    struct cq_json *j = &m->rec->json;
    int32_t port;

    cq_put_uuid(j, CQ_KEY("host_id"), r, s->host_id);
    cq_json_name(j, CQ_KEY("addresses"));
    cq_json_open(j, '{');
    for (const struct member *a = s->addresses; a->key.p; a++)
        cq_put_inet(j, a->key, r, a->slot);
    cq_json_close(j, '}');
    cq_json_name(j, CQ_KEY("port"));
    cq_json_int(j, cql_get_int(cq_row_cell(r, s->port), &port) ? port : default_port);
    put_ports(j, s, r);
    cq_put_text(j, CQ_KEY("dc"), r, s->dc);
    cq_put_text(j, CQ_KEY("rack"), r, s->rack);
    cq_put_text(j, CQ_KEY("release_version"), r, s->release_version);
    cq_put_uuid(j, CQ_KEY("schema_version"), r, s->schema_version);
    cq_json_name(j, CQ_KEY("observed"));
    cq_json_bool(j, r->shape->table == CQ_T_LOCAL);
    put_extra(m, r);
}

int cq_model_node(struct cq_model *m, const struct cq_shape *shape, const cq_bytes *cells,
                  uint16_t default_port, cq_bytes *line)
{
    const struct source *s = &peers;
    struct cq_rec_head head = {.kind = CQ_KIND_NODE, .hashed = true};
    struct cq_row r = {shape, cells};
    char identity[46];

    if (shape->table == CQ_T_LOCAL) s = &local;
    if (shape->table == CQ_T_PEERS_V2) s = &peers_v2;
    if (!identify(s, &r, identity)) return CQ_ENOT_FOUND;
    head.part[0] = cq_str(identity);
    cq_rec_begin(m->rec, &head);
    put_body(m, s, &r, default_port);
    return cq_rec_end(m->rec, line);
}
