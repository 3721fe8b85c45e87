/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the state knows, against what answers: asked once, when local and the peers have been read
 * and before anything of the schema is. Another cluster under that name ends the attempt
 * (identity_mismatch); an unchanged one, too, with a heartbeat instead of its schema.
 *
 * A server without peers_v2 is asked for its peers with the main write, as ever; only where they
 * decide something are they waited for here.
 */
#include <stdio.h>

#include "crawler/crawl_impl.h"
#include "crawler/product.h"

static const struct cq_cursor *peers_of(const struct cq_crawl *c)
{
    return &c->w->asks[cq_crawl_peers_table(c)].cursor;
}

/* Every peer stands on the first page, and none was used up yet. */
static bool are_there(const struct cq_cursor *peers)
{
    return peers->outcome.outcome == CQ_OUTCOME_ROWS && peers->complete;
}

/* A service in front of many clusters answers with nodes of its own. */
static bool names_only(struct cq_crawl *c, const struct cq_cursor *local)
{
    cq_product_detect(c->conn, local->shape, local->cells, &c->w->product);
    return strcmp(c->w->product.name, "Amazon Keyspaces") == 0;
}

static void look_local(struct cq_crawl *c, struct cq_reading *r)
{
    struct cq_cursor *local = &c->w->asks[CQ_T_LOCAL].cursor;
    struct cq_met *m = c->w->met;

    if (cq_cursor_peek(local, NULL) != CQ_AT_ROW) return;
    cq_reading_row(r, local->shape, local->cells);
    cq_local_identity(local->cells, &m->identity);
    m->names_only = names_only(c, local);
    m->common =
        cq_identity_has(&c->o->known->identity, cq_peer_host_id(local->shape, local->cells));
}

static void look_peers(struct cq_crawl *c, struct cq_reading *r)
{
    const struct cq_cursor *peers = peers_of(c);
    struct cq_met *m = c->w->met;
    cq_bytes cells[CQ_MAX_CELLS];
    struct cql_rows rows;

    if (!cq_cursor_look(peers, &rows)) return;
    while (cql_rows_next_cells(&rows, cq_shape_slots(peers->shape), cq_shape_cells(peers->shape),
                               cells)) {
        cq_bytes id = cq_peer_host_id(peers->shape, cells);

        cq_reading_row(r, peers->shape, cells);
        if (!cq_peer_is_whole(peers->shape, cells)) continue;
        cq_identity_add(&m->identity, id);
        m->common = m->common || cq_identity_has(&c->o->known->identity, id);
    }
    if (!rows.err) cq_crawl_met_all(c, peers);
}

void cq_crawl_met_all(struct cq_crawl *c, const struct cq_cursor *peers)
{
    struct cq_met *m = c->w->met;

    if (m && are_there(peers)) m->identity.whole = !m->names_only;
}

static bool is_known_version(const struct cq_crawl *c, const struct cq_reading *r)
{
    return c->o->incremental && cq_version_says(r->local) &&
           strcmp(r->local, c->o->known->complete.schema_version) == 0;
}

/* Everybody says so, and says something. */
static bool is_unchanged(const struct cq_crawl *c, const struct cq_reading *r)
{
    return is_known_version(c, r) && r->n_silent == 0 && r->n_versions == 1 &&
           are_there(peers_of(c));
}

/* The old peers table has not been asked yet, and would decide something. */
static bool needs_peers(const struct cq_crawl *c, const struct cq_reading *r)
{
    const struct cq_ask *old = &c->w->asks[CQ_T_PEERS];

    if (cq_crawl_peers_table(c) != CQ_T_PEERS) return false;
    if (old->cursor.outcome.pages || old->cursor.complete) return false;
    return is_known_version(c, r) || (c->o->known->identity.whole && !c->w->met->common);
}

static void stay_unchanged(struct cq_crawl *c)
{
    const struct cq_complete *k = &c->o->known->complete;

    for (int i = 0; i < CQ_KIND_HEARTBEAT; i++)
        c->w->met->counts[i] = k->counts[i];
    c->unchanged = true;
    cq_crawl_over(c);
}

enum cq_meeting cq_crawl_meet(struct cq_crawl *c)
{
    struct cq_reading r = {0};
    struct cq_fault f = {0};

    if (!c->o->known) return CQ_MEET_READ;
    if (!c->w->met) c->w->met = cq_arena_alloc(&c->w->arena, sizeof(*c->w->met));
    if (!c->w->met) {
        cq_crawl_fail(c, CQ_ENOMEM, "no memory to tell one cluster from another");
        return CQ_MEET_OVER;
    }
    *c->w->met = (struct cq_met){0};
    look_local(c, &r);
    if (needs_peers(c, &r)) return CQ_MEET_PEERS;
    look_peers(c, &r);
    if (cq_identity_check(&c->o->known->identity, &c->w->met->identity, c->w->met->common, &f)) {
        c->w->met->identity = (struct cq_identity){0}; /* nobody is to remember it */
        cq_crawl_fail(c, f.err, "%s", f.text);
        return CQ_MEET_OVER;
    }
    if (!is_unchanged(c, &r)) return CQ_MEET_READ;
    stay_unchanged(c);
    return CQ_MEET_OVER;
}

/* The line that stands for the schema. */
bool cq_crawl_emit_heartbeat(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    const struct cq_complete *k = &c->o->known->complete;
    struct cq_scope *s = &c->w->scope;
    struct cq_heartbeat h = {k->epoch, k->finished_ms, c->w->met->counts};
    cq_bytes line;
    int err;

    c->emit = CQ_EMIT_READ_STEP;
    s->read = CQ_READ_COMPLETE;
    s->proof = (enum cq_proof)k->proof;
    memcpy(s->digest, k->digest, sizeof(s->digest));
    cq_reading_agreement(&c->w->reading[0], s);
    cq_crawl_close_scope(c);
    err = cq_model_heartbeat(&c->w->model, s, &h, &line);
    if (err) {
        c->unchanged = false; /* an end of its own says that something went wrong */
        c->emit = CQ_EMIT_VERDICT;
        s->digest[0] = 0;
    }
    c->w->met->counts[CQ_KIND_CLUSTER] = c->w->rec.counts[CQ_KIND_CLUSTER];
    c->w->met->counts[CQ_KIND_NODE] = c->w->rec.counts[CQ_KIND_NODE];
    c->w->met->counts[CQ_KIND_HEARTBEAT] = c->w->rec.counts[CQ_KIND_HEARTBEAT];
    return cq_crawl_line(c, err, CQ_KIND_HEARTBEAT, line, ev);
}
