/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connected socket can do, the same for TCP and TLS: two tables of six functions. A
 * transport has no handle of the loop and decides nothing; net/sock waits for the descriptor as
 * `want` says and calls.
 *
 *   connected -> open until CQ_IO_OK -> read, write whenever want() says so -> close
 *
 * Nothing here raises SIGPIPE (MSG_NOSIGNAL) and nothing blocks.
 */
#ifndef CQ_NET_TRANSPORT_H
#define CQ_NET_TRANSPORT_H

#include "base/blame.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/addr.h"

struct cq_sock_facts;
struct cq_tls;

enum cq_io {
    CQ_IO_OK,     /* done, or *got / *taken bytes of it */
    CQ_IO_AGAIN,  /* nothing can be done before the descriptor is ready */
    CQ_IO_END,    /* the stream ended; `how` says in which way */
    CQ_IO_FAILED, /* *fault says what */
};

enum cq_end { CQ_END_ORDERLY, CQ_END_RESET, CQ_END_CUT /* TLS without close_notify */ };

enum { CQ_WANT_IN = 1, CQ_WANT_OUT = 2 };

struct cq_transport_ops;

struct cq_transport {
    const struct cq_transport_ops *ops;
    int fd;
    enum cq_end how;        /* after CQ_IO_END */
    struct cq_blame *fault; /* the owner's */
    struct cq_tls *tls;     /* the pump; NULL for TCP */
};

struct cq_transport_ops {
    /* The opening after TCP is connected (TLS: the handshake). OK: open; AGAIN, END, FAILED. */
    enum cq_io (*open)(struct cq_transport *t);
    /* OK: *got >= 1 bytes of the stream at p. */
    enum cq_io (*read)(struct cq_transport *t, uint8_t *p, size_t n, size_t *got);
    /* OK: *taken >= 1 of b's bytes (b.n > 0); what is not taken is offered again, unchanged. END is
     * an error of sending only: what was received is still to be read. */
    enum cq_io (*write)(struct cq_transport *t, cq_bytes b, size_t *taken);
    /* Which readiness to wait for, given what the owner wants to do: CQ_WANT_*. */
    unsigned (*want)(const struct cq_transport *t, bool reading, bool writing);
    void (*close)(struct cq_transport *t); /* says goodbye and closes the descriptor; once */
    void (*describe)(const struct cq_transport *t, struct cq_sock_facts *facts);
};

extern const struct cq_transport_ops cq_tcp_ops;
extern const struct cq_transport_ops cq_tls_ops;

/* The descriptor's own reads and writes, for both tables: OK, AGAIN, END (how: orderly or reset),
 * FAILED. */
enum cq_io cq_fd_recv(struct cq_transport *t, uint8_t *p, size_t n, size_t *got);
enum cq_io cq_fd_send(struct cq_transport *t, cq_bytes b, size_t *taken);

/* Begins to connect: 0 and *fd (connected or on its way, writable when known), or a CQ_E* with
 * *why. */
int cq_fd_connect(const struct cq_addr *a, int *fd, const char **why);
/* The outcome once fd is writable: 0, or a CQ_E* with *why. */
int cq_fd_connected(const struct cq_addr *a, int fd, const char **why);
void cq_fd_close(int fd);

#endif
