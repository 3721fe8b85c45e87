/* SPDX-License-Identifier: Apache-2.0 */
/* Life, memory and offers of a sink (sink/sink.h). */
#include <assert.h>
#include "base/digest.h"

#include "sink/retry.h"
#include "sink/sink_impl.h"

static size_t upload_of(size_t b)
{
    return b / 2 < CQ_HTTP_UPLOAD ? b / 2 : CQ_HTTP_UPLOAD;
}

/* One lane of batches of b bytes: two blocks with an eighth to spare, what libcurl hands to the
 * socket, and a compressed batch. */
static size_t lane_cost(const struct cq_sink_config *o, size_t b)
{
    return 2 * (b + b / 8) + upload_of(b) + (o->encoding != CQ_ENCODING_IDENTITY ? b / 2 : 0);
}

static size_t runs_of(const struct cq_sink_config *o)
{
    return o->batch_records < CQ_DEFAULT_BATCH_RECORDS ? o->batch_records
                                                       : CQ_DEFAULT_BATCH_RECORDS;
}

static size_t fixed_cost(const struct cq_sink_config *o)
{
    size_t runs = 2 * o->lanes * runs_of(o) * sizeof(struct cq_block_run);

    return runs + (o->encoding != CQ_ENCODING_IDENTITY ? CQ_ENCODE_MEMORY : 0);
}

static void fit(struct cq_sink_config *o, size_t memory)
{
    size_t fixed = fixed_cost(o);
    size_t each = (memory > fixed ? memory - fixed : 0) / o->lanes;

    while (o->batch_bytes > CQ_MIN_BATCH_BYTES && lane_cost(o, o->batch_bytes) > each)
        o->batch_bytes -= o->batch_bytes / 16;
    if (o->batch_bytes < CQ_MIN_BATCH_BYTES) o->batch_bytes = CQ_MIN_BATCH_BYTES;
}

void cq_sink_init(struct cq_sink *s, const struct cq_sink_config *o)
{
    *s = (struct cq_sink){.o = *o, .encoding = o->encoding, .random = {o->seed}};
    s->key_seed = cq_receiver_seed(o->url, o->key_seed);
    cq_ring_init(&s->settled);
}

static int open_lane(struct cq_sink *s, struct cq_lane *l)
{
    size_t bytes = s->o.batch_bytes + s->o.batch_bytes / 8;
    int err = cq_block_init(&l->blocks[0], s->o.mem, bytes, runs_of(&s->o));

    cq_ring_init(&l->waiting);
    cq_buf_init(&l->encoded, s->o.mem, CQ_MAX_BATCH_BYTES * 2 + CQ_MAX_RECORD);
    return err ? err : cq_block_init(&l->blocks[1], s->o.mem, bytes, runs_of(&s->o));
}

int cq_sink_begin(struct cq_sink *s, size_t memory)
{
    int err = 0;

    assert(!s->lanes);
    fit(&s->o, memory);
    s->limit_bytes = s->o.batch_bytes;
    s->lanes = cq_calloc(s->o.mem, s->o.lanes, sizeof(*s->lanes));
    if (!s->lanes) return CQ_ENOMEM;
    for (unsigned i = 0; i < s->o.lanes && !err; i++)
        err = open_lane(s, &s->lanes[i]);
    if (!err && s->encoding != CQ_ENCODING_IDENTITY) {
        err = cq_encoder_new(&s->encoder, s->o.mem, s->encoding);
    }
    if (err) {
        cq_sink_fini(s);
        return err;
    }
    if (!s->o.account) return 0;
    s->charged = fixed_cost(&s->o) + s->o.lanes * lane_cost(&s->o, s->o.batch_bytes);
    s->o.account->used += s->charged; /* whether there is room or not: a sink must go on */
    if (s->o.account->used > s->o.account->peak) s->o.account->peak = s->o.account->used;
    return 0;
}

