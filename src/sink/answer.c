/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means (sink/sink.h): accepted, again later, in halves, a dead letter, or nothing
 * before somebody acts. */
#include <assert.h>

#include "sink/retry.h"
#include "sink/sink_impl.h"

enum { SHOWN = 160 }; /* bytes of an answer in words */

/* ---- the destination ---- */

static void set_state(struct cq_sink *s, enum cq_sink_state state)
{
    s->news |= s->state != state;
    s->state = state;
    if (state == CQ_SINK_OPEN) s->why = (struct cq_fault){0};
}

/* It takes records again. An answer to something sent before the last failure says nothing. */
static void recover(struct cq_sink *s, const struct cq_lane *l)
{
    if (l->seq <= s->round) return;
    s->level = s->failed = 0;
    set_state(s, CQ_SINK_OPEN);
}

static void hold(struct cq_sink *s, const struct cq_lane *l, enum cq_sink_state state,
                 uint64_t at_least_ns, uint64_t now)
{
    bool first = l->seq > s->round; /* else it failed with the others */
    uint64_t wait = 0;

    if (first) {
        s->round = s->seq;
        s->level++;
        wait = state == CQ_SINK_PARKED
                   ? cq_sink_pause(&s->random, s->level, CQ_PARK_BASE, CQ_PARK_CAP)
                   : cq_sink_jitter(&s->random, s->level, CQ_SINK_RETRY_BASE, CQ_SINK_RETRY_CAP);
    }
    if (wait < at_least_ns) wait = at_least_ns;
    if (s->not_before_ns < now + wait) s->not_before_ns = now + wait;
    if (first || state > s->state) set_state(s, state);
}

static void say(struct cq_sink *s, int err, const struct cq_http_response *r)
{
    char shown[SHOWN + 1];
    size_t n = r->body.n < SHOWN ? r->body.n : SHOWN;

    s->why = (struct cq_fault){0};
    if (r->err) {
        (void)cq_fault_set(&s->why, err, "%s", r->text ? r->text : cq_err_text(err));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t c = r->body.p[i];

        shown[i] = c >= 0x20 && c < 0x7f ? (char)c : ' ';
    }
    shown[n] = 0;
    (void)cq_fault_set(&s->why, err, "HTTP status %ld%s%s", r->status, n ? ": " : "", shown);
}

/* Later. One failure says little about the others' requests: its lane alone waits, unless the
 * receiver names a time or nothing has gone well for as many requests as there are lanes. */
static void later(struct cq_sink *s, struct cq_lane *l, int err, const struct cq_http_response *r,
                  struct cq_sink_now now)
{
    uint64_t asked = cq_sink_retry_after(r->retry_after, now.wall_ms);

    l->state = CQ_LANE_READY;
    l->stale = false;
    if (!asked && s->state == CQ_SINK_OPEN && ++s->failed < s->o.lanes) {
        l->not_before_ns =
            now.ns + cq_sink_jitter(&s->random, l->tries, CQ_SINK_RETRY_BASE, CQ_SINK_RETRY_CAP);
        return;
    }
    hold(s, l, CQ_SINK_COOLING, asked, now.ns);
    say(s, err, r);
}

static void park(struct cq_sink *s, struct cq_lane *l, int err, const struct cq_http_response *r,
                 struct cq_sink_now now)
{
    l->state = CQ_LANE_READY;
    hold(s, l, CQ_SINK_PARKED, cq_sink_retry_after(r->retry_after, now.wall_ms), now.ns);
    say(s, err, r);
}

/* ---- no answer ---- */

static bool needs_somebody(int err)
{
    enum cq_class c = cq_err_class(err);

    return c == CQ_CLASS_TLS || c == CQ_CLASS_USAGE || c == CQ_CLASS_AUTH;
}

/* Whether it has taken effect is not known: the same bytes, the same key. */
static void unknown(struct cq_sink *s, struct cq_lane *l, const struct cq_http_response *r,
                    struct cq_sink_now now)
{
    if (r->stale && !l->stale) {
        l->stale = true;
        l->state = CQ_LANE_READY;
        return;
    }
    if (needs_somebody(r->err)) {
        park(s, l, r->err, r, now);
    } else {
        later(s, l, r->err, r, now);
    }
}

