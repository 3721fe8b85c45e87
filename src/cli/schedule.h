/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each cluster of `serve` is read next. Pure: the time and the seed come in, turns that are
 * due and a deadline come out.
 *
 *   init -> add (any time) -> next ... done ... -> remove -> fini        one turn per cluster:
 *
 *          add: within the ramp        next                 done
 *   away ───────────────────► waiting ──────► taken ──────────────────► waiting
 *                                                good, neither: the next place of its grid
 *                                                failed: half an interval + full jitter, doubling
 *
 * - Each turn has a grid of its own: a phase drawn once over its whole interval, so that a fleet
 *   never moves in step and its reads do not drift with what a read takes. To the place on the grid
 *   comes jitter, so many per cent of the interval.
 * - The first reads are spread over the ramp, or the interval where that is shorter.
 * - Whatever is far too late (a suspended machine, a stopped process) is spread over the ramp again
 *   instead of running at once; places that went by are not made up for.
 * - Reads of one cluster begin at least half an interval apart.
 *
 * A turn lives in its owner; the schedule holds pointers. No call fails but add.
 */
#ifndef CQ_CLI_SCHEDULE_H
#define CQ_CLI_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CQ_SCHEDULE_LATE_NS 5000000000u           /* later than this is far too late */
#define CQ_SCHEDULE_BACKOFF_MAX_NS 3600000000000u /* of the window; or the interval, if longer */

struct cq_turn {
    uint64_t interval_ns, jitter_ns;
    uint64_t phase_ns; /* a place of its grid; the others are whole intervals away */
    uint64_t due_ns;
    uint64_t begun_ns;
    uint64_t order;    /* among turns due in the same nanosecond */
    size_t at;         /* in the heap, from 1; 0: not waiting */
    unsigned failures; /* in a row */
};

enum cq_turn_end {
    CQ_TURN_GOOD,
    CQ_TURN_FAILED,
    CQ_TURN_NEITHER, /* it says nothing about the cluster: cancelled */
};

struct cq_schedule {
    struct cq_turn **heap; /* the earliest first */
    size_t n, cap;
    size_t n_turns; /* waiting and taken */
    uint64_t random, order;
    uint64_t ramp_ns;
};

void cq_schedule_init(struct cq_schedule *s, uint64_t seed, uint64_t ramp_ns);
void cq_schedule_fini(struct cq_schedule *s);
/* jitter in per cent, 0 to 100. False: no memory. */
bool cq_schedule_add(struct cq_schedule *s, struct cq_turn *t, uint64_t interval_ns,
                     unsigned jitter, uint64_t now);
/* Another interval: a new grid; waiting, it comes within the new interval and the ramp. */
void cq_schedule_change(struct cq_schedule *s, struct cq_turn *t, uint64_t interval_ns,
                        unsigned jitter, uint64_t now);
void cq_schedule_remove(struct cq_schedule *s, struct cq_turn *t);
/* A turn that is due, taken until done or remove; NULL: none is. */
struct cq_turn *cq_schedule_next(struct cq_schedule *s, uint64_t now);
void cq_schedule_done(struct cq_schedule *s, struct cq_turn *t, enum cq_turn_end end, uint64_t now);
/* Of the earliest turn; UINT64_MAX: nothing waits. */
uint64_t cq_schedule_deadline(const struct cq_schedule *s);

#endif
