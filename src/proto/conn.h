/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client side of one CQL connection, v4 and v5, sans-I/O: bytes, requests and the time go in;
 * events, bytes and a deadline come out. It knows no sockets, no TLS, no schema.
 *
 *   shell:  cql_conn_space -> read there -> cql_conn_commit
 *           cql_conn_pending -> write -> cql_conn_sent
 *   owner:  cql_conn_next until it returns false
 *           cql_conn_query, cql_conn_auth, cql_conn_give
 *
 *        open                   SUPPORTED              READY
 *   start ----> OPTIONS sent ----> STARTUP sent -------> ready <-> statements
 *                                      | AUTHENTICATE      ^
 *                                      v    AUTH_SUCCESS   |
 *                                  authenticating ---------+     any fault -> failed (told once)
 *
 * Where what the server says in SUPPORTED is known already, STARTUP goes first.
 *
 * Version (protocol.md 1.6): OPTIONS in v4 (in v5 where options.version is 5); STARTUP in v5 where
 * SUPPORTED lists a 5 that is not beta (and the caller allows it), else in v4. A refusal becomes
 * CQL_EV_FAILED with ev.retry_version set where another connection with that version
 * (options.version) makes sense; a connection whose version was given never asks for another, so
 * that each is tried once. Startup errors are accepted on any stream and in any version's header.
 * In v5 segments begin right after READY or AUTHENTICATE, in both directions; nothing is sent
 * behind a v5 STARTUP before its answer.
 *
 * Bodies: a RESULT's body is announced (CQL_EV_BODY) before it is taken; the owner gives a block
 * (cql_conn_give) or waits, and until then cql_conn_space offers no room. `need` is the capacity
 * asked for now: a claimed length is not believed, so need is at most double of what has arrived
 * (CQ_PAGE_FIRST at first) and the event comes again with a larger need until the body is whole. A
 * v4 body under lz4 is announced once all of it has arrived, with the length that it unpacks to.
 * The finished block comes back with CQL_EV_RESULT and is the owner's again (an empty body has
 * none). Everything else (ERROR, EVENT, SUPPORTED ...) is small (CQ_MAX_SMALL_BODY) and is held
 * inside until the next call of cql_conn_next.
 *
 * Memory: compressed or segmented input waits in buffers of the connection's own; one that grows
 * beyond 4 KiB is asked for through take and given back when nothing is in it between two answers.
 * Whoever waits for an answer and has called unused holds no buffer at all. While take refuses,
 * cql_conn_space offers no room: call it and cql_conn_next again when there is memory.
 *
 * Time: the owner's own delays (a block, memory, a token) count against no deadline. While a body
 * arrives the other statements' clocks stand still, and it may be silent for one timeout.
 */
#ifndef CQL_PROTO_CONN_H
#define CQL_PROTO_CONN_H

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "proto/cql.h"
#include "proto/wire.h"

struct cql_conn;

enum cql_want { CQL_AUTO = 0, CQL_NO = 1, CQL_YES = 2 };

struct cql_conn_options {
    const struct cq_mem *mem;
    const struct cq_mem *secrets; /* for a token on its way, as cq_mem_secret; NULL: mem */
    /* 0: negotiate; 4 or 5: that one only (OPTIONS is still asked first) */
    int version;
    /* The body of SUPPORTED as this server sent it some other time (cql_conn_supported_body): where
     * it offers what is wanted, STARTUP goes first and OPTIONS is not asked. Null: not known. Read
     * by cql_conn_new only. */
    cq_bytes supported;
    enum cql_want compression; /* CQL_YES: lz4 or fail; CQL_AUTO: lz4 where offered; CQL_NO */
    const char *driver_name;   /* STARTUP: DRIVER_NAME, DRIVER_VERSION; kept by the caller */
    const char *driver_version;
    uint64_t request_timeout_ns; /* of each step of the handshake and of each statement; 0: none */
    /* The memory account of the owner: may the input buffer grow by n? give returns it. NULL: no
     * limit. */
    bool (*take)(void *ctx, size_t n);
    void (*give)(void *ctx, size_t n);
    void *ctx;
};

enum cql_event_kind {
    CQL_EV_SUPPORTED,      /* text: empty; see cql_conn_supported */
    CQL_EV_AUTHENTICATE,   /* text: the authenticator's class; answer with cql_conn_auth */
    CQL_EV_AUTH_CHALLENGE, /* bytes: the token (may be null); answer with cql_conn_auth */
    CQL_EV_READY,          /* statements may be sent */
    CQL_EV_BODY,           /* stream, need, have, total: a block is wanted: cql_conn_give */
    CQL_EV_RESULT, /* stream, block, body: the answer; body is a view into block, prefix stripped */
    CQL_EV_ERROR,  /* stream, code, text: the answer of one statement is an ERROR */
    CQL_EV_EVENT,  /* text: the event's type (SCHEMA_CHANGE, ...); the connection is unaffected */
    CQL_EV_TIMEOUT, /* stream: given up; a late answer is dropped */
    CQL_EV_FAILED,  /* err, text (server's or ours), code (of an ERROR, else -1), retry_version: the
                       end */
};

