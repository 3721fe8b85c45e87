/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a cq_sock, shared by the three files that make it: sock.c (life, states, ending),
 * sockdial.c (resolve and connect, the handles for net/dial) and sockio.c (bytes, TLS handshake,
 * back-pressure).
 *
 *   open            names known         one connects         handshake done
 *   start --> resolve ------> connect ------------> tls ------------------> open
 *     |          |               |      no TLS: ----------------------------^ |
 *     |          +---------------+-------------------+------------------------+--> ended
 * (handler.ended, once)
 *     +----------------------------------------------------- cq_sock_close ------> closing (until
 * no handle is left)
 *
 * One timer: deadlines until the sock is open, then the "kick", a turn of the loop asked for
 * without the descriptor being ready (bytes wait inside TLS).
 */
#ifndef CQ_NET_SOCKINT_H
#define CQ_NET_SOCKINT_H

#include "base/blame.h"
#include "base/buf.h"
#include "base/ring.h"
#include "net/dial.h"
#include "net/hub.h"
#include "net/resolver.h"
#include "net/sock.h"
#include "net/transport.h"

enum cq_sock_state {
    CQ_SOCK_START,
    CQ_SOCK_RESOLVE,
    CQ_SOCK_CONNECT,
    CQ_SOCK_TLS,
    CQ_SOCK_OPEN,
    CQ_SOCK_ENDED,
    CQ_SOCK_CLOSING,
};

/* A socket on its way; the one that connects first stays as the sock's connection. */
struct cq_attempt {
    struct cq_hub_place place;
    struct cq_sock *s;
    struct cq_attempt *next;
    size_t index; /* of the dial's address */
    int fd;       /* -1: the transport's */
};

struct cq_asked {
    struct cq_sock *s;
    struct cq_lookup *lookup; /* NULL: answered, or never asked */
};

struct cq_sock {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    struct cq_hub *hub;
    struct cq_resolver *resolver;
    struct cq_sock_handler on;
    void *ctx;
    enum cq_sock_state state;
    uv_timer_t timer;
    bool in_timer; /* its callback is on the stack */

    struct cq_endpoint *endpoints; /* one block with `asked` and their texts */
    size_t n_endpoints;
    size_t endpoint;        /* that connected */
    struct cq_asked *asked; /* one per endpoint */
    char *sni;
    char *verify_name;
    struct cq_tls_ctx *tls;
    uint64_t timeout;
    uint64_t step_began;
    uint64_t tls_deadline;
    bool busy; /* inside the asking for names: do not advance yet */

    struct cq_dial *dial; /* while it resolves and connects; else NULL */
    struct cq_attempt *attempts;
    struct cq_attempt *conn;

    struct cq_transport t;
    struct cq_buf out; /* written by the owner, not yet taken by the transport */
    uint64_t received;
    bool paused;     /* the owner has no space */
    bool stuck;      /* and had none when bytes came again: the descriptor is not watched */
    bool write_dead; /* sending failed; reading goes on until its end */
    struct cq_sock_facts facts;
    struct cq_blame fault;
};

/* sock.c */
void cq_sock_set_state(struct cq_sock *s, enum cq_sock_state to);
void cq_sock_arm(struct cq_sock *s, uint64_t deadline); /* CQ_NEVER: stops the timer */
/* Ends the step in hand; false: the callback has closed the sock. */
bool cq_sock_step_done(struct cq_sock *s, enum cq_step step, const char *text);
/* The step in hand failed, with s->fault: step and ended are told. */
void cq_sock_step_failed(struct cq_sock *s, enum cq_step step);
void cq_sock_end(struct cq_sock *s, int err, const char *text);
void cq_sock_drop(struct cq_sock *s,
                  struct cq_attempt *a); /* its place in the hub, and its descriptor if any */

/* sockdial.c */
void cq_sock_resolve(struct cq_sock *s);
void cq_sock_advance(struct cq_sock *s); /* goes on dialling */
void cq_sock_forget_dial(struct cq_sock *s, const struct cq_attempt *but);
void cq_sock_free_dial(struct cq_sock *s);

/* sockio.c */
void cq_sock_connected(struct cq_sock *s); /* s->conn is there */
void cq_sock_drive(struct cq_sock *s);     /* handshake or bytes */

#endif
