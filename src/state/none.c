/* SPDX-License-Identifier: Apache-2.0 */
/* A build without SQLite (CQLCRAWL_STATE=OFF): a state directory is refused in words. */
#include "state/state.h"

int cq_state_open(struct cq_state **out, const struct cq_state_options *o, struct cq_fault *f)
{
    *out = NULL;
    return cq_fault_set(f, CQ_ENOT_BUILT,
                        "%s: no state directories in this build (CMake option CQLCRAWL_STATE)",
                        o->dir);
}

int cq_state_begin(struct cq_state *s, cq_bytes name, int64_t wall_ms, void *token)
{
    (void)s, (void)name, (void)wall_ms, (void)token;
    return CQ_ENOT_BUILT;
}

int cq_state_end(struct cq_state *s, cq_bytes name, enum cq_ending ending,
                 const struct cq_known *known)
{
    (void)s, (void)name, (void)ending, (void)known;
    return CQ_ENOT_BUILT;
}

uint64_t cq_state_failures(const struct cq_state *s)
{
    (void)s;
    return 0;
}

void cq_state_flush(struct cq_state *s)
{
    (void)s;
}

void cq_state_close(struct cq_state *s, void (*closed)(void *ctx), void *ctx)
{
    (void)s;
    closed(ctx);
}
