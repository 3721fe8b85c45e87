/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind the public handle (include/cqlcrawl.h): the driver, the trust cache, the
 * targets that are not done yet. Targets are found by id (a slot and its generation: a late id
 * finds nobody) and by name (two crawls of one cluster at once would share epochs, so that is
 * refused).
 */
#ifndef CQ_LIB_HANDLE_H
#define CQ_LIB_HANDLE_H

#include <regex.h>

#include "cqlcrawl.h"

#include "base/arena.h"
#include "base/buf.h"
#include "cred/secret.h"
#include "crawler/driver.h"
#include "lib/sinks.h"
#include "state/greeting.h"
#include "state/state.h"

struct cq_target;
struct cq_sink_client;

struct cq_slot {
    struct cq_target *target; /* NULL: free */
    uint32_t generation;
    uint32_t next_free; /* index + 1; 0: none */
};

/* Targets by name: open hashing, chained through the targets. */
struct cq_byname {
    struct cq_target **buckets;
    size_t n_buckets; /* a power of two, or 0 */
    size_t n;
};

/* What the host waits for by cqlcrawl_poll, place by place of its list. */
struct cq_polls {
    const struct cq_mem *mem; /* NULL: never asked for */
    struct cq_watched **list; /* NULL: that place is not waited for */
    size_t n;
    uv_timer_t limit;
    size_t handles; /* not closed yet */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

struct cqlcrawl {
    struct cq_mem mem;
    uv_loop_t *loop;
    uv_loop_t own; /* the private loop */
    bool is_private;
    struct cq_driver driver;
    struct cq_polls polls;
    struct cq_trust trust;
    struct cq_sinks *sinks; /* NULL: no sink, no fetch so far */
    bool targets_began;     /* a target was added: no more sinks */
    struct cqlcrawl_options o;
    struct cq_slot *slots;
    uint32_t n_slots, free_slot; /* free_slot: index + 1; 0: none */
    struct cq_byname names;
    size_t active;
    struct cq_fault last;
    struct cq_secret *shared; /* the password given as bytes last: targets mostly share one */
    unsigned turning;         /* inside run, poll or step */
    uint64_t left_ns;         /* the last turn's end */
    bool stop, closing, dead;
    struct cq_greetings *greetings; /* within the process */
    struct cq_state *state;         /* NULL: nothing is remembered beyond it */
    uint8_t destinations[32];       /* fingerprint of the sinks */
    struct cq_buf labels;      /* that settings were hashed with last: targets mostly share them */
    char settings[33];         /* "": not made yet */
    struct cq_target *in_done; /* whose DONE is being told */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

struct cq_filter {
    bool set;
    regex_t re;
};

/* A copy of a cqlcrawl_target; everything lives in its arena. */
struct cq_target {
    struct cq_job job; /* first */
    cqlcrawl *c;
    uint64_t id;
    struct cq_target *next_same; /* in its bucket of names */
    struct cq_arena arena;
    struct cqlcrawl_target t; /* pointers into the arena */
    struct cq_endpoint *endpoints;
    cq_bytes name, labels; /* labels: a JSON object */
    struct cq_filter include, exclude;
    char filters_hash[33];
    struct cq_secret *given; /* password given as bytes */
    /* What the sinks have of it. It runs while neither a sink nor the host makes it wait. */
    struct cq_sink_client *clients;
    size_t n_clients;
    unsigned waits;  /* sinks without room */
    bool makes_none; /* no records: nobody wants them */
    bool host_paused;
    bool settling;                /* the read is over; sinks have not answered for all */
    struct cq_remember *remember; /* NULL: there is no state, or it has not answered yet */
    /* of the attempt in hand */
    struct cq_secret *password;
    struct cq_tls_ctx *tls;
    const struct cq_greeting *greeting; /* NULL: the server is asked */
};

/* target.c: 0 with *out, or a negative code with words in c->last. Looks at everything but password
 * files. */
int cq_target_new(cqlcrawl *c, const struct cqlcrawl_target *from, struct cq_target **out);
void cq_target_free(struct cq_target *t);
/* check.c: is it valid? 0, or a code with words in *f. */
int cq_target_check(const struct cqlcrawl_target *t, struct cq_fault *f);
/* The source of a secret or PEM text: has it what it needs? */
int cq_check_source(const struct cqlcrawl_text *x, const char *key, struct cq_fault *f);
/* filter.c: one anchored extended regular expression; NULL text: everything. */
int cq_filter_init(struct cq_filter *x, const char *text, const char *key, struct cq_fault *f);
void cq_filter_fini(struct cq_filter *x);
bool cq_filter_wants(const struct cq_target *t, cq_bytes keyspace, cq_bytes name);
void cq_filter_hash(struct cq_target *t);
/* byname.c */
struct cq_target *cq_byname_find(const struct cq_byname *n, cq_bytes name);
int cq_byname_add(struct cq_byname *n, const struct cq_mem *mem, struct cq_target *t);
void cq_byname_remove(struct cq_byname *n, struct cq_target *t);
/* attempt.c: the driver's prepare and release; the trust context by itself, for the check. */
int cq_attempt_prepare(void *ctx, struct cq_job *job, struct cq_link_options *o,
                       struct cq_fault *f);
void cq_attempt_release(void *ctx, struct cq_job *job);
int cq_attempt_tls(struct cq_target *t, struct cq_tls_ctx **out, struct cq_fault *f);
/* The text of one source; *out NULL where there is none. */
int cq_read_text(struct cq_secret **out, enum cq_secret_kind kind, const struct cqlcrawl_text *x,
                 const char *key, struct cq_fault *f);
/* report.c: the driver's record, step, started, attempt, limit, settle and done. */
bool cq_report_record(void *ctx, struct cq_job *job, cq_bytes line);
void cq_report_step(void *ctx, struct cq_job *job, const struct cq_sock_step *step);
void cq_report_started(void *ctx, struct cq_job *job);
void cq_report_shortage(void *ctx, int err, const char *why);
void cq_report_attempt(void *ctx, struct cq_job *job, const char *why);
void cq_report_settle(void *ctx, struct cq_job *job);
void cq_report_done(void *ctx, struct cq_job *job);
/* For the sinks: one of them has room again; one has answered for all of its records so far. */
void cq_report_room(cqlcrawl *c, struct cq_target *t);
void cq_report_answered(cqlcrawl *c, struct cq_target *t);
void cq_report_unwritten(void *ctx, const char *why); /* it cannot be written */
/* remember.c: what the state directory has to do with a target. The driver's begin and ended. */
int cq_remember_open(cqlcrawl *c, struct cq_fault *f);
void cq_remember_destination(cqlcrawl *c, cq_bytes name);
void cq_remember_begin(void *ctx, struct cq_job *job);
void cq_remember_ended(void *ctx, struct cq_job *job, const struct cq_crawl_event *ev);
void cq_remember_prepare(struct cq_target *t, struct cq_crawl_options *o);
void cq_remember_done(struct cq_target *t, enum cqlcrawl_delivery delivery);
void cq_remember_free(struct cq_target *t);

/* cqlcrawl.c: nobody finds t any more, by id or by name. */
void cq_handle_leave(cqlcrawl *c, struct cq_target *t);
/* loop.c: frees the handle once nothing is open, then calls closed. */
void cq_handle_end(cqlcrawl *c);
/* True: the handle was closed in a callback and is gone. */
bool cq_handle_turn(cqlcrawl *c, uv_run_mode mode);
/* poll.c: the host's descriptors are waited for no more. */
void cq_polls_close(struct cq_polls *p, void (*closed)(void *ctx), void *ctx);

#endif