size_t cq_sink_upload(const struct cq_sink *s)
{
    return upload_of(s->o.batch_bytes);
}

void cq_sink_fini(struct cq_sink *s)
{
    for (unsigned i = 0; s->lanes && i < s->o.lanes; i++) {
        cq_block_fini(&s->lanes[i].blocks[0]);
        cq_block_fini(&s->lanes[i].blocks[1]);
        cq_buf_fini(&s->lanes[i].encoded);
    }
    if (s->o.mem) cq_free(s->o.mem, s->lanes);
    cq_encoder_free(s->encoder);
    if (s->charged) cq_account_give(s->o.account, s->charged);
    s->lanes = NULL;
    s->encoder = NULL;
    s->charged = 0;
}

void cq_sink_client_init(struct cq_sink_client *c, const struct cq_sink *s, void *owner,
                         cq_bytes name)
{
    *c = (struct cq_sink_client){.owner = owner};
    c->lane = (unsigned)(cq_xxh3_64(name) % s->o.lanes);
    cq_ring_init(&c->waiting);
    cq_ring_init(&c->settled);
}

void cq_sink_client_fini(struct cq_sink_client *c)
{
    cq_ring_remove(&c->waiting);
    cq_ring_remove(&c->settled);
}

static enum cq_offer lose(struct cq_sink *s, struct cq_sink_client *c)
{
    c->dead++;
    s->counts.dead++;
    return CQ_OFFER_LOST;
}

/* The block is about to be filled. What was sent last is in the CPU's caches; lanes that took
 * turns through memory of their own would write each batch to memory that is not. */
static void warm(struct cq_sink *s, struct cq_block *b)
{
    if (b->records > 0) return;
    if (s->emptied && s->emptied != b) cq_block_exchange(s->emptied, b);
    s->emptied = NULL;
}

enum cq_offer cq_sink_offer(struct cq_sink *s, struct cq_sink_client *c, cq_bytes line,
                            uint64_t now_ns)
{
    struct cq_lane *l = &s->lanes[c->lane];

    c->offered++;
    s->counts.offered++;
    if (cq_lane_head(l)->records == 0 && cq_lane_is_filled(s, cq_lane_open(l))) {
        l->head = 1 - l->head;
    }
    warm(s, cq_lane_open(l));
    if (cq_block_put(cq_lane_open(l), c, line, now_ns)) return lose(s, c);
    cq_ring_remove(&c->settled);
    if (!cq_lane_is_full(s, l)) return CQ_OFFER_TAKEN;
    cq_ring_push(&l->waiting, &c->waiting);
    return CQ_OFFER_FULL;
}

void cq_sink_hurry(struct cq_sink *s, bool hurry)
{
    s->hurry = hurry;
}

struct cq_sink_client *cq_sink_room(struct cq_sink *s)
{
    for (unsigned i = 0; s->lanes && i < s->o.lanes; i++) {
        struct cq_lane *l = &s->lanes[i];
        struct cq_ring *node = l->waiting.next;

        if (cq_ring_is_empty(&l->waiting) || cq_lane_is_full(s, l)) continue;
        cq_ring_remove(node);
        return CQ_RING_OF(node, struct cq_sink_client, waiting);
    }
    return NULL;
}

struct cq_sink_client *cq_sink_settled(struct cq_sink *s)
{
    struct cq_ring *node = s->settled.next;

    if (cq_ring_is_empty(&s->settled)) return NULL;
    cq_ring_remove(node);
    return CQ_RING_OF(node, struct cq_sink_client, settled);
}

bool cq_sink_news(struct cq_sink *s)
{
    bool news = s->news;

    s->news = false;
    return news;
}

bool cq_sink_full(const struct cq_sink *s)
{
    for (unsigned i = 0; s->lanes && i < s->o.lanes; i++) {
        if (cq_lane_is_full(s, &s->lanes[i])) return true;
    }
    return false;
}
