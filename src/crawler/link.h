/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt on the loop: a crawl (crawler/crawl.h, pure) and the sock it speaks through. Shell
 * only: it moves bytes, events and the time between the two and holds no policy.
 *
 *   cq_link_open -> ready() asks for cq_link_run at the end of the turn
 *   -> record(), step() ... done() -> cq_link_close -> closed(): no handle is left, it is gone
 *
 * Bytes go in where the sock reads them; everything that a user can see comes out of cq_link_run,
 * which the driver calls at the end of a turn, a bounded number of events at a time, so that any
 * call is legal in a callback and nobody starves. (step() of resolve, connect and TLS alone comes
 * straight from the sock, whose callbacks fire last, too.)
 *
 * A redial gets a new sock; what the old one still says is dropped (each sock has its own context,
 * disowned when it is left). While the consumer pauses, the crawl is told so: deadlines are the
 * peer's.
 */
#ifndef CQ_CRAWLER_LINK_H
#define CQ_CRAWLER_LINK_H

#include <uv.h>

#include "crawler/crawl.h"
#include "crawler/meter.h"
#include "net/sock.h"
#include "net/trust.h"

struct cq_link;

struct cq_link_handler {
    bool (*record)(void *ctx, cq_bytes line); /* false: pause until cq_link_resume */
    void (*step)(void *ctx, const struct cq_sock_step *step);
    void (*done)(void *ctx,
                 const struct cq_crawl_event *ev); /* once; ev's views live until cq_link_close */
    void (*ready)(void *ctx);                      /* call cq_link_run at the end of the turn */
    void (*closed)(void *ctx);                     /* the link is gone */
};

struct cq_link_options {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    struct cq_hub *hub;
    struct cq_resolver *resolver;
    struct cq_crawl_options crawl; /* what it points to lives until closed() */
    const struct cq_endpoint *endpoints;
    size_t n_endpoints;
    unsigned first_point; /* of the contact points: where dialling begins, */
    uint32_t points_out;  /* and the bit set of those that are left out (not all) */
    uint64_t connect_timeout_ns;
    struct cq_tls_ctx *tls; /* the link keeps a reference of its own */
    const char *sni, *verify_name;
    /* Not 0: nobody is dialled, the attempt fails with this (an unreadable secret). */
    int early_err;
    const char *early_text;
    struct cq_meter *meter; /* of the thread */
    struct cq_link_handler handler;
    void *ctx;
};

enum cq_link_state { CQ_LINK_WAITING, CQ_LINK_MORE, CQ_LINK_PAUSED, CQ_LINK_STARVED, CQ_LINK_DONE };

/* 0 or CQ_ENOMEM. No callback before it has returned but ready(). */
int cq_link_open(struct cq_link **out, const struct cq_link_options *o);
/* Pulls at most a turn's share of events; never call it inside a callback. What it waits for now:
 */
enum cq_link_state cq_link_run(struct cq_link *l);
void cq_link_resume(struct cq_link *l);
void cq_link_cancel(struct cq_link *l); /* ends with done(), whatever record() says */
void cq_link_close(struct cq_link *l);  /* at any time, once; no callback but closed() afterwards */

/* The contact points from first_point on, without those left out; which: their indices. Copies of
 * the endpoints' pointers. */
size_t cq_link_points(const struct cq_link_options *o, struct cq_endpoint to[CQ_MAX_CONTACT_POINTS],
                      uint8_t which[CQ_MAX_CONTACT_POINTS]);

/* The contact point that was connected to last, an index of o.endpoints; -1: none was. */
int cq_link_point(const struct cq_link *l);

/* Milliseconds since 1970: the wall clock of the shell, handed to the pure machines as data. */
int64_t cq_link_wall_ms(void);

#endif
