/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's own record and those of its nodes: the contacted one, then what it says of its
 * peers. */
#include "crawler/crawl_impl.h"
#include "crawler/product.h"
#include "proto/rows.h"

enum { MAX_OFFERED = 16 };

static const char *keep_cell(struct cq_crawl *c, cq_bytes said)
{
    char text[CQ_MAX_CLUSTER_NAME];

    if (cq_is_null(said)) return NULL;
    cq_copy_text(text, sizeof(text), said);
    return cq_crawl_keep(c, text);
}

static void keep_names(struct cq_crawl *c, const struct cq_cursor *local)
{
    c->cluster_name = keep_cell(c, local->cells[CQ_LOCAL_cluster_name]);
    c->release = keep_cell(c, local->cells[CQ_LOCAL_release_version]);
}

bool cq_crawl_emit_cluster(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    struct cq_cursor *local = &c->w->asks[CQ_T_LOCAL].cursor;
    cq_bytes offered[MAX_OFFERED];
    struct cql_offers versions;
    struct cq_cluster_facts f = {.offered = offered};
    cq_bytes line;
    int err;

    c->emit = CQ_EMIT_LOCAL;
    if (cq_cursor_peek(local, NULL) == CQ_AT_ROW) {
        f.shape = local->shape;
        f.cells = local->cells;
        keep_names(c, local);
    }
    if (cq_crawl_discards(c, CQ_KIND_CLUSTER)) return false;
    versions = cql_conn_supported(c->conn, CQ_LIT("PROTOCOL_VERSIONS"));
    while (versions.left && f.n_offered < MAX_OFFERED)
        offered[f.n_offered++] = cql_offers_next(&versions);
    if (!c->w->product.name) cq_product_detect(c->conn, f.shape, f.cells, &c->w->product);
    f.protocol = cql_conn_version(c->conn);
    f.compression = cql_conn_compression(c->conn);
    f.authenticator = cql_conn_authenticator(c->conn);
    f.product = &c->w->product;
    f.tls = c->tls;
    err = cq_model_cluster(&c->w->model, &f, &line);
    return cq_crawl_line(c, err, CQ_KIND_CLUSTER, line, ev);
}

/* 1: a line; 0: this row makes none; negative. */
static int node_line(struct cq_crawl *c, struct cq_cursor *from, struct cq_crawl_event *ev)
{
    enum cq_finding_code why = CQ_FOUND_PEER_SKIPPED;
    cq_bytes id = cq_peer_host_id(from->shape, from->cells);
    char name[46];
    cq_bytes line;
    int err = 1;

    if (c->w->peers_seen.n > CQ_MAX_PEERS) {
        cq_cursor_fail(from, CQ_ETOO_MANY, "more than %u peers", CQ_MAX_PEERS);
        return 0;
    }
    cq_reading_row(&c->w->reading[0], from->shape, from->cells);
    if (from->table == CQ_T_LOCAL || cq_peer_is_whole(from->shape, from->cells)) {
        if (c->w->met) cq_identity_add(&c->w->met->identity, id);
        if (id.p) err = cq_names_put(&c->w->peers_seen, id, 0);
        if (err < 0) return err;
        if (err && cq_crawl_discards(c, CQ_KIND_NODE)) return 0;
        if (err)
            err = cq_model_node(&c->w->model, from->shape, from->cells, c->o->default_port, &line);
        else
            err = CQ_EINVALID;
        if (!err) return cq_crawl_line(c, 0, CQ_KIND_NODE, line, ev);
        if (err != CQ_ENOT_FOUND && err != CQ_EINVALID) return err;
        if (err == CQ_EINVALID) why = CQ_FOUND_PEER_DUPLICATE;
    }
    cq_peer_name(from->shape, from->cells, name);
    return cq_findings_add(&c->w->findings, why, from->table, "node", CQ_NULL, cq_str(name));
}

static void end_nodes(struct cq_crawl *c, const struct cq_cursor *from)
{
    if (c->emit == CQ_EMIT_LOCAL) {
        c->emit = CQ_EMIT_PEERS;
        return;
    }
    cq_crawl_met_all(c, from);
    c->emit = c->unchanged ? CQ_EMIT_HEARTBEAT : CQ_EMIT_SCHEMA;
}

bool cq_crawl_emit_node(struct cq_crawl *c, struct cq_crawl_event *ev, bool *on)
{
    bool v2 = c->w->asks[CQ_T_PEERS_V2].cursor.outcome.outcome != CQ_OUTCOME_ABSENT;
    struct cq_cursor *from = &c->w->asks[c->emit == CQ_EMIT_LOCAL ? CQ_T_LOCAL
                                         : v2                     ? CQ_T_PEERS_V2
                                                                  : CQ_T_PEERS]
                                  .cursor;
    int at = cq_cursor_peek(from, NULL);
    int err = 0;

    *on = true;
    if (at == CQ_AT_ROW) {
        err = node_line(c, from, ev);
        if (from->have) cq_cursor_skip(from);
    } else if (at == CQ_AT_NEED) {
        c->wants_pages = true;
        *on = false;
    } else if (at == CQ_AT_END) {
        end_nodes(c, from);
    } else {
        err = at;
    }
    if (err < 0) {
        cq_crawl_fail(c, err, "nodes: %s", cq_err_text(err));
        cq_crawl_blame(c, err, "nodes"); /* of a heartbeat, whose conversation is over */
    }
    return err == 1;
}
