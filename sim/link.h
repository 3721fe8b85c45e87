/* SPDX-License-Identifier: Apache-2.0 */
/* One accepted socket of the shell: moves bytes between libuv, TLS and the node. */
#ifndef CQSIM_LINK_H
#define CQSIM_LINK_H

#include "sim/node.h"
#include "sim/tls.h"

#include <uv.h>

struct cqsim_link;

/* Every open link, so that statistics and the end find them. */
struct cqsim_links {
    struct cqsim_link *first;
    size_t n;
    uint8_t *scratch; /* one read buffer for all */
    struct cqsim_buf plain;
    struct cqsim_tls_context *tls, *expired; /* NULL = no cluster needs it */
    uint64_t seed;
};

enum { CQSIM_READ_CHUNK = 64 << 10, CQSIM_MAX_ON_THE_WAY = 64 };

/* Bytes of the client that are on their way, under the fault rtt. */
struct cqsim_flight {
    uint64_t due_ms;
    size_t n;
};

struct cqsim_link {
    struct cqsim_links *links;
    struct cqsim_link *prev, *next;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct cqsim_conn *conn;
    struct cqsim_tls *tls;
    struct cqsim_buf wire; /* ciphertext, or what a full socket did not take */
    size_t n_wire;         /* bytes that were in it; 0 = the node's own output is written */
    size_t n_plain;        /* node's bytes in it */
    struct cqsim_buf late; /* what is on its way, in flights */
    struct cqsim_flight flights[CQSIM_MAX_ON_THE_WAY];
    size_t n_flights;
    uint64_t accepted_ms;
    struct cqsim_rng rng;
    bool writing;
    bool closing;
    unsigned n_handles;
};

/* Accepts from the listener; on failure the socket is dropped. */
void cqsim_link_accept(struct cqsim_links *links, uv_stream_t *listener, struct cqsim_cluster *c);
void cqsim_link_close(struct cqsim_link *link);

#endif
