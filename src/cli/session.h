/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run over an inventory: the library on its private loop, beside it the signals and the
 * output's descriptor, in one poll(). The first SIGINT or SIGTERM cancels everything in good order,
 * the second one ends the program at once. Raising the descriptor limit and ignoring SIGPIPE are
 * the program's business, not the library's.
 */
#ifndef CQ_CLI_SESSION_H
#define CQ_CLI_SESSION_H

#include "cli/inventory.h"
#include "cli/output.h"
#include "cli/text.h"

/* What became of one target. */
struct cq_outcome {
    const char *title;
    uint64_t id;
    bool done;
    enum cqlcrawl_read read;
    enum cqlcrawl_proof proof;
    int agreement;
    int err;
    const char *code, *class_, *remedy; /* the library's own */
    char *text;                         /* from servers, too: escape it */
    char reason[32];
    uint64_t keyspaces, tables, views, types, functions, aggregates, anomalies, nodes;
    uint64_t records, bytes_in, bytes_out, ns;
    unsigned attempts;
    struct cq_text steps; /* check: the lines so far */
    int told;             /* check: the last step's error */
};

struct cq_session {
    cqlcrawl *c;
    const struct cq_args *a;
    struct cq_pool *pool;
    struct cq_output *out; /* NULL: no records */
    struct cq_outcome *targets;
    size_t n_targets, n_done;
    uint64_t *paused; /* ids that wait for the output */
    size_t n_paused;
    int signals;     /* signalfd */
    int interrupted; /* the signal, or 0 */
    uint64_t started_ns, ended_ns, give_up_ns;
    void (*event)(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev);
    struct cq_text log; /* standard error */
};

uint64_t cq_now_ns(void);
/* 0, or a message in *why (in the pool). Targets are added; nobody is contacted before
 * cq_session_run. */
int cq_session_open(struct cq_session *s, const struct cq_inventory *inv, bool check,
                    const char **why);
void cq_session_run(struct cq_session *s);
void cq_session_close(struct cq_session *s);

#endif