struct cql_event {
    enum cql_event_kind kind;
    int stream;
    uint8_t *block; /* RESULT: the block given, the owner's again */
    size_t cap;     /* RESULT: its capacity */
    cq_bytes body;  /* RESULT: from the [int] kind on */
    size_t need;    /* BODY: capacity wanted now, at least have + 1 */
    size_t have; /* BODY: bytes already in the block given before (a larger block must hold a copy
                    of them) */
    uint64_t total; /* BODY: what the server claims */
    int code;       /* ERROR, FAILED: the server's error code; -1 where there is none */
    cq_bytes text;
    cq_bytes bytes;
    int err;           /* FAILED */
    int retry_version; /* FAILED: 4 or 5: worth a new connection with options.version set to that;
                          0: not */
    bool retry_without_compression; /* FAILED: the server refused COMPRESSION as such */
    uint32_t n_warnings;            /* RESULT, ERROR: warnings in the prefix */
};

/* What the server counted, as far as we can see: wire bytes below TLS. */
struct cql_conn_counts {
    uint64_t bytes_in, bytes_out;
    uint32_t requests; /* envelopes sent, OPTIONS and STARTUP included */
    uint32_t events;   /* EVENTs ignored */
    uint32_t warnings;
};

/* Returns 0, CQ_ENOMEM. The connection begins with OPTIONS or STARTUP pending. */
int cql_conn_new(struct cql_conn **out, const struct cql_conn_options *o, uint64_t now_ns);
/* NULL is allowed. A block given and not returned yet is handed back through *block (may be NULL):
 * free it as your own. */
void cql_conn_free(struct cql_conn *c, uint8_t **block);

/* Where received bytes go: *n == 0 while a block is wanted or events wait to be pulled. */
void cql_conn_space(struct cql_conn *c, uint8_t **p, size_t *n);
void cql_conn_commit(struct cql_conn *c, size_t n, uint64_t now_ns);
/* The space offered last is not used, nothing is there to be read: an empty buffer is given back.
 */
void cql_conn_unused(struct cql_conn *c);
/* The transport ended: becomes CQL_EV_FAILED with err (CQ_ERESET, CQ_ECLOSED, ...) unless it failed
 * before. */
void cql_conn_end(struct cql_conn *c, int err);
/* True: *ev was filled; its views live until the next call of any function but cql_conn_query and
 * cql_conn_auth. */
bool cql_conn_next(struct cql_conn *c, struct cql_event *ev);
/* The block for the body announced. cap >= need. Growth: give the larger block, first `have` bytes
 * copied (realloc). */
void cql_conn_give(struct cql_conn *c, uint8_t *block, size_t cap);

cq_bytes cql_conn_pending(struct cql_conn *c); /* everything to send, contiguous; empty: nothing */
void cql_conn_sent(struct cql_conn *c, size_t n);

uint64_t cql_conn_deadline(const struct cql_conn *c); /* CQ_NEVER: none */
void cql_conn_tick(struct cql_conn *c, uint64_t now_ns);

/*
 * A statement, unprepared, at consistency ONE, page_size rows (0: unpaged). Returns the stream
 * (0..) or CQ_ETOO_MANY (all streams taken), CQ_ENOMEM, CQ_EINVALID (not ready). Statements of one
 * turn leave in one write.
 */
int cql_conn_query(struct cql_conn *c, cq_bytes statement, uint32_t page_size,
                   cq_bytes paging_state, uint64_t now_ns);
/* Answers AUTHENTICATE or AUTH_CHALLENGE. token.p == NULL sends a null token. The copies
 * inside are in options.secrets, and go back once sent. */
int cql_conn_auth(struct cql_conn *c, cq_bytes token, uint64_t now_ns);
/* 00 user 00 password (SASL PLAIN, RFC 4616) into out, at most 64 KiB. CQ_EINVALID: empty, or a NUL
 * inside. */
struct cq_buf;
int cql_auth_plain(cq_bytes user, cq_bytes password, struct cq_buf *out);

bool cql_conn_is_ready(const struct cql_conn *c);
int cql_conn_version(const struct cql_conn *c); /* 4 or 5 once STARTUP is sent, else 0 */
const char *cql_conn_compression(const struct cql_conn *c); /* "lz4" or "none" */
const char *
cql_conn_authenticator(const struct cql_conn *c); /* class name, "" where none was asked for */
uint32_t cql_conn_in_flight(const struct cql_conn *c);
struct cql_conn_counts cql_conn_counts(const struct cql_conn *c);
/* SUPPORTED: the values of a key ("PROTOCOL_VERSIONS", "CQL_VERSION", "COMPRESSION", ...), as long
 * as the connection lives. */
struct cql_offers {
    struct cql_reader values;
    uint32_t left;
};
struct cql_offers cql_conn_supported(const struct cql_conn *c, cq_bytes key);
/* Null: no more. */
static inline cq_bytes cql_offers_next(struct cql_offers *o)
{
    if (!o->left) return CQ_NULL;
    o->left--;
    return cql_read_string(&o->values);
}
/* All of it, for options.supported of a later connection; null before it came. */
cq_bytes cql_conn_supported_body(const struct cql_conn *c);
bool cql_conn_recalls(const struct cql_conn *c); /* it came from options.supported */
/* A key of SUPPORTED begins with that. */
bool cql_conn_supported_has(const struct cql_conn *c, cq_bytes prefix);

#endif