/* ---- an answer ---- */

/* A limit that a 413 has lowered comes back by a quarter at a time. */
static void grow(struct cq_sink *s)
{
    if (++s->good < CQ_SINK_GROW_AFTER || s->limit_bytes >= s->o.batch_bytes) return;
    s->good = 0;
    s->limit_bytes += s->limit_bytes / 4 + 1;
    if (s->limit_bytes > s->o.batch_bytes) s->limit_bytes = s->o.batch_bytes;
}

static void accept(struct cq_sink *s, struct cq_lane *l)
{
    s->counts.bytes += l->plain.n;
    s->counts.bytes_encoded +=
        l->encoding == CQ_ENCODING_IDENTITY ? l->plain.n : cq_buf_view(&l->encoded).n;
    grow(s);
    recover(s, l);
    cq_lane_drop(s, l, true);
}

static void shrink(struct cq_sink *s, const struct cq_lane *l)
{
    size_t half = l->plain.n / 2;

    s->good = 0;
    if (half < s->limit_bytes) s->limit_bytes = half > 0 ? half : 1;
}

static bool refuse(struct cq_sink *s, struct cq_lane *l, const struct cq_http_response *r,
                   const char *why, struct cq_sink_letter *letter)
{
    uint32_t one = 1;

    if (l->records > 1) {
        recover(s, l);
        cq_lane_split(l);
        return false;
    }
    l->state = CQ_LANE_LETTER;
    *letter = (struct cq_sink_letter){
        .who = cq_block_who(cq_lane_head(l), &one),
        .line = l->plain,
        .why = why,
        .status = r->status,
        .answer = r->body,
    };
    return true;
}

bool cq_sink_answer(struct cq_sink *s, unsigned lane, const struct cq_http_response *r,
                    bool rotated, struct cq_sink_now now, struct cq_sink_letter *letter)
{
    struct cq_lane *l = &s->lanes[lane];

    assert(l->state == CQ_LANE_SENT && s->in_flight > 0);
    s->in_flight--;
    if (r->err) {
        unknown(s, l, r, now);
        return false;
    }
    switch (cq_receiver_outcome(r->status, l->encoding)) {
    case CQ_RECEIVED_ACCEPTED:
        accept(s, l);
        return false;
    case CQ_RECEIVED_RETRY:
        later(s, l, CQ_ESINK_BUSY, r, now);
        return false;
    case CQ_RECEIVED_PARK:
        if (rotated && r->status == 401) { /* with the new ones, at once */
            l->state = CQ_LANE_READY;
            return false;
        }
        park(s, l, r->status == 401 || r->status == 403 ? CQ_ESINK_AUTH : CQ_ESINK_REFUSED, r, now);
        return false;
    case CQ_RECEIVED_PLAIN:
        s->encoding = CQ_ENCODING_IDENTITY;
        cq_lane_again(l);
        return false;
    case CQ_RECEIVED_TOO_LARGE:
        if (l->records == 1) return refuse(s, l, r, "too_large", letter);
        recover(s, l);
        shrink(s, l);
        cq_lane_recut(l);
        return false;
    case CQ_RECEIVED_REFUSED:
        return refuse(s, l, r, "rejected", letter);
    }
    return false;
}

void cq_sink_kept(struct cq_sink *s, unsigned lane, bool kept, struct cq_sink_now now)
{
    struct cq_lane *l = &s->lanes[lane];

    assert(l->state == CQ_LANE_LETTER);
    if (kept) {
        recover(s, l);
        cq_lane_drop(s, l, false);
        return;
    }
    l->state = CQ_LANE_READY;
    hold(s, l, CQ_SINK_PARKED, 0, now.ns);
    s->why = (struct cq_fault){0};
    (void)cq_fault_set(&s->why, CQ_ESINK_LETTERS, "%s", cq_err_text(CQ_ESINK_LETTERS));
}

void cq_sink_wake(struct cq_sink *s, uint64_t now_ns)
{
    if (s->not_before_ns > now_ns) s->not_before_ns = now_ns;
    for (unsigned i = 0; s->lanes && i < s->o.lanes; i++)
        s->lanes[i].not_before_ns = 0;
}
