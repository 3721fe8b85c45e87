/* SPDX-License-Identifier: Apache-2.0 */
/* What targets and hosts ask of the sinks (lib/sinks.h, include/cqlcrawl.h). */
#include "lib/sinks_impl.h"

/* ---- a target's records ---- */

int cq_sinks_attach(cqlcrawl *c, struct cq_target *t)
{
    size_t n = c->sinks ? c->sinks->n : 0;

    if (!n || t->t.check) return 0;
    t->clients = cq_arena_alloc(&t->arena, n * sizeof(*t->clients));
    if (!t->clients) return cq_fault_set(&c->last, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    t->n_clients = n;
    for (size_t i = 0; i < n; i++)
        cq_sink_client_init(&t->clients[i], &c->sinks->entries[i]->machine, t, t->name);
    return 0;
}

void cq_sinks_detach(struct cq_target *t)
{
    for (size_t i = 0; i < t->n_clients; i++)
        cq_sink_client_fini(&t->clients[i]);
    t->n_clients = 0;
}

static void lose(struct cq_sink_entry *e, struct cq_sink_client *client, cq_bytes line)
{
    struct cq_sink_letter letter = {.who = client, .line = line, .why = "out_of_memory"};

    (void)cq_sink_entry_letter(e, &letter);
}

bool cq_sinks_offer(cqlcrawl *c, struct cq_target *t, cq_bytes line)
{
    uint64_t now_ns = t->n_clients ? CQ_MS(uv_now(c->loop)) : 0;

    for (size_t i = 0; i < t->n_clients && !c->sinks->stopped; i++) {
        struct cq_sink_entry *e = c->sinks->entries[i];

        switch (cq_sink_offer(&e->machine, &t->clients[i], line, now_ns)) {
        case CQ_OFFER_TAKEN:
            break;
        case CQ_OFFER_FULL:
            t->waits++;
            break;
        case CQ_OFFER_LOST:
            lose(e, &t->clients[i], line);
            break;
        }
        cq_sinks_wanted(c->sinks);
    }
    return t->waits == 0;
}

bool cq_sinks_have_answered(const cqlcrawl *c, const struct cq_target *t)
{
    (void)c;
    for (size_t i = 0; i < t->n_clients; i++) {
        if (cq_sink_pending(&t->clients[i]) > 0) return false;
    }
    return true;
}

enum cqlcrawl_delivery cq_sinks_delivery(const cqlcrawl *c, const struct cq_target *t,
                                         uint64_t *dead_letters)
{
    uint64_t offered = 0;

    *dead_letters = 0;
    for (size_t i = 0; i < t->n_clients; i++) {
        offered += t->clients[i].offered;
        *dead_letters += t->clients[i].dead;
    }
    if (!offered) return CQLCRAWL_DELIVERY_NONE;
    if (!cq_sinks_have_answered(c, t)) return CQLCRAWL_DELIVERY_UNKNOWN;
    return *dead_letters ? CQLCRAWL_DELIVERY_REJECTED : CQLCRAWL_DELIVERY_ACCEPTED;
}

/* ---- the host's questions ---- */

size_t cqlcrawl_sinks(const cqlcrawl *c)
{
    return c->sinks ? c->sinks->n : 0;
}

static uint64_t pending(const struct cq_sink_counts *n)
{
    return n->offered - n->accepted - n->dead;
}

int cqlcrawl_sink_stats(const cqlcrawl *c, size_t i, struct cqlcrawl_sink_stats *out)
{
    struct cqlcrawl_sink_stats s = CQLCRAWL_INIT(cqlcrawl_sink_stats);
    const struct cq_sink_entry *e;
    const struct cq_sink *m;
    uint64_t now_ns = uv_hrtime();
    size_t size = out->size;

    if (i >= cqlcrawl_sinks(c)) return CQ_ENOT_FOUND;
    e = c->sinks->entries[i];
    m = &e->machine;
    s.name = e->name;
    s.state = (enum cqlcrawl_sink_state)m->state;
    s.code = m->why.err ? cq_err_code(m->why.err) : NULL;
    s.text = m->why.err ? m->why.text : NULL;
    if (m->state != CQ_SINK_OPEN && m->not_before_ns > now_ns)
        s.retry_at_ms = (m->not_before_ns - now_ns) / CQ_MS(1) + 1;
    s.offered = m->counts.offered;
    s.accepted = m->counts.accepted;
    s.dead_letters = m->counts.dead;
    s.pending = pending(&m->counts);
    s.requests = m->counts.requests;
    s.retries = m->counts.retries;
    s.bytes = m->counts.bytes;
    s.bytes_encoded = m->counts.bytes_encoded;
    s.in_flight = m->in_flight;
    s.full = cq_sink_full(m);
    memcpy(out, &s, size < sizeof(s) ? size : sizeof(s));
    out->size = size;
    return 0;
}

void cqlcrawl_sinks_wake(cqlcrawl *c)
{
    for (size_t i = 0; i < cqlcrawl_sinks(c); i++) {
        struct cq_sink_entry *e = c->sinks->entries[i];

        if (e->machine.state != CQ_SINK_OPEN) cq_sink_entry_read_again(e);
        cq_sink_wake(&e->machine, uv_hrtime());
    }
    cq_sinks_kick(c);
}
