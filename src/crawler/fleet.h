/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cluster's turn it is: pure, in virtual time. The shell (driver, jobs) does what it says and
 * tells it how each attempt went; a member is one cluster, embedded in its owner.
 *
 *   cq_fleet_add -> next: START -> [opened] -> judge, end -> OVER: the owner's again
 *                     ^                            | POINT, SORTED, TORN, LATER, SHORTAGE
 *                     +----- again, when it is due +
 *
 * A member starts when there is a slot, room among the half-open connections, a start left in this
 * turn of the loop, and the rate allows it.
 *   - First attempts go in their order. Further attempts go in the order in which they are due;
 * while first ones wait they get every second start at most and a quarter of the slots at most, so
 * that neither kind pushes the other out.
 *   - Half-open: from the start until the login is over. It is a budget of its own, so that a fleet
 *     does not look like an attack and no more handshakes run than the machine can finish; a
 *     connection that has been half-open for CQ_HALF_OPEN_TIME is a black hole, not a handshake,
 * and stops counting (it still has its slot). So no more than half_open / (the time of a login)
 * begin in a second, whatever the slots.
 *   - The rate is a grid of equal intervals, one start in each, at a place that the seed gives.
 *
 * What follows an attempt is decided by its error (cq_fault_of):
 *   - A fault of one contact point (its certificate, its state) leads to the next contact point at
 *     once; a deterministic one rules that point out for good, a passing one until the next round.
 *   - A passing fault is tried again `retries` times, after uniform(0, min(cap, base * 2^n)), each
 *     time beginning at another contact point.
 *   - A shortage of ours (descriptors, local ports) uses up no try: the window of slots becomes
 * what was really possible, and grows back by an eighth a second. Where nothing else runs there is
 *     nothing to give up, and it counts as any passing fault.
 *   - Anything else is final. A wrong password is tried once, at one contact point.
 * No attempt begins later than CQ_MAX_TRYING after the first one's start by such a delay.
 *
 * Every call is O(log n) at most; the heap's array is the only memory, and add the only call that
 * can fail.
 */
#ifndef CQ_CRAWLER_FLEET_H
#define CQ_CRAWLER_FLEET_H

#include "base/rand.h"
#include "crawler/crawl.h"
#include "crawler/due.h"
#include "base/ring.h"

enum cq_place {
    CQ_PLACE_OUT,   /* not in the fleet's hands */
    CQ_PLACE_FIRST, /* waits for its first slot */
    CQ_PLACE_LATER, /* waits until it is due */
    CQ_PLACE_AGAIN, /* is due and waits for a slot */
    CQ_PLACE_SLOT,
    CQ_PLACE_ASLEEP, /* wants no slot: cq_fleet_sleep */
    CQ_N_PLACES,
};

/* What follows an attempt. */
enum cq_next {
    CQ_NEXT_OVER,
    CQ_NEXT_POINT,    /* another contact point, at once */
    CQ_NEXT_SORTED,   /* at once, with sorting */
    CQ_NEXT_TORN,     /* after CQ_TORN_DELAY_1, _2 */
    CQ_NEXT_LATER,    /* a passing fault: after a delay with jitter */
    CQ_NEXT_SHORTAGE, /* ours: after a delay with jitter, without using up a try */
};

struct cq_member {
    struct cq_ring line; /* FIRST or AGAIN */
    struct cq_ring half; /* half-open */
    struct cq_due due;   /* LATER or ASLEEP */
    enum cq_place place;
    enum cq_next next; /* of the last attempt */
    bool began;        /* it has had a slot */
    bool further;      /* the slot it has is for a further attempt */
    bool lacked;       /* it still has a slot, but a shortage ended its attempt */
    bool sorted;       /* the server's order cannot be merged */
    uint64_t began_ns, half_ns, delay_ns;
    unsigned retries, torn_limit; /* as add was told */
    unsigned tries, torn, shortages;
    /* contact points: how many, where an attempt begins, and bit sets of those left out */
    unsigned n_points, first_point;
    uint32_t out, never;
};

/* How an attempt ended. */
struct cq_attempt_end {
    int err;            /* 0, or what ended it or spoilt its read */
    int point;          /* the contact point that was connected to; -1: none was */
    enum cq_retry want; /* of the crawl */
};

struct cq_fleet_options {
    const struct cq_mem *mem;
    unsigned slots, half_open; /* 0: the defaults; CQ_MAX_HALF_OPEN at most */
    unsigned rate;             /* starts per second; 0: no limit */
    uint64_t seed;
};

struct cq_fleet {
    unsigned slots, half_open; /* as asked for */
    unsigned window;           /* slots as they are now: 1 to slots */
    struct cq_ring first, again, half;
    struct cq_dues dues;
    size_t n_members;
    size_t n[CQ_N_PLACES];
    unsigned n_half, n_further, n_lacked; /* in slots */
    unsigned turn;                        /* starts of this turn of the loop */
    bool was_further;                     /* the last start */
    uint64_t interval_ns;                 /* of the rate; 0: none */
    uint64_t grid_ns, rate_ns; /* the interval's beginning, and the next start's earliest time */
    uint64_t lowered_ns, grow_ns;
    struct cq_rand rand;
};

/* What a fault is to a scheduler. */
struct cq_fault_kind {
    bool passing;  /* by itself, perhaps */
    bool point;    /* of one contact point */
    bool shortage; /* ours */
};

enum cq_fleet_act {
    CQ_FLEET_NOTHING, /* until cq_fleet_deadline, or until there is news */
    CQ_FLEET_START,   /* *m has a slot */
    CQ_FLEET_WAKE,    /* *m has slept; it is OUT */
};

void cq_fleet_init(struct cq_fleet *f, const struct cq_fleet_options *o);
void cq_fleet_fini(struct cq_fleet *f);

/* 0 or CQ_ENOMEM. m is zeroed but for retries, torn_limit and n_points (1 or more). */
int cq_fleet_add(struct cq_fleet *f, struct cq_member *m);
/* From wherever it is to OUT: it wants no attempt any more. */
void cq_fleet_withdraw(struct cq_fleet *f, struct cq_member *m);
/* Every added member is removed once, from wherever it is. */
void cq_fleet_remove(struct cq_fleet *f, struct cq_member *m);

void cq_fleet_turn(struct cq_fleet *f); /* a new turn of the loop */
enum cq_fleet_act cq_fleet_next(struct cq_fleet *f, uint64_t now, struct cq_member **m);
/* When next may say something without news; 0: in the next turn; CQ_NEVER. */
uint64_t cq_fleet_deadline(const struct cq_fleet *f);

void cq_fleet_opened(struct cq_fleet *f, struct cq_member *m); /* its login is over */
/* What follows; the slot is kept until end, which acts on it. */
enum cq_next cq_fleet_judge(struct cq_fleet *f, struct cq_member *m, const struct cq_attempt_end *e,
                            uint64_t now);
/* The slot is free. Where m->next is OVER (set it, if nothing is to follow) m is OUT. */
void cq_fleet_end(struct cq_fleet *f, struct cq_member *m, uint64_t now);
/* An OUT member is woken then, without a slot. */
void cq_fleet_sleep(struct cq_fleet *f, struct cq_member *m, uint64_t at_ns);

/* retry.c */
struct cq_fault_kind cq_fault_of(int err);

#endif
