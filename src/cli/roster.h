/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is read again and again, and when: the clusters of the inventory that holds, each with its
 * turn in the schedule and what became of its last read. A new inventory takes the place of the old
 * one in one step or not at all.
 *
 *   init -> take ... { due -> (a read begins) ... done } ... -> fini
 *
 * - A cluster that is in both keeps its turn and its outcome; what is said of it now holds from its
 *   next read on.
 * - One that is new gets a turn within the ramp.
 * - One that is in the new one no longer is gone at once, with its outcome; where it is being read,
 *   it is `leaving` until that read is done.
 */
#ifndef CQ_CLI_ROSTER_H
#define CQ_CLI_ROSTER_H

#include "cli/inventory.h"
#include "cli/outcome.h"
#include "cli/schedule.h"

struct cq_served {
    struct cq_turn turn;
    struct cq_outcome outcome; /* its `own` is this */
    const struct cq_cluster *cluster;
    struct cq_inventory *inv; /* leaving: that its words are in */
    struct cq_served *next;   /* leaving */
    uint64_t id;              /* of the read under way */
    bool reading;
    bool bad; /* its last read was not complete */
};

struct cq_roster {
    struct cq_inventory *inv; /* a reference; NULL: none yet */
    struct cq_served **list;  /* in the order of inv->clusters */
    size_t n;
    struct cq_served *leaving;
    struct cq_schedule schedule;
};

struct cq_roster_change {
    size_t added, changed, removed;
};

void cq_roster_init(struct cq_roster *r, uint64_t seed, uint64_t ramp_ns);
/* Takes the caller's reference to inv. False: no memory, everything is as it was and the reference
 * is the caller's still. */
bool cq_roster_take(struct cq_roster *r, struct cq_inventory *inv, uint64_t now,
                    struct cq_roster_change *change);
/* A cluster whose turn it is; it is `reading` until done. NULL: none. */
struct cq_served *cq_roster_due(struct cq_roster *r, uint64_t now);
/* One that was leaving is gone afterwards. */
void cq_roster_done(struct cq_roster *r, struct cq_served *s, enum cq_turn_end end, uint64_t now);
/* No read is under way any more. */
void cq_roster_fini(struct cq_roster *r);

#endif
