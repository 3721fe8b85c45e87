/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of net/ on loopback: a client (a cq_sock that writes down all that happens to it)
 * on a loop of its own, and peers (a thread each, blocking calls, a script as a C function). Every
 * run ends with the proof that no handle is left: uv_loop_close returns 0.
 */
#ifndef CQ_TESTS_NET_HARNESS_H
#define CQ_TESTS_NET_HARNESS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>

#include "base/buf.h"
#include "net/resolver.h"
#include "net/hub.h"
#include "net/sock.h"
#include "net/tlsctx.h"

/* Counts, and fails the n-th allocation. */
struct count_mem {
    struct cq_mem mem;
    size_t calls; /* that gave or grew memory */
    size_t live;
    size_t fail_at; /* 0: never; 1: the first */
};
void count_mem_init(struct count_mem *m, size_t fail_at);

enum seen {
    SEEN_RESOLVE,
    SEEN_CONNECT,
    SEEN_TLS,
    SEEN_OPENED,
    SEEN_RECEIVED,
    SEEN_ENDED,
    SEEN_NEVER
};

struct step_seen {
    enum cq_step step;
    int err;
    uint64_t ns;
    char text[CQ_MAX_ERRMSG];
};

struct client {
    /* what to do */
    struct cq_endpoint to[CQ_MAX_CONTACT_POINTS];
    size_t n_to;
    struct cq_tls_ctx *tls;
    const char *sni;
    const char *name;
    const char *servers; /* name servers; NULL: the system's */
    uint64_t timeout_ns;
    cq_bytes send;       /* once opened */
    cq_bytes send_early; /* right after cq_sock_open */
    size_t chunk;        /* bytes offered at a time; 0: 4096 */
    size_t pause_after;  /* offer nothing once that much was received, until the pause is over */
    uint64_t pause_ms;
    unsigned refusals;   /* times it was asked for room meanwhile */
    bool close_on_pause; /* pause_ms after the beginning, whatever happens then */
    size_t stop_after;   /* close then; 0: at the end */
    enum seen close_at;  /* close in that callback */
    void (*hook)(struct client *c, enum seen what); /* called in every callback */
    struct count_mem m;
    /* what happened */
    uv_loop_t loop;
    uv_timer_t pause;
    uv_check_t turns; /* of the loop */
    size_t in_turn;   /* bytes received in this one */
    size_t most_in_turn;
    uv_timer_t guard; /* a test that hangs is ended: its peers' threads may be on its stack */
    struct cq_sock *sock;
    struct cq_resolver *resolver;
    struct cq_hub hub;
    bool hub_closed;
    struct step_seen steps[8];
    size_t n_steps;
    struct cq_sock_facts facts;
    char subject[CQ_MAX_CERT_TEXT];
    char issuer[CQ_MAX_CERT_TEXT];
    bool opened;
    bool closed;
    int n_ended;
    int err;
    char text[CQ_MAX_ERRMSG];
    struct cq_buf got;
    uint8_t *space;
    size_t offered;
    int open_err;
    int write_err;               /* of send and send_early; the sock is closed then */
    size_t calls_open;           /* allocations made when it was opened, */
    size_t calls_ended;          /* and when it ended */
    size_t live_open, live_most; /* blocks held then, and the most from then on */
};

void client_init(struct client *c);
void client_to(struct client *c, const char *host, uint16_t port);
void client_run(struct client *c); /* until everything is closed; checks that nothing is left */
void client_fini(struct client *c);

/* One accepted connection, or several one after the other: serve is called with each. */
struct peer {
    int fd; /* listening */
    uint16_t port;
    char host[CQ_ADDR_TEXT];
    size_t n; /* connections to serve */
    void (*serve)(struct peer *p, int fd);
    void *ctx;
    pthread_t thread;
};
bool peer_start(struct peer *p, const char *host, size_t n, void (*serve)(struct peer *p, int fd),
                void *ctx);
void peer_join(struct peer *p);
void peer_reset(int fd); /* closes so that a RST leaves */
void peer_send(int fd, const void *b, size_t n);
size_t peer_recv(int fd, void *b, size_t n); /* until n or the end */

/* A port on that address where nothing listens. */
uint16_t closed_port(const char *host);
/* Listens and takes no connection any more: what is sent there is never answered. fds to close. */
struct silent {
    int fds[64];
    size_t n;
    uint16_t port;
};
bool silent_start(struct silent *s, const char *host);
void silent_stop(struct silent *s);

#endif
