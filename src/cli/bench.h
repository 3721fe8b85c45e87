/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cqlcrawl bench`: the same crawls over and over, in rounds, and what they cost.
 *
 *   bench.c        the command: targets, session, what is said at the end
 *   benchsim.c     a cqlsim of its own (--simulate)
 *   benchrun.c     rounds: begins crawls when pace.h says, takes their ends, reads the clocks
 *   benchfacts.c   figures of a round; the machine
 *   benchjson.c    --json FILE (docs/operations.md, "Measuring")
 *   benchtable.c   the same for people
 *   benchcompare.c --compare A B
 */
#ifndef CQ_CLI_BENCH_H
#define CQ_CLI_BENCH_H

#include "cli/histogram.h"
#include "cli/pace.h"
#include "cli/session.h"
#include "cli/spread.h"

enum cq_phase {
    CQ_PHASE_DNS,
    CQ_PHASE_CONNECT,
    CQ_PHASE_TLS,
    CQ_PHASE_HANDSHAKE,
    CQ_PHASE_LOGIN,
    CQ_PHASE_FIRST_BYTE, /* since the attempt began */
    CQ_PHASE_BEFORE,
    CQ_PHASE_MAIN,
    CQ_PHASE_AFTER,
    CQ_PHASE_TOTAL, /* since it was meant to begin */
    CQ_N_PHASES,
};

extern const char *const cq_phase_names[CQ_N_PHASES];

struct cq_bench_round {
    uint64_t crawls, complete;
    uint64_t requests, connections, wire_in, wire_out, records, record_bytes;
    uint64_t wall_ns, user_ns, system_ns;
    uint64_t p50_ns, p99_ns; /* of TOTAL */
};

/* Figures that a round has one of, and that two benches are compared by. */
enum cq_figure {
    CQ_FIG_CLUSTERS,
    CQ_FIG_CPU,
    CQ_FIG_USER,
    CQ_FIG_SYSTEM,
    CQ_FIG_P50,
    CQ_FIG_P99,
    CQ_FIG_WIRE,
    CQ_FIG_RECORD_BYTES,
    CQ_FIG_BYTES_IN,
    CQ_FIG_RECORDS,
    CQ_FIG_REQUESTS,
    CQ_FIG_CONNECTIONS,
    CQ_N_FIGURES,
};

struct cq_figure_info {
    const char *key;   /* in JSON */
    const char *label; /* for people */
    int digits;        /* behind the point */
    int better;        /* 1: more is, -1: less is, 0: neither */
};

extern const struct cq_figure_info cq_figure_infos[CQ_N_FIGURES];

/* Pure. */
double cq_bench_figure(const struct cq_bench_round *r, enum cq_figure f);

enum { CQ_MAX_ROUNDS = 1000, CQ_MAX_BENCH_WINDOW = 100000 };

/* A place of the window. The outcome comes first: it is what events carry. */
struct cq_bench_slot {
    struct cq_outcome o;
    uint64_t meant_ns;
    bool busy;
    char name[300];
};

struct cq_bench {
    struct cq_session *s;
    const struct cq_inventory *inv;
    const struct cq_bench_options *o;
    unsigned window, in_flight, most_in_flight;
    uint64_t next; /* cluster */
    struct cq_bench_slot *slots;
    struct cq_pace pace;
    struct cq_source timer; /* of the open loop */
    bool warming;
    struct cq_bench_round *rounds;
    unsigned n_rounds;
    struct cq_histogram *phases; /* CQ_N_PHASES, of all rounds */
    struct cq_histogram *round;  /* of TOTAL */
    uint64_t base_kib, peak_kib; /* VmRSS before the first crawl, VmHWM at the end */
    uint64_t failed;             /* crawls of all rounds that were not complete */
    struct cq_fault_count faults[CQ_MAX_FAULT_CODES];
    unsigned n_faults;
};

struct cq_bench_machine {
    char kernel[200], cpu[128], libraries[256];
    long cpus;
    uint64_t memory_kib;
};

/* benchrun.c: all rounds, the first of them not counted. 0, or -1 without memory. */
int cq_bench_run(struct cq_bench *b);
void cq_bench_free(struct cq_bench *b);
/* As session.event. */
void cq_bench_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev);

/* benchfacts.c */
void cq_bench_machine(struct cq_bench_machine *m);
uint64_t cq_bench_status_kib(const char *key); /* of /proc/self/status: "VmHWM" */
struct cq_spread cq_bench_spread(const struct cq_bench *b, enum cq_figure f);

/* benchsim.c: N clusters of a size, as `cqlsim` makes them; ends with this process. False with a
 * diagnostic. */
struct cq_bench_sim {
    int pid; /* 0: none */
    char folder[64], targets[96], log[96];
};
bool cq_bench_sim_start(struct cq_bench_sim *sim, struct cq_diags *d, const struct cq_args *a);
void cq_bench_sim_stop(struct cq_bench_sim *sim);

double cq_bench_slot_kib(const struct cq_bench *b); /* memory for each crawl in flight */
/* 0 or an errno. */
int cq_bench_json(const struct cq_bench *b, const char *path);
void cq_bench_table(const struct cq_bench *b);
/* The exit status. */
int cq_bench_compare(struct cq_pool *pool, const struct cq_args *a);

#endif
