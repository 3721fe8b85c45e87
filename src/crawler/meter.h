/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose is what the thread spends: `cost.cpu_us` of each cluster by few looks at the thread's own
 * clock, which is a system call (0.5 us, more than anything else that a turn asks of the kernel
 * but its bytes). What was spent since the last look belongs to whoever runs next, receiving most
 * of all. While one link is alone it is not looked at after each of its runs, but once: when
 * another one begins, somebody else has worked, or the sum is wanted. With many, what took no
 * longer than CQ_METER_SHORT_NS by the wall's clock (which is no system call) is what was spent:
 * a thread that loses its processor, or waits, does not come back that soon, and what it waited all
 * the same is taken off at the next look. So all sums together are what the thread has spent.
 *
 *   begin(sum) ... end(sum)   a run of the link with that sum
 *   foreign                   what follows, or came just before, is of no link
 *
 * Pure: the clocks are the owner's.
 */
#ifndef CQ_CRAWLER_METER_H
#define CQ_CRAWLER_METER_H

#include <stdbool.h>
#include <stdint.h>

enum { CQ_METER_SHORT_NS = 100000 };

struct cq_meter {
    uint64_t (*clock_ns)(void); /* what the thread has spent in all */
    uint64_t (*wall_ns)(void);
    uint64_t seen_ns;  /* at the last look; 0: others have run since */
    uint64_t told_ns;  /* by the wall's clock, and not found in a look yet */
    uint64_t since_ns; /* of the wall: up to there all is told */
    uint64_t *sum;     /* whose is what was spent since; NULL: nobody's yet */
    bool is_alone;     /* no other link will run next, as far as is known */
};

void cq_meter_begin(struct cq_meter *m, uint64_t *sum);
void cq_meter_end(struct cq_meter *m, uint64_t *sum);
/* *sum is up to date behind it. */
void cq_meter_tell(struct cq_meter *m, uint64_t *sum);
/* Somebody else begins to work (ns == 0), or has worked for the last ns of the wall's clock. */
void cq_meter_foreign(struct cq_meter *m, uint64_t ns);
void cq_meter_forget(struct cq_meter *m, const uint64_t *sum); /* it is going */

#endif
