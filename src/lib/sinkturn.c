/* SPDX-License-Identifier: Apache-2.0 */
/* One sink in a turn of the loop: answers in, requests out, whoever waited goes on, the host is
 * told. */
#include "lib/sinks_impl.h"

enum { RESUMED_PER_LANE = 8 }; /* in one turn: each of them brings a record at least */

static struct cq_sink_now now(void)
{
    return (struct cq_sink_now){uv_hrtime(), cq_link_wall_ms()};
}

/* ---- answers ---- */

/* The receiver does not take the credentials: those of today? Certificates are left alone while
 * requests are under way, which use them. */
void cq_sink_entry_read_again(struct cq_sink_entry *e)
{
    bool trust = e->machine.in_flight <= 1; /* the one that was answered */
    struct cq_fault f = {0};

    if (cq_access_read(&e->access, trust, &f)) return; /* the old ones stay */
    if (!trust) return;
    cq_http_peer_trust(e->peer, cq_secret_bytes(e->access.read[CQ_ACCESS_CACERT]),
                       cq_secret_bytes(e->access.read[CQ_ACCESS_CERT]),
                       cq_secret_bytes(e->access.read[CQ_ACCESS_KEY]));
}

bool cq_sink_entry_letter(struct cq_sink_entry *e, const struct cq_sink_letter *letter)
{
    struct cqlcrawl_dead_letter l = CQLCRAWL_INIT(cqlcrawl_dead_letter);

    if (!e->dead_letter) return false;
    l.sink = e->name;
    l.status = letter->status;
    l.why = letter->why;
    l.answer = letter->answer.p ? (const char *)letter->answer.p : "";
    l.n_answer = letter->answer.n;
    l.line = (const char *)letter->line.p;
    l.n = letter->line.n;
    return e->dead_letter(e->ctx, &l) == 0;
}

bool cq_sink_entry_answer(struct cq_sink_lane *l, const struct cq_http_response *r)
{
    struct cq_sink_entry *e = l->entry;
    struct cq_sink_letter letter;
    bool kept;

    cq_secret_release(l->auth);
    l->auth = NULL;
    if (!r->err && r->status == 401) cq_sink_entry_read_again(e);
    if (!cq_sink_answer(&e->machine, l->lane, r, l->generation != e->access.generation, now(),
                        &letter)) {
        return true;
    }
    kept = cq_sink_entry_letter(e, &letter);
    if (e->c->closing) return false;
    cq_sink_kept(&e->machine, l->lane, kept, now());
    return true;
}

/* ---- the turn ---- */

static void send_all(struct cq_sink_entry *e, uint64_t now_ns, bool *more)
{
    struct cq_sink_send send;
    enum cq_sink_act act;

    while ((act = cq_sink_next(&e->machine, now_ns, &send)) == CQ_SINK_SEND) {
        struct cq_sink_lane *l = &e->lanes[send.lane];

        l->auth = cq_secret_retain(e->access.auth);
        l->generation = e->access.generation;
        cq_http_send(l->call, &send.request, (const char *)cq_secret_bytes(l->auth).p);
    }
    *more |= act == CQ_SINK_WORK;
}

static void settle(struct cq_sink_entry *e)
{
    struct cq_sink_client *client;

    while ((client = cq_sink_settled(&e->machine)) != NULL)
        cq_report_answered(e->c, client->owner);
}

static void resume(struct cq_sink_entry *e, bool *more)
{
    unsigned n = e->machine.o.lanes * RESUMED_PER_LANE;
    struct cq_sink_client *client = NULL;

    while (n-- > 0 && (client = cq_sink_room(&e->machine)) != NULL)
        cq_report_room(e->c, client->owner);
    *more |= client != NULL;
}

static void report(struct cq_sink_entry *e)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);
    const struct cq_fault *why = &e->machine.why;

    ev.kind = CQLCRAWL_EVENT_SINK;
    ev.id = e->id;
    ev.name = e->name;
    ev.agreement = -1;
    ev.sink_state = (int)e->machine.state;
    ev.err = why->err;
    ev.text = why->text;
    if (why->err) {
        ev.code = cq_err_code(why->err);
        ev.class_ = cq_class_name(cq_err_class(why->err));
        ev.remedy = cq_err_remedy(why->err);
    }
    if (e->c->o.event) e->c->o.event(e->c->o.ctx, &ev);
}

bool cq_sink_entry_turn(struct cq_sink_entry *e, uint64_t now_ns, bool *more)
{
    if (!e->lanes) return true;
    cq_sink_hurry(&e->machine, e->c->driver.fleet.n[CQ_PLACE_SLOT] == 0);
    send_all(e, now_ns, more);
    settle(e);
    resume(e, more);
    if (!cq_sink_news(&e->machine)) return true;
    report(e);
    return !e->c->closing;
}
