/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for the fleet scheduler, in virtual time: clusters whose faults a seed draws, and a
 * loop that does what crawler/fleet.h says, as the driver would. Everything that happens is written
 * as a line, and checked on the way: what must always hold is an assertion here.
 */
#ifndef CQ_TESTS_SCHED_WORLD_H
#define CQ_TESTS_SCHED_WORLD_H

#include <stdio.h>

#include "crawler/fleet.h"

enum kind {
    HEALTHY,
    SLOW,       /* reads for seconds */
    DEAD,       /* an address that swallows everything */
    REFUSED,    /* nobody listens */
    SILENT,     /* connects and says nothing */
    OVERLOADED, /* for its first attempts */
    TORN,       /* for its first attempts */
    UNSORTED,
    PASSWORD, /* a wrong one */
    EXPIRED,  /* its first contact point has an expired certificate */
    JOINING,  /* its first contact point is bootstrapping */
    RESETS,   /* now and then */
    N_KINDS,
};

enum { WORLD_MOST = 2000, WORLD_ATTEMPTS = 40 };

struct cluster {
    struct cq_member m;
    enum kind kind;
    unsigned number, attempts;
    uint64_t began_ns, opens_ns, ends_ns; /* CQ_NEVER: not awaited */
    struct cq_attempt_end end;
    bool counts_half; /* by our own book-keeping */
    bool over;
    uint64_t first_start_ns;
    int last_err;
};

struct world_options {
    uint64_t seed;
    unsigned clusters, slots, half_open, rate, retries;
    int only;                            /* one kind; -1: by seed */
    uint64_t short_from_ns, short_to_ns; /* descriptors are short: */
    unsigned short_of;                   /* so many do */
    FILE *trace;                         /* NULL: none */
};

struct world {
    struct world_options o;
    struct cq_fleet fleet;
    struct cq_rand rand;
    struct cluster c[WORLD_MOST];
    uint64_t now;
    unsigned running, half, most_running, most_half, over;
    unsigned shortages, starts, least_window;
    uint64_t starts_ns[WORLD_MOST * 8]; /* the first of them */
};

/* What tests/data/fleet-trace.txt was written with: slots, half-open connections, rate and
 * descriptors are all short at times. */
extern const struct world_options world_golden;

void world_init(struct world *w, const struct world_options *o);
void world_run(struct world *w); /* until every cluster is over */

#endif
