/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory, off the loop: requests go to a thread of its own, which takes all that wait
 * as one group (one transaction); answers come back on the loop. Requests are done in the order
 * they were made.
 *
 *   cq_state_open -> cq_state_begin ... answered() | cq_state_end ... -> cq_state_close -> closed()
 *
 * Opening waits for the disk (it is done before anything is contacted) and says what is wrong with
 * the directory. Later faults (a full disk) stop nothing: a begin is answered with epoch 0, an end
 * is lost, failed() says so once, and what the directory knows is doubted as soon as it can be
 * written again.
 */
#ifndef CQ_STATE_STATE_H
#define CQ_STATE_STATE_H

#include <uv.h>

#include "base/mem.h"
#include "state/known.h"

struct cq_state;

struct cq_state_options {
    uv_loop_t *loop;
    const struct cq_mem *mem; /* used on the loop's thread only */
    const char *dir;
    /* epoch 0: it could not be written. known lives during the call. */
    void (*answered)(void *ctx, void *token, uint64_t epoch, const struct cq_known *known);
    void (*failed)(void *ctx, const char *text); /* a write, for the first time */
    void *ctx;
};

/* 0, CQ_ESTATE, CQ_ESTATE_LOCKED, CQ_ESTATE_NEWER, CQ_ENOT_BUILT, CQ_ENOMEM, with words in *f. */
int cq_state_open(struct cq_state **out, const struct cq_state_options *o, struct cq_fault *f);
/* 0, or CQ_ENOMEM: then no answer comes. */
int cq_state_begin(struct cq_state *s, cq_bytes name, int64_t wall_ms, void *token);
/* Of known: complete where it is COMPLETE; identity, memory where the identity has a
 * name, the greeting where learnt_ms is not 0. Copied. */
int cq_state_end(struct cq_state *s, cq_bytes name, enum cq_ending ending,
                 const struct cq_known *known);
uint64_t cq_state_failures(const struct cq_state *s); /* requests that could not be written */
/* What was asked for is written first; nothing is answered any more. closed() comes from the loop.
 */
/* What was asked goes to the thread when the loop is about to wait; to whoever leaves the loop
 * before that: now. */
void cq_state_flush(struct cq_state *s);
void cq_state_close(struct cq_state *s, void (*closed)(void *ctx), void *ctx);

#endif
