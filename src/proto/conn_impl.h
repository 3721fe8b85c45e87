/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the connection machine: conn.c, conn_answer.c, conn_startup.c, conn_time.c.
 */
#ifndef CQL_PROTO_CONN_IMPL_H
#define CQL_PROTO_CONN_IMPL_H

#include "base/bounds.h"
#include "base/buf.h"
#include "proto/conn.h"
#include "proto/inflow.h"
#include "proto/response.h"

/* Named for what is awaited; the picture is in conn.h, the legal edges are in conn.c. */
enum cql_conn_state {
    CQL_AWAIT_SUPPORTED, /* OPTIONS is out */
    CQL_AWAIT_READY,     /* STARTUP is out */
    CQL_AWAIT_TOKEN,     /* from the owner */
    CQL_AWAIT_LOGIN,     /* AUTH_RESPONSE is out */
    CQL_CONN_READY,
    CQL_CONN_FAILED,
};

struct cql_conn {
    struct cql_conn_options o;
    enum cql_conn_state state;
    int version;      /* of STARTUP; 0 before it */
    bool is_lz4;      /* STARTUP asked for it */
    bool is_known;    /* an envelope that a CQL server may send was seen */
    bool wants_block; /* BODY was told, the block is not here yet */
    bool has_secret;  /* out and batch are in o.secrets: they hold a token until it is sent */
    bool recalls;     /* supported is older than this connection */
    bool retry_without_compression;
    bool told;
    struct cql_inflow in;

    struct cq_buf out;   /* bytes to send */
    struct cq_buf batch; /* v5: envelopes of this turn, not in a segment yet */

    uint64_t in_flight; /* one bit a stream */
    uint64_t orphans;   /* given up, not answered */
    uint64_t timed_out; /* of these, those to be told */
    uint64_t *asked_ns; /* CQ_MAX_STREAMS of them, from the first statement on */

    uint64_t now_ns;      /* the last one heard of */
    uint64_t credit_ns;   /* time that does not count against the statements */
    uint64_t progress_ns; /* of the handshake's step, or of the body in hand */

    struct cql_conn_counts counts;
    uint8_t *supported; /* the body of SUPPORTED, kept */
    size_t supported_n;
    char *authenticator;

    int end_err; /* the transport ended with this; 0: it did not */
    int err;     /* FAILED: what is told */
    int code;
    int retry_version;
    const char *text; /* own_text, or static words where there was no memory for it */
    char *own_text;
};

void cql_conn_set_state(struct cql_conn *c, enum cql_conn_state to);
/* The end: the first one counts. */
void cql_conn_fail(struct cql_conn *c, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "84 00 .. (..)" of at most 24 bytes. By value, so that it is made where it is told only: it costs
 * more than all else that a header asks for. */
struct cql_seen {
    char text[128];
};
struct cql_seen cql_conn_seen(cq_bytes b);

/* conn_answer.c: a header, a whole body. True: *ev is to be told. */
void cql_conn_on_head(struct cql_conn *c);
bool cql_conn_on_body(struct cql_conn *c, struct cql_event *ev);
/* Something else than CQL: fails the connection. False: nothing to say yet. */
bool cql_conn_judge_first(struct cql_conn *c);

/* conn_startup.c */
/* STARTUP by options.supported, if that will do. 0, or CQ_ENOMEM. */
int cql_conn_recall(struct cql_conn *c);
bool cql_conn_on_supported(struct cql_conn *c, cq_bytes body, struct cql_event *ev);
bool cql_conn_on_authenticate(struct cql_conn *c, cq_bytes body, struct cql_event *ev);
bool cql_conn_on_token(struct cql_conn *c, cq_bytes body, struct cql_event *ev);
bool cql_conn_on_ready(struct cql_conn *c, struct cql_event *ev);
void cql_conn_on_refusal(struct cql_conn *c, const struct cql_error *e);

/* conn_time.c */
void cql_conn_set_now(struct cql_conn *c, uint64_t now_ns);
bool cql_conn_is_in_body(const struct cql_conn *c);

#endif
