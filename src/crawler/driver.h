/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many attempts on one loop, one job per cluster to read. Who has a slot when, and whether another
 * attempt follows, the fleet decides (crawler/fleet.h); this is its shell, and gives every attempt
 * an epoch of its own.
 *
 *   cq_driver_open -> cq_driver_add ... prepare() record() step() attempt() done()
 *   -> cq_driver_close -> closed()
 *
 *   add -> queued -> beginning -> running (prepare ... release) -> settling -> ending -> over:
 * done() ^                         | another attempt      ^           ^
 *            +-------------------------+                      +-----------+- cancelled
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

#include "crawler/fleet.h"
#include "crawler/link.h"
#include "base/blocks.h"
#include "base/ring.h"
#include "net/hub.h"

enum cq_job_state {
    CQ_JOB_NEW,
    CQ_JOB_QUEUED, /* in the fleet's hands, for the first or a further attempt */
    CQ_JOB_BEGINNING,
    CQ_JOB_RUNNING,
    CQ_JOB_SETTLING,
    CQ_JOB_ENDING,
    CQ_JOB_OVER
};

/* What a running job waits for, of ours. */
enum cq_job_wait { CQ_WAIT_NONE, CQ_WAIT_MEMORY, CQ_WAIT_CONSUMER, CQ_N_WAITS };

/* What is known at the end: the last attempt's verdict and counts, every attempt's cost. */
struct cq_result {
    enum cq_read read;
    enum cq_proof proof;
    int err;
    char text[CQ_MAX_ERRMSG];
    char reason[32]; /* "" : none */
    int agreement;   /* 1, 0, -1 unknown */
    uint64_t counts[CQ_N_KINDS];
    bool unchanged; /* a heartbeat stood for the schema */
    unsigned attempts;
    uint64_t records, bytes_in, bytes_out, ns_total;
    uint32_t requests, connections, waits;
    unsigned schema_versions; /* among the nodes; 0: unknown */
    /* of the last attempt */
    uint64_t ns_resolve, ns_connect, ns_tls, ns_protocol, ns_login;
    uint64_t ns_before, ns_main, ns_after, ns_first_byte;
    /* of the last attempt that came so far */
    char cluster_name[CQ_MAX_CLUSTER_NAME]; /* "": none did */
    int64_t not_after_ms;                   /* 0: unknown, or no TLS */
};

/* Embedded by the owner, who keeps it until done(). */
struct cq_job {
    struct cq_ring all, ready;
    struct cq_member member; /* the owner sets retries, torn_limit, n_points */
    enum cq_job_state state;
    enum cq_job_wait wait;
    struct cq_driver *driver;
    struct cq_link *link;
    bool writes; /* records leave that somebody keeps by their version: epochs matter */
    bool cancel, cancelled, resume, link_closing;
    bool waited;     /* for the last epoch's second, long enough */
    bool started;    /* an attempt was begun: there is something to settle */
    bool begun;      /* begin was answered */
    bool remembered; /* the last epoch came from begin: its owner gives larger ones later */
    bool asked;      /* what follows the last attempt is under way */
    bool settled;    /* settle was answered, or nobody had to be asked */
    uint64_t last_epoch;
    struct cq_orphans orphans; /* of the attempt before */
    size_t need; /* bytes of the account that it took; the owner may know it from an earlier run */
    struct cq_result result;
};

struct cq_driver_handler {
    void (*begin)(void *ctx, struct cq_job *job);  /* -> cq_driver_begun; NULL: epochs by time */
    void (*settle)(void *ctx, struct cq_job *job); /* -> cq_driver_settled; NULL: at once */
    /* Fills what an attempt needs: crawl (mem, account, memo, epoch, attempt, sorted are there),
     * endpoints, TLS. Not 0: the attempt fails with *f and dials nobody. release follows in any
     * case. */
    int (*prepare)(void *ctx, struct cq_job *job, struct cq_link_options *o, struct cq_fault *f);
    void (*release)(void *ctx, struct cq_job *job);
    bool (*record)(void *ctx, struct cq_job *job,
                   cq_bytes line); /* false: pause until cq_driver_resume */
    void (*step)(void *ctx, struct cq_job *job, const struct cq_sock_step *step);
    void (*started)(void *ctx, struct cq_job *job);                  /* an attempt has its slot */
    void (*attempt)(void *ctx, struct cq_job *job, const char *why); /* another one follows */
    /* Fewer slots than asked for: once for each shortage (CQ_EDESCRIPTORS, CQ_EPORTS). */
    void (*limit)(void *ctx, int err, const char *why);
    void (*done)(void *ctx, struct cq_job *job); /* job->result; the job is the owner's again */
    /* An attempt has ended; ev lives during the call. May be NULL. */
    void (*ended)(void *ctx, struct cq_job *job, const struct cq_crawl_event *ev);
};

struct cq_driver {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    struct cq_blocks blocks; /* what crawls are made of, kept for the next one */
    uint64_t swept_ns;
    struct cq_hub hub;
    struct cq_resolver *resolver;
    struct cq_account account;
    struct cq_memo *memo;     /* of all crawls (model/memo.h) */
    struct cq_shapes *shapes; /* (crawler/shape.h) */
    struct cq_fleet fleet;
    size_t n_jobs; /* not over */
    size_t n_waits[CQ_N_WAITS];
    size_t n_settling; /* or ending */
    struct cq_driver_handler handler;
    void *ctx;
    struct cq_ring all, doomed; /* doomed: to be cancelled, so many a turn */
    struct cq_ring ready;
    bool descriptors_told, ports_told; /* limit was called */
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;
    uint64_t timer_due_ns;
    struct cq_meter meter; /* of the links */
    bool shares_loop;
    unsigned n_handles; /* of ours, resolver and hub included, not closed yet */
    bool closing, handles_closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

struct cq_driver_options {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    size_t memory_max;
    unsigned concurrency, half_open, rate; /* as cq_fleet_options */
    uint64_t seed;
    struct cq_driver_handler handler;
    void *ctx;
    /* What the thread does between our turns is not ours. Else it is counted to whoever runs next,
     * receiving most of all, and the owner tells the meter where it did something else. */
    bool shares_loop;
};

int cq_driver_open(struct cq_driver *d, const struct cq_driver_options *o); /* 0, CQ_ENOMEM */
int cq_driver_add(struct cq_driver *d, struct cq_job *job); /* 0, CQ_ENOMEM: nothing was added */
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
void cq_job_woken(struct cq_driver *d, struct cq_job *job);
void cq_driver_wake(struct cq_driver *d, struct cq_job *job); /* run it at the end of the turn */
void cq_driver_kick(struct cq_driver *d); /* the fleet may have somebody to start */

#endif
