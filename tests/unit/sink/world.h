/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink in virtual time before a receiver made of dice: clusters that offer records, requests that
 * take a while, answers of every kind, all by one seed. After each step the world checks what must
 * always hold (world.c, `check`), at the end what must have become of every record.
 */
#ifndef CQ_TEST_SINK_WORLD_H
#define CQ_TEST_SINK_WORLD_H

#include "sink/sink.h"

enum { WORLD_CLUSTERS = 24, WORLD_RECORDS = 120, WORLD_KEYS = 20000 };

/* Per mille of the answers. */
struct world_faults {
    unsigned flaky;       /* 503 without Retry-After */
    unsigned busy;        /* 503, 429, 408 and the like, half of them with Retry-After */
    unsigned reset;       /* nothing was taken */
    unsigned lost_answer; /* taken, and the answer is lost */
    unsigned conflict;    /* 409 where the key is known */
    unsigned parked;      /* 401 or 404 */
    unsigned poison;      /* of the records */
    unsigned huge;        /* of the records: larger than limit by themselves */
    size_t limit;         /* 413 above this; 0: none */
    bool no_encoding;     /* 415 */
    bool letters_fail;    /* every third letter cannot be kept at first */
    uint64_t outage_ns;   /* 503 for everything before this time */
    unsigned no_memory;   /* per mille of allocations after the beginning */
};

struct world_result {
    uint64_t requests, retries, accepted, dead, lost, lowest_limit, ended_ns;
    uint64_t in_outage;  /* requests */
    unsigned duplicates; /* requests whose key was known */
};

void world_run(uint64_t seed, const struct cq_sink_config *config,
               const struct world_faults *faults, struct world_result *out);

#endif
