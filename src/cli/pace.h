/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a bench begins its crawls. Closed loop: a window of crawls, the next one begins when one
 * ends. Open loop: by a schedule of its own, whatever the crawls under way do; one that finds no
 * place in the window begins late, and its time counts from when it was meant to begin, or else
 * slow moments would hide the waits that they cause (coordinated omission). Pure, in virtual time.
 */
#ifndef CQ_CLI_PACE_H
#define CQ_CLI_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct cq_pace {
    uint64_t rate;        /* begun per second; 0: closed loop */
    uint64_t count;       /* begun in all; 0: by time */
    uint64_t duration_ns; /* nothing is begun (open: meant to begin) after it */
    unsigned window;
    uint64_t start_ns, begun;
};

/* One is to begin now; *meant_ns: since when its time counts. */
bool cq_pace_next(struct cq_pace *p, uint64_t now_ns, unsigned in_flight, uint64_t *meant_ns);
/* Nothing will begin any more. */
bool cq_pace_is_over(const struct cq_pace *p, uint64_t now_ns);
/* When to ask again though nothing has ended; UINT64_MAX: then only. */
uint64_t cq_pace_due(const struct cq_pace *p, uint64_t now_ns, unsigned in_flight);

#endif
