/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a cq_sink: sink.c (life, offers), lane.c (what goes out next), answer.c (what an
 * answer means for it). */
#ifndef CQ_SINK_SINK_IMPL_H
#define CQ_SINK_SINK_IMPL_H

#include "sink/sink.h"

static inline struct cq_block *cq_lane_head(struct cq_lane *l)
{
    return &l->blocks[l->head];
}

static inline struct cq_block *cq_lane_open(struct cq_lane *l)
{
    return &l->blocks[1 - l->head];
}

static inline bool cq_lane_is_filled(const struct cq_sink *s, const struct cq_block *b)
{
    return b->records >= s->o.batch_records || cq_block_size(b) >= s->o.batch_bytes;
}

static inline bool cq_lane_is_full(const struct cq_sink *s, const struct cq_lane *l)
{
    return l->blocks[l->head].records > 0 && cq_lane_is_filled(s, &l->blocks[1 - l->head]);
}

/* The request in hand is done with: its records were accepted, or are dead. */
void cq_lane_drop(struct cq_sink *s, struct cq_lane *l, bool accepted);
/* Two halves take the place of the request in hand, which has two records or more. */
void cq_lane_split(struct cq_lane *l);
/* Too large, and the sink's limit says by now how much smaller: cut anew. Two records or more. */
void cq_lane_recut(struct cq_lane *l);
/* It is sent again from its lines: another encoding. */
void cq_lane_again(struct cq_lane *l);

#endif
