/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and peers out of rows (crawler/reading.h). */
#include "crawler/reading.h"

#include <stdio.h>

#include "proto/value.h"

struct peer {
    cq_bytes host_id, dc, rack, address, native, version;
};

static void read_peer(const struct cq_shape *s, const cq_bytes *c, struct peer *p)
{
    if (s->table == CQ_T_PEERS_V2) {
        *p = (struct peer){c[CQ_PEERS_V2_host_id],        c[CQ_PEERS_V2_data_center],
                           c[CQ_PEERS_V2_rack],           c[CQ_PEERS_V2_peer],
                           c[CQ_PEERS_V2_native_address], c[CQ_PEERS_V2_schema_version]};
    } else if (s->table == CQ_T_PEERS) {
        *p =
            (struct peer){c[CQ_PEERS_host_id], c[CQ_PEERS_data_center], c[CQ_PEERS_rack],
                          c[CQ_PEERS_peer],    c[CQ_PEERS_rpc_address], c[CQ_PEERS_schema_version]};
    } else {
        *p = (struct peer){.version = c[CQ_LOCAL_schema_version]};
    }
}

static void add_version(struct cq_reading *r, const char *version)
{
    unsigned kept = r->n_versions < CQ_MAX_VERSIONS ? r->n_versions : CQ_MAX_VERSIONS;

    for (unsigned i = 0; i < kept; i++)
        if (strcmp(r->versions[i], version) == 0) return;
    if (kept < CQ_MAX_VERSIONS) memcpy(r->versions[kept], version, 37);
    r->n_versions++;
}

static bool is_whole(const struct peer *p)
{
    return p->host_id.n == 16 && p->dc.p && p->rack.p && p->native.n;
}

bool cq_peer_is_whole(const struct cq_shape *shape, const cq_bytes *cells)
{
    struct peer p;

    read_peer(shape, cells, &p);
    return is_whole(&p);
}

cq_bytes cq_peer_host_id(const struct cq_shape *shape, const cq_bytes *cells)
{
    switch (shape->table) {
    case CQ_T_LOCAL:
        return cells[CQ_LOCAL_host_id];
    case CQ_T_PEERS_V2:
        return cells[CQ_PEERS_V2_host_id];
    default:
        return cells[CQ_PEERS_host_id];
    }
}

void cq_local_identity(const cq_bytes *cells, struct cq_identity *identity)
{
    cq_identity_text(identity->cluster_name, cells[CQ_LOCAL_cluster_name]);
    cq_identity_text(identity->partitioner, cells[CQ_LOCAL_partitioner]);
    cq_identity_add(identity, cells[CQ_LOCAL_host_id]);
}

void cq_peer_name(const struct cq_shape *shape, const cq_bytes *cells, char out[46])
{
    struct peer p;
    char id[37];

    read_peer(shape, cells, &p);
    if (cql_get_uuid(p.host_id, id))
        snprintf(out, 46, "%s", id);
    else if (!cql_get_inet(p.address, out) && !cql_get_inet(p.native, out))
        snprintf(out, 46, "unknown");
}

void cq_reading_row(struct cq_reading *r, const struct cq_shape *shape, const cq_bytes *cells)
{
    struct peer p;
    char version[37] = "";

    read_peer(shape, cells, &p);
    if (shape->table != CQ_T_LOCAL && !is_whole(&p)) return;
    r->n_nodes++;
    if (!cql_get_uuid(p.version, version)) version[0] = 0;
    if (shape->table == CQ_T_LOCAL) {
        r->have_local = true;
        memcpy(r->local, version, sizeof(version));
    }
    if (version[0])
        add_version(r, version);
    else
        r->n_silent++;
}

bool cq_version_says(const char *version)
{
    return version[strspn(version, "0-")] != 0;
}

void cq_reading_agreement(const struct cq_reading *r, struct cq_scope *s)
{
    s->agreement_known = r->have_local && cq_version_says(r->local);
    s->agreed = s->agreement_known && r->n_silent == 0 && r->n_versions == 1;
    s->n_nodes = r->n_nodes;
    s->n_versions = r->n_versions < CQ_MAX_VERSIONS ? r->n_versions : CQ_MAX_VERSIONS;
    memcpy(s->versions, r->versions, sizeof(s->versions));
}
