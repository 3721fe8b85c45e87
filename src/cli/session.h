/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the program: the library on its private loop, beside it signals, the output and
 * whatever else the command waits for (cli/loop.h), in one poll().
 *
 *   open -> add ... -> turn ... (crawl and check: run) -> end -> close
 *
 * The first SIGINT or SIGTERM cancels what is under way and begins nothing more; what was read is
 * delivered for CQ_GRACE_NS at most. The second one ends the program at once. SIGUSR1 says how
 * things stand. Raising the descriptor limit and ignoring SIGPIPE are the program's business, not
 * the library's.
 */
#ifndef CQ_CLI_SESSION_H
#define CQ_CLI_SESSION_H

#include "cli/deadletters.h"
#include "cli/inventory.h"
#include "cli/live.h"
#include "cli/loop.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/text.h"

#define CQ_GRACE_NS 10000000000u

struct cq_session {
    cqlcrawl *c;
    const struct cq_args *a;
    struct cq_pool *pool;
    struct cq_output *out; /* NULL: no records */
    bool check;
    /* `bench`: what fails is not tried again unless that was asked for, epochs may repeat */
    bool once;
    uint64_t record_bytes;
    unsigned other_files; /* descriptors that the command keeps for itself */
    unsigned concurrency; /* targets at once */
    const char *limited;  /* why they are fewer than was asked for; NULL */
    bool durable;         /* a state remembers what was delivered: files reach the disk first */
    bool incremental;     /* whoever gets the records keeps what it has */
    uint64_t full_after_ms;

    const struct cq_cluster *clusters; /* crawl and check: of the inventory, */
    struct cq_outcome *targets;        /* and what became of each */
    size_t n_targets, n_added;

    struct cq_totals totals;
    struct cq_under_way under_way;
    uint64_t *paused; /* ids that wait for the output */
    size_t n_paused, cap_paused;

    /* as they were when somebody looked last (cq_session_look), and at the end */
    struct cqlcrawl_stats stats;
    struct cqlcrawl_sink_stats *sinks;
    size_t n_sinks;
    struct cq_deadletters letters;
    const char *metrics_file; /* NULL: none */
    struct cq_source metrics_tick;
    int metrics_err;

    struct cq_live live;
    struct cq_loop loop;
    struct cq_source signals, output;
    int interrupted; /* the signal, or 0 */
    uint64_t started_ns, ended_ns, give_up_ns;
    int64_t started_ms; /* since 1970 */

    /* After the outcome took it. o is NULL for events of no target (SINK, LIMIT). */
    void (*event)(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev);
    void (*show)(struct cq_session *s);     /* SIGUSR1; NULL: nothing */
    void (*reload)(struct cq_session *s);   /* SIGHUP; NULL: it ends the program, as by default */
    void (*stopping)(struct cq_session *s); /* the first SIGINT or SIGTERM; NULL: nothing */
    void *own;                              /* of the command */
    struct cq_pool scratch;                 /* of one target that is being added */
    struct cq_text log;                     /* standard error */
};

/* The library with its state and sinks, signals. 0, or a message in *why (in the pool); nobody is
 * contacted. */
int cq_session_open(struct cq_session *s, const struct cq_inventory *inv, const char **why);
/* One target; o->title is set; id may be NULL. 0, or a code with a message in *why, which lives
 * until the next one is added. */
int cq_session_add(struct cq_session *s, const struct cq_cluster *cl, struct cq_outcome *o,
                   uint64_t *id, const char **why);
/* One that was valid and cannot be added now (no memory, its CA has gone) has failed: DONE. */
void cq_session_add_failed(struct cq_session *s, struct cq_outcome *o, int err);
/* Every cluster of the inventory: those that the library takes at once are added, the others are
 * checked and added as the first are done. */
int cq_session_add_all(struct cq_session *s, const struct cq_inventory *inv, const char **why);
/* More of them, while there is room. */
void cq_session_feed(struct cq_session *s);
/* An event of the library, or one that stands for it; ctx is the session. */
void cq_session_take(void *ctx, const struct cqlcrawl_event *ev);
/* The output takes nothing any more. */
bool cq_session_has_failed(const struct cq_session *s);
/* Takes stats and sinks. */
void cq_session_look(struct cq_session *s);
/* Waits for something, at most ms (-1: no limit), and does it. */
void cq_session_turn(struct cq_session *s, int ms);
bool cq_session_is_over(const struct cq_session *s);
void cq_session_run(struct cq_session *s); /* until it is over, or given up */
/* The library is closed: every target gets its DONE. */
void cq_session_end(struct cq_session *s);
void cq_session_close(struct cq_session *s);

#endif
