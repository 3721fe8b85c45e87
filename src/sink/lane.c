/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out next (sink/sink.h): blocks are cut into requests here, compressed and handed out.
 */
#include <assert.h>

#include "sink/sink_impl.h"

/* ---- the request in hand ---- */

static void take_from(struct cq_sink *s, struct cq_lane *l, struct cq_sink_client *who, uint32_t n,
                      bool accepted)
{
    if (accepted) {
        who->accepted += n;
        s->counts.accepted += n;
    } else {
        who->dead += n;
        s->counts.dead += n;
    }
    if (cq_sink_pending(who) == 0) cq_ring_push(&s->settled, &who->settled);
    l->records -= n;
}

void cq_lane_drop(struct cq_sink *s, struct cq_lane *l, bool accepted)
{
    struct cq_block *b = cq_lane_head(l);
    size_t bytes = l->plain.n;

    while (l->records > 0) {
        uint32_t n = l->records;
        struct cq_sink_client *who = cq_block_who(b, &n);

        take_from(s, l, who, n, accepted);
        cq_block_drop(b, n, l->records == 0 ? bytes : 0);
    }
    if (b->records == 0) s->emptied = b;
    l->n_parts--;
    l->state = CQ_LANE_IDLE;
    l->tries = 0;
}

void cq_lane_split(struct cq_lane *l)
{
    uint32_t n = l->parts[l->n_parts - 1];

    assert(n >= 2 && l->n_parts < CQ_MAX_PARTS);
    l->parts[l->n_parts - 1] = n - n / 2;
    l->parts[l->n_parts++] = n / 2;
    cq_lane_again(l);
}

void cq_lane_recut(struct cq_lane *l)
{
    if (l->n_parts > 1) { /* in the middle of a search for a bad record */
        cq_lane_split(l);
        return;
    }
    l->n_parts = 0;
    cq_lane_again(l);
}

void cq_lane_again(struct cq_lane *l)
{
    l->state = CQ_LANE_IDLE;
    l->tries = 0;
}

/* ---- cutting ---- */

static bool is_due(const struct cq_sink *s, const struct cq_block *b, uint64_t now)
{
    return b->records > 0 &&
           (s->hurry || cq_lane_is_filled(s, b) || cq_block_size(b) >= s->limit_bytes ||
            now >= b->since_ns + s->o.batch_age_ns);
}

static void cut(struct cq_sink *s, struct cq_lane *l)
{
    size_t most = s->limit_bytes;

    if (l->n_parts) {
        most = SIZE_MAX; /* a split has said how many records */
        l->records = l->parts[l->n_parts - 1];
    } else {
        l->records = s->o.batch_records;
    }
    l->plain = cq_block_front(cq_lane_head(l), &l->records, most);
    if (!l->n_parts) l->parts[l->n_parts++] = l->records;
    l->encoding = s->encoding;
    l->state = l->encoding == CQ_ENCODING_IDENTITY ? CQ_LANE_READY : CQ_LANE_ENCODING;
    l->stale = false;
}

static void prepare(struct cq_sink *s, struct cq_lane *l, uint64_t now)
{
    if (l->state != CQ_LANE_IDLE) return;
    if (cq_lane_head(l)->records == 0 && is_due(s, cq_lane_open(l), now)) l->head = 1 - l->head;
    if (cq_lane_head(l)->records > 0) cut(s, l);
}

/* ---- compressing ---- */

static bool encode(struct cq_sink *s)
{
    struct cq_lane *l = s->encoding_lane;
    int rc;

    for (unsigned i = 0; !l && i < s->o.lanes; i++) {
        if (s->lanes[i].state != CQ_LANE_ENCODING) continue;
        l = s->encoding_lane = &s->lanes[i];
        cq_encoder_begin(s->encoder, l->plain, &l->encoded);
    }
    if (!l) return false;
    rc = cq_encoder_step(s->encoder);
    if (rc == 0) return true;
    if (rc < 0) l->encoding = CQ_ENCODING_IDENTITY; /* no memory: these as they are */
    l->state = CQ_LANE_READY;
    s->encoding_lane = NULL;
    return true;
}

/* ---- sending ---- */

static bool has_turn(const struct cq_sink *s)
{
    return s->in_flight < (s->state == CQ_SINK_OPEN ? s->o.lanes : 1);
}

static void send(struct cq_sink *s, struct cq_lane *l, struct cq_sink_send *out)
{
    l->seq = ++s->seq;
    if (l->tries == 0)
        cq_receiver_head(&l->request, l->seq, l->encoding, s->key_seed, s->o.plain_key);
    l->state = CQ_LANE_SENT;
    s->in_flight++;
    s->counts.requests++;
    s->counts.retries += l->tries++ > 0;
    *out = (struct cq_sink_send){.lane = (unsigned)(l - s->lanes)};
    out->request = (struct cq_http_request){
        .post = true,
        .headers = l->request.lines,
        .n_headers = l->request.n,
        .body = l->encoding == CQ_ENCODING_IDENTITY ? l->plain : cq_buf_view(&l->encoded),
        .timeout_ns = s->o.timeout_ns,
        .max_answer = CQ_HTTP_KEPT,
    };
}

enum cq_sink_act cq_sink_next(struct cq_sink *s, uint64_t now_ns, struct cq_sink_send *out)
{
    struct cq_lane *ready = NULL;

    if (!s->lanes) return CQ_SINK_WAIT;
    for (unsigned n = 0; n < s->o.lanes; n++) {
        struct cq_lane *l = &s->lanes[(s->turn + n) % s->o.lanes];

        prepare(s, l, now_ns);
        if (!ready && l->state == CQ_LANE_READY && now_ns >= l->not_before_ns) ready = l;
    }
    if (ready && now_ns >= s->not_before_ns && has_turn(s)) {
        s->turn = (unsigned)(ready - s->lanes + 1) % s->o.lanes;
        send(s, ready, out);
        return CQ_SINK_SEND;
    }
    return encode(s) ? CQ_SINK_WORK : CQ_SINK_WAIT;
}

static uint64_t lane_deadline(const struct cq_sink *s, const struct cq_lane *l)
{
    const struct cq_block *open = &l->blocks[1 - l->head];

    if (l->state == CQ_LANE_READY) {
        if (!has_turn(s)) return CQ_NEVER;
        return l->not_before_ns > s->not_before_ns ? l->not_before_ns : s->not_before_ns;
    }
    if (l->state != CQ_LANE_IDLE || open->records == 0) return CQ_NEVER;
    return s->hurry ? 0 : open->since_ns + s->o.batch_age_ns;
}

uint64_t cq_sink_deadline(const struct cq_sink *s)
{
    uint64_t due = CQ_NEVER;

    for (unsigned i = 0; s->lanes && i < s->o.lanes; i++) {
        uint64_t d = lane_deadline(s, &s->lanes[i]);

        if (d < due) due = d;
    }
    return due;
}
