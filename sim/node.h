/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated server connection, sans-I/O: the bytes of the client go in, the time comes with
 * every call, the bytes of the server come out. The shell's order of calls:
 *
 *   new -> { feed -> pending/sent until pending is empty -> end? -> deadline } ... -> free
 *
 *             OPTIONS                        AUTH_RESPONSE wrong
 *              +---+                               +---+
 *              v   |                               v   |
 *   new --> AWAIT_STARTUP -- password/mtls --> AWAIT_LOGIN
 *              |                                   |
 *              +----- none -----> READY <----------+
 *
 * Requests become jobs; a job is answered when its latency is over and there is room in the output,
 * in seeded order once READY. Peers' mistakes are answered as real servers answer them; nothing
 * here fails.
 */
#ifndef CQSIM_NODE_H
#define CQSIM_NODE_H

#include "sim/answer.h"
#include "sim/rng.h"
#include "sim/segment.h"

enum cqsim_state { CQSIM_AWAIT_STARTUP, CQSIM_AWAIT_LOGIN, CQSIM_READY };
enum cqsim_end { CQSIM_OPEN, CQSIM_CLOSE, CQSIM_RESET };

enum {
    CQSIM_HIGH_WATER = 256 << 10, /* output above which no further answer is made */
    CQSIM_HUGE_BODY = 256 << 20   /* what the fault huge_body claims */
};

struct cqsim_job {
    uint64_t due_ms;
    unsigned version, flags, opcode;
    int stream;
    uint8_t *body;
    size_t n_body;
};

struct cqsim_conn {
    struct cqsim_cluster *cluster;
    struct cqsim_work *work;
    uint64_t number; /* of this cluster's connections */
    struct cqsim_counts counts;
    struct cqsim_rng rng;
    enum cqsim_state state;
    enum cqsim_end end; /* once the output is gone */
    unsigned version;   /* set by STARTUP */
    bool lz4;
    bool segments; /* v5, from READY or AUTHENTICATE on */
    bool has_client_cert;
    bool deaf; /* whatever comes is thrown away */

    struct cqsim_buf in;     /* raw, unparsed */
    struct cqsim_buf joined; /* payloads of segments, unparsed */
    struct cqsim_buf stuck;  /* 3.x and 4.0 repeat an error about the version for ever */
    struct cqsim_job *jobs;
    size_t first_job, n_jobs, cap_jobs;

    struct cqsim_packer packer;
    struct cqsim_buf out;
    uint64_t n_sent;
    uint64_t started_ms;
    size_t piece;                  /* of the fault split; 0 = choose */
    uint64_t credit, credit_at_ms; /* of the fault bandwidth */
};

/* Takes over nothing; the cluster must outlive the connection. */
struct cqsim_conn *cqsim_conn_new(struct cqsim_cluster *c, uint64_t now_ms);
void cqsim_conn_free(struct cqsim_conn *conn);
void cqsim_conn_feed(struct cqsim_conn *conn, struct cqsim_slice in, uint64_t now_ms);
/* What may be written now; valid until the next call. */
struct cqsim_slice cqsim_conn_pending(struct cqsim_conn *conn, uint64_t now_ms);
void cqsim_conn_sent(struct cqsim_conn *conn, size_t n);
/* What to do when nothing is pending any more. */
enum cqsim_end cqsim_conn_end(const struct cqsim_conn *conn);
/* When pending is worth asking again without new input; UINT64_MAX = never. */
uint64_t cqsim_conn_deadline(const struct cqsim_conn *conn, uint64_t now_ms);

#endif
