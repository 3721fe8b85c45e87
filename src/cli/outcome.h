/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of each target, and the sums over a run: plain data, filled from the library's
 * events, read by progress, summary, tables and metrics. An outcome is small, for there may be a
 * million; words are kept for those that did not go well only. Sums only grow: `serve` reads its
 * clusters again and again.
 */
#ifndef CQ_CLI_OUTCOME_H
#define CQ_CLI_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "cqlcrawl.h"

enum cq_object {
    CQ_KEYSPACES,
    CQ_TABLES,
    CQ_VIEWS,
    CQ_TYPES,
    CQ_FUNCTIONS,
    CQ_AGGREGATES,
    CQ_NODES,
    CQ_ANOMALIES,
    CQ_N_OBJECTS,
};

extern const char *const cq_object_names[CQ_N_OBJECTS]; /* "keyspace" */

/* How a target stands at the end; one word for each. */
enum cq_ending { CQ_COMPLETE, CQ_INCOMPLETE, CQ_FAILED, CQ_N_ENDINGS };

extern const char *const cq_ending_names[CQ_N_ENDINGS];

struct cq_outfile;

struct cq_outcome {
    const char *title; /* what its records call the cluster; the inventory's */
    char *text;        /* of a fault or of the first reason; ours; NULL: it went well */
    struct cq_outcome *older, *newer; /* under way, by the beginning of the attempt */
    struct cq_outfile *file;          /* of an output folder */
    void *own;                        /* of the command */
    uint64_t started_ns;              /* of the attempt; 0: none is under way */
    uint64_t ns, bytes_in, bytes_out, records, dead_letters;
    int64_t read_at_ms; /* of the last complete read that was delivered, since 1970; 0: none */
    int64_t not_after_ms;
    uint32_t objects[CQ_N_OBJECTS]; /* of the last read that was not a heartbeat */
    uint32_t attempts, schema_versions;
    int err; /* its words: cqlcrawl_errcode ... */
    uint8_t read, proof, delivery;
    int8_t agreement;
    bool done, unchanged, undelivered;
    bool counted;    /* objects are of a read, this one or an earlier one */
    char reason[24]; /* code of the first reason of an incomplete read; "" */
};

/* A code and how often it was. */
struct cq_fault_count {
    char code[24];
    const char *class_, *remedy; /* the library's own */
    enum cq_ending ending;
    uint64_t n;
};

enum { CQ_MAX_FAULT_CODES = 96, CQ_N_BUCKETS = 13 };

/* Upper ends of the buckets of crawl times, in milliseconds; the last one has none. */
extern const uint64_t cq_bucket_ms[CQ_N_BUCKETS];

struct cq_totals {
    uint64_t done, endings[CQ_N_ENDINGS];
    uint64_t unchanged;   /* of the complete ones */
    uint64_t undelivered; /* targets with records that somebody did not get */
    uint64_t attempts, repeats, requests, connections;
    uint64_t bytes_in, bytes_out, records, dead_letters;
    uint64_t objects[CQ_N_OBJECTS];
    uint64_t buckets[CQ_N_BUCKETS + 1], ns; /* crawls by how long they took (not cumulative) */
    struct cq_fault_count faults[CQ_MAX_FAULT_CODES];
    unsigned n_faults; /* the last place counts whatever has none: code "other" */
};

/* Those under way, the one that began first at the head. */
struct cq_under_way {
    struct cq_outcome *oldest, *newest;
    uint64_t n;
};

void cq_outcome_started(struct cq_outcome *o, struct cq_under_way *w, uint64_t now_ns);
/* Its attempt is over (ATTEMPT, DONE). */
void cq_outcome_paused(struct cq_outcome *o, struct cq_under_way *w);
/* DONE; now_ms: since 1970; lost: the program could not keep its records. */
void cq_outcome_done(struct cq_outcome *o, struct cq_totals *t, const struct cqlcrawl_event *ev,
                     int64_t now_ms, bool lost);
void cq_outcome_fini(struct cq_outcome *o);

enum cq_ending cq_outcome_ending(const struct cq_outcome *o);
/* "connection_refused": of the fault, else the first reason, else "incomplete"; NULL: it went well.
 */
const char *cq_outcome_code(const struct cq_outcome *o);

#endif
