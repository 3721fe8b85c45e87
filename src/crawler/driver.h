/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many attempts on one loop: a queue of jobs (one per cluster to read), at most `concurrency` of
 * them on a link at once, torn reads repeated later (CQ_TORN_DELAY_1, _2), unsorted ones at once,
 * every attempt under an epoch of its own.
 *
 *   cq_driver_open -> cq_driver_add ... prepare() record() step() attempt() done()
 *   -> cq_driver_close -> closed()
 *
 *            +------------- later (torn) <-----+
 *            v                                 |          last epoch's second over
 *   add -> queued -> beginning -> running (prepare ... release) -> settling -> ending -> over:
 * done() ^                         | sorted           ^           ^
 *            +-------------------------+                  +-----------+- cancelled: the shortest
 * way
 *
 * Two hooks are answered whenever the owner likes, inside the hook itself or later; without them a
 * job goes straight on. `begin` has a slot and asks under which epoch the attempt goes; it is
 * always answered (cq_driver_begun), also for a job that is cancelled meanwhile or a driver that
 * closes: such a job then ends without an attempt. `settle` has no slot any more and asks whether
 * what was written has arrived (cq_driver_settled); cancel does not cut it short, close does: then
 * done() comes with job->settled false, and no answer is expected any more.
 *
 * Without an epoch from `begin` it is max(last + 1, seconds since 2020-01-01), and done() is held
 * back until the second of the job's last epoch is over: whoever reads that cluster again after
 * done(), this process or the next, gets a larger one. (At most a second of waiting, by a job that
 * holds no slot; a job that writes no records does not wait.)
 *
 * Callbacks come at the end of a turn and may call anything here; what they ask for happens in the
 * next turn.
 */
#ifndef CQ_CRAWLER_DRIVER_H
#define CQ_CRAWLER_DRIVER_H

#include "crawler/link.h"
#include "base/ring.h"

enum cq_job_state {
    CQ_JOB_NEW,
    CQ_JOB_QUEUED,
    CQ_JOB_BEGINNING,
    CQ_JOB_RUNNING,
    CQ_JOB_LATER,
    CQ_JOB_SETTLING,
    CQ_JOB_ENDING,
    CQ_JOB_OVER
};

/* What is known at the end: the last attempt's verdict and counts, every attempt's cost. */
struct cq_result {
    enum cq_read read;
    enum cq_proof proof;
    int err;
    char text[CQ_MAX_ERRMSG];
    char reason[32]; /* "" : none */
    int agreement;   /* 1, 0, -1 unknown */
    uint64_t counts[CQ_N_KINDS];
    unsigned attempts;
    uint64_t records, bytes_in, bytes_out, ns_total;
    uint32_t requests, connections, waits;
};

/* Embedded by the owner, who keeps it until done(). */
struct cq_job {
    struct cq_ring all, queue, ready; /* `queue`: queued, later or starved */
    enum cq_job_state state;
    struct cq_driver *driver;
    struct cq_link *link;
    unsigned torn_limit; /* attempts of a torn read; 0: CQ_MAX_ATTEMPTS */
    bool writes;         /* records leave: epochs matter */
    unsigned torn;       /* attempts that were torn */
    bool sorted;         /* the server's order cannot be merged */
    bool cancel, cancelled, resume, link_closing;
    bool waited;         /* for the last epoch's second, long enough */
    bool started;        /* an attempt was begun: there is something to settle */
    bool begun;          /* begin was answered */
    bool remembered;     /* the last epoch came from begin: its owner gives larger ones later */
    bool asked;          /* what follows the last attempt is under way */
    bool settled;        /* settle was answered, or nobody had to be asked */
    enum cq_retry retry; /* what follows the attempt that ends */
    uint64_t last_epoch;
    uint64_t due_ns;
    struct cq_orphans orphans; /* of the attempt before */
    struct cq_result result;
};

struct cq_driver_handler {
    void (*begin)(void *ctx, struct cq_job *job);  /* -> cq_driver_begun; NULL: epochs by time */
    void (*settle)(void *ctx, struct cq_job *job); /* -> cq_driver_settled; NULL: at once */
    /* Fills what an attempt needs: crawl (mem, account, epoch, attempt and sorted are set already),
     * endpoints, TLS. Not 0: the attempt fails with *f and dials nobody. release follows in any
     * case. */
    int (*prepare)(void *ctx, struct cq_job *job, struct cq_link_options *o, struct cq_fault *f);
    void (*release)(void *ctx, struct cq_job *job);
    bool (*record)(void *ctx, struct cq_job *job,
                   cq_bytes line); /* false: pause until cq_driver_resume */
    void (*step)(void *ctx, struct cq_job *job, const struct cq_sock_step *step);
    void (*attempt)(void *ctx, struct cq_job *job, const char *why); /* another one follows */
    void (*done)(void *ctx, struct cq_job *job); /* job->result; the job is the owner's again */
};

struct cq_driver {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    struct cq_resolver *resolver;
    struct cq_account account;
    unsigned concurrency, running;
    size_t n_jobs; /* not over */
    struct cq_driver_handler handler;
    void *ctx;
    struct cq_ring all, queued, later, ready, starved;
    size_t starved_at; /* the account's use when somebody last starved */
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;
    uint64_t timer_due_ns;
    unsigned n_handles; /* of ours, the resolver included, not closed yet */
    bool closing, handles_closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

struct cq_driver_options {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    size_t memory_max;
    unsigned concurrency;
    struct cq_driver_handler handler;
    void *ctx;
};

int cq_driver_open(struct cq_driver *d, const struct cq_driver_options *o); /* 0, CQ_ENOMEM */
void cq_driver_add(struct cq_driver *d, struct cq_job *job);
void cq_driver_cancel(struct cq_driver *d, struct cq_job *job);
void cq_driver_cancel_all(struct cq_driver *d);
void cq_driver_resume(struct cq_driver *d, struct cq_job *job);
/* Answers of the hooks. epoch: larger than any that the cluster's records have had, and remembered
 * by who gives it; 0: by time. */
void cq_driver_begun(struct cq_driver *d, struct cq_job *job, uint64_t epoch);
void cq_driver_settled(struct cq_driver *d, struct cq_job *job);
/* Every job ends (done() with CQ_ECANCELLED, no record any more), then closed(): no handle is left.
 */
void cq_driver_close(struct cq_driver *d, void (*closed)(void *ctx), void *ctx);

/* ---- jobs.c: one job's way through its states; for driver.c ---- */
void cq_job_start(struct cq_driver *d, struct cq_job *job);
void cq_job_run(struct cq_driver *d, struct cq_job *job);
void cq_driver_wake(struct cq_driver *d, struct cq_job *job); /* run it at the end of the turn */
void cq_driver_sleep(struct cq_driver *d, struct cq_job *job, uint64_t due_ns); /* wake it then */

#endif
