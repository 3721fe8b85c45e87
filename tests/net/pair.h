/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two TLS pumps in memory, a client and a server, their ciphertext carried by hand: for the unit
 * tests of net/tls. Certificates are made once for all tests of a program.
 */
#ifndef CQ_TESTS_NET_PAIR_H
#define CQ_TESTS_NET_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>

#include "net/certs.h"
#include "net/tls.h"
#include "net/tlsctx.h"

struct side {
    struct cq_tls tls;
    struct cq_blame fault;
    size_t moved; /* bytes that left it */
};

struct pair {
    struct side client, server;
    struct cq_tls_ctx *ctx;
    SSL_CTX *server_ctx;
    size_t hop;      /* bytes carried at a time */
    size_t stop;     /* bytes of the server that are carried at all; SIZE_MAX: all */
    size_t pause_at; /* the client has a turn of its own after that many bytes of the server */
    enum cq_end how; /* at stop */
    bool ends;       /* the transport ends at stop */
};

struct setting {
    struct cq_tls_config cfg;
    struct cq_tls_peer peer;
    struct server_spec server;
    SSL_CTX *shared; /* the server's, of several connections; NULL: one is made as `server` says */
    size_t ring;
};

struct talk {
    const uint8_t *out; /* to be written */
    size_t n_out;
    uint8_t *in; /* read so far */
    size_t n_in;
    enum cq_io io; /* of the last call that did not say OK */
};

enum { UP = 20000, DOWN = 100000 };

/* Made by pair_setup for all tests of a program, freed by pair_teardown: of cmocka's group. */
extern struct cert ca, other_ca, leaf, self_signed, expired, early, client_cert, stranger;
extern struct cq_tls_cache *cache;
extern uint8_t up[UP], down[DOWN], got_up[UP + 1], got_down[DOWN + 1];
extern int turn_of; /* 0: the client acts now, 1: the server */
int pair_setup(void **state);
int pair_teardown(void **state);

struct setting plain_setting(void);
void pair_init(struct pair *p, const struct setting *s);
void pair_fini(struct pair *p);

/* Everything that this side can do now; one hop each way. True: something was done. */
bool act(struct side *s, struct talk *t, size_t room);
bool carry_both(struct pair *p);
/* The client says n_up bytes, the server n_down, until nothing moves. True: all has arrived. */
bool talk(struct pair *p, size_t n_up, size_t n_down, struct talk *c, struct talk *s);
void check_talk(struct pair *p, size_t n_up, size_t n_down);
/* pair_init, the handshake and one exchange of ten bytes; what the client saw. */
void run_pair(struct pair *p, const struct setting *s, struct talk *c);

#endif
