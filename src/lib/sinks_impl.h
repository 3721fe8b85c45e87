/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of lib/sinks.h: sinks.c (the turn), sinkadd.c (a new sink), sinkapi.c (targets and the
 * public questions), fetch.c. */
#ifndef CQ_LIB_SINKS_IMPL_H
#define CQ_LIB_SINKS_IMPL_H

#include <uv.h>

#include "lib/access.h"
#include "lib/handle.h"
#include "sink/sink.h"

struct cq_sink_entry;

/* What stands behind one call: a lane of a sink, or a fetch. */
struct cq_sink_lane {
    struct cq_sink_entry *entry; /* NULL: a fetch */
    unsigned lane;
    struct cq_http_call *call;
    struct cq_secret *auth; /* the line of the request under way */
    unsigned generation;    /* of it */
};

struct cq_sink_entry {
    cqlcrawl *c;
    struct cq_arena arena;
    const char *name;
    uint64_t id;
    struct cq_access access;
    struct cq_sink machine;
    struct cq_http_peer *peer;
    struct cq_sink_lane *lanes; /* NULL before begin */
    int (*dead_letter)(void *ctx, const struct cqlcrawl_dead_letter *letter);
    void *ctx;
};

struct cq_fetch {
    struct cq_sink_lane lane; /* first */
    struct cq_ring node;
    cqlcrawl *c;
    struct cq_arena arena;
    struct cq_access access;
    struct cq_http_peer *peer;
    const char **headers;
    unsigned n_headers;
    bool again; /* asked a second time */
    struct cqlcrawl_fetch o;
};

struct cq_sinks {
    cqlcrawl *c;
    struct cq_http *http;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;
    unsigned handles; /* of these and http's, not closed yet */
    uint64_t timer_due_ns;
    bool begun, stopped, kicked;
    struct cq_sink_entry *entries[CQ_MAX_SINKS];
    size_t n;
    struct cq_ring fetches;
    size_t n_fetches;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* sinks.c */
int cq_sinks_open(cqlcrawl *c); /* makes c->sinks where there is none; 0 or a code, words in last */
void cq_sinks_wanted(struct cq_sinks *s); /* a turn is to come */
/* sinkadd.c */
int cq_sink_entry_begin(struct cq_sink_entry *e, size_t memory); /* 0 or CQ_ENOMEM */
void cq_sink_entry_stop(struct cq_sink_entry *e);
/* Reads secrets, looks at certificates, makes the peer. Not 0: words in *f. */
int cq_access_begin(cqlcrawl *c, struct cq_access *a, struct cq_http_peer **peer,
                    struct cq_fault *f);
void cq_sink_entry_free(struct cq_sink_entry *e);
/* sinkturn.c */
void cq_sink_entry_read_again(struct cq_sink_entry *e);
/* Is it kept? */
bool cq_sink_entry_letter(struct cq_sink_entry *e, const struct cq_sink_letter *letter);
/* False: the handle was closed in a callback. */
bool cq_sink_entry_answer(struct cq_sink_lane *l, const struct cq_http_response *r);
bool cq_sink_entry_turn(struct cq_sink_entry *e, uint64_t now_ns, bool *more);
/* fetch.c */
void cq_fetch_done(struct cq_fetch *f, const struct cq_http_response *r);
void cq_fetch_stop(struct cq_fetch *f); /* done is still to come */
void cq_fetch_cancel(struct cq_fetch *f);

#endif
