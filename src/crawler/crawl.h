/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt to read one cluster, sans-I/O: from a connection's bytes to records and a verdict.
 * The shell (link, driver) owns sockets and timers and does what the events say; this machine
 * decides.
 *
 *   cq_crawl_new -> (cq_crawl_net_step ...) -> cq_crawl_connected -> bytes through space/commit,
 * pending/sent
 *                -> cq_crawl_next until false: records to write, redial, done        cq_crawl_tick
 * at cq_crawl_deadline
 *
 *   dialling -> handshake -> before -> main -> after -> [settling -> settled read] -> done
 *       ^          | redial (another version, without lz4)
 *       +----------+
 *
 * Three writes ask everything: before (local, peers_v2 as data), main (every schema table at once,
 * paged), after (the schema versions again). Each table ends in one outcome: rows, absent, denied,
 * failed. Pages stay whole; cursors walk them (crawler/cursor.h), the merge (crawler/merge.h)
 * yields one object at a time to the model, which writes its record. Memory for pages is taken from
 * the account before it is used. A cluster that was never reached still gets scope_begin and
 * scope_end. Records leave by cq_crawl_next one at a time, so that a consumer who pauses stops the
 * pages and thereby the socket.
 */
#ifndef CQ_CRAWLER_CRAWL_H
#define CQ_CRAWLER_CRAWL_H

#include "base/clock.h"
#include "base/mem.h"
#include "crawler/login.h"
#include "model/model.h"
#include "proto/conn.h"
#include "state/known.h"

struct cq_crawl;

/* What an attempt saw of rows that point to nothing: seen again under the same version it is an
 * anomaly, not a torn read. */
struct cq_orphans {
    char digest[33];  /* "": none were seen */
    char version[37]; /* the contacted node's schema version; "": null */
};

struct cq_crawl_options {
    const struct cq_mem *mem;
    const struct cq_mem *secrets; /* for copies of the password, as cq_mem_secret; NULL: mem */
    struct cq_account *account;   /* of the crawler: pages of all crawls; NULL: no limit */
    struct cq_memo *memo;         /* shared by all crawls of a loop; NULL: none (model/memo.h) */
    struct cq_shapes *shapes;     /* the same of crawler/shape.h */
    void *owner;                  /* what cq_account_next (crawler/budget.h) gives for this crawl */
    size_t need;            /* bytes that the cluster's last crawl needed (DONE); 0: unknown */
    unsigned max_in_flight; /* statements unanswered at once; 0: all there are. Between, waits
                               are at least what is counted: an answer may be on its way. */
    cq_bytes cluster;       /* record key `cluster`; this struct and everything in it is kept by
                               the caller until cq_crawl_free */
    cq_bytes labels;        /* JSON object */
    uint64_t epoch;
    unsigned attempt; /* 1.. */
    /* protocol */
    int version; /* 0 auto, 4, 5 */
    enum cql_want compression;
    cq_bytes
        supported; /* what this server said in SUPPORTED the last time: then STARTUP goes
                      first, and where that is refused everything is asked anew; null: unknown */
    const char *driver_name, *driver_version;
    uint64_t request_timeout_ns; /* of one handshake step or statement */
    uint64_t timeout_ns;         /* of the whole attempt, dialling included */
    /* login */
    enum cq_login login;
    cq_bytes user, password; /* password is only read while AUTHENTICATE is answered */
    bool allow_plaintext_login;
    const char *const
        *allow_authenticators; /* further class names, NULL-terminated; NULL: the known ones only */
    /* what to read and write */
    bool (*wants)(void *ctx, cq_bytes keyspace,
                  cq_bytes name); /* include/exclude; NULL: everything. name null: a keyspace */
    void *wants_ctx;
    char filters_hash[33];
    bool write_system;
    enum cq_proof proof; /* how sure: NONE skips the third write */
    bool sorted;         /* this endpoint's order cannot be merged as it comes */
    uint32_t page_rows;  /* 0: by bytes (CQ_PAGE_BYTES) */
    bool discard;        /* read everything, count the records but make none; the verdict as ever */
    uint16_t default_port; /* dialled port: of nodes that name none */
    const struct cq_orphans
        *previous; /* of the attempt before this one (DONE's orphans); NULL: there was none */
    const struct cq_known *known; /* by the state; NULL: there is none */
    bool incremental;             /* known->complete stands: an equal version is a heartbeat */
    /* What the shell has spent; asked for once, by the line that says cost.cpu_us. NULL: nothing.
     */
    uint64_t (*cpu_ns)(void *ctx);
    void *cpu_ctx;
};

enum cq_crawl_event_kind {
    CQ_CRAWL_RECORD, /* line, record_kind */
    CQ_CRAWL_STEP, /* step, err, ns, text: protocol, login, read ended (a read that is not complete
                      has an err; resolve, connect, tls are the shell's to report) */
    CQ_CRAWL_REDIAL, /* close the connection and open another one; then cq_crawl_connected again */
    CQ_CRAWL_HANGUP, /* the connection (or dialling) is not needed any more: close it. More events
                        follow. */
    CQ_CRAWL_DONE,   /* the last one; err, text, scope, counts, retry, orphans */
};

enum cq_retry {
    CQ_RETRY_NO,
    CQ_RETRY_TORN,   /* later (CQ_TORN_DELAY_1, _2), under a new epoch */
    CQ_RETRY_SORTED, /* at once, with options.sorted, under a new epoch */
};

struct cq_crawl_event {
    enum cq_crawl_event_kind kind;
    enum cq_kind record_kind;
    cq_bytes line;
    int step; /* enum cq_step of net/sock.h: 3 protocol, 4 login, 5 read */
    int err;
    int reason_err; /* DONE: err, or what the first reason of a read that is not complete amounts to
                     */
    uint64_t ns;
    const char *text;
    const struct cq_scope *scope; /* DONE: as written into scope_end; lives until cq_crawl_free */
    const uint64_t *counts;       /* DONE: lines written by kind, CQ_N_KINDS of them */
    enum cq_retry retry;
    const char *cluster_name; /* DONE: what the server calls itself; NULL: it did not say */
    int64_t not_after_ms;     /* DONE: of its certificate; 0: no TLS, or it was not reached */
    const struct cq_orphans *orphans; /* DONE: for options.previous of the next attempt (copy it) */
    size_t need; /* DONE: of the account, at once at most; 0: nothing was read */
    const struct cq_identity *identity; /* DONE: who answered; NULL: nobody, or there is no state */
    bool asked; /* DONE: something of the schema was asked for, so records of it may have left */
    bool unchanged; /* DONE: it was a heartbeat; counts are those of the read that it stands for */
    /* DONE, views until cq_crawl_free; null: the server did not say. */
    cq_bytes supported; /* for options.supported of later attempts */
    cq_bytes release;   /* system.local's release_version */
    bool recalled;      /* supported is what the options said, and not from this attempt */
};

/* 0 or CQ_ENOMEM. */
int cq_crawl_new(struct cq_crawl **out, const struct cq_crawl_options *o, uint64_t now_ns,
                 int64_t wall_ms);
void cq_crawl_free(struct cq_crawl *c); /* NULL is allowed; at any time */

/* The shell reports: resolve, connect, tls ended (err 0), with how long it took. */
void cq_crawl_net_step(struct cq_crawl *c, int step, uint64_t ns);
/* A transport is up. tls NULL: plaintext; kept until the crawl is freed or connected again (texts
 * are copied). */
int cq_crawl_connected(struct cq_crawl *c, const struct cq_tls_facts *tls, uint64_t now_ns);
/* The dial failed or the transport ended. The crawl decides what that means (a RST after the last
 * answer is nothing). */
void cq_crawl_net_end(struct cq_crawl *c, int err, const char *text, uint64_t now_ns,
                      int64_t wall_ms);
void cq_crawl_cancel(struct cq_crawl *c, uint64_t now_ns,
                     int64_t wall_ms); /* ends with CQ_ECANCELLED, scope_end and DONE */

void cq_crawl_space(struct cq_crawl *c, uint8_t **p, size_t *n); /* *n == 0: not now */
void cq_crawl_commit(struct cq_crawl *c, size_t n, uint64_t now_ns);
/* The space offered last is not used: nothing is there to be read. */
void cq_crawl_unused(struct cq_crawl *c);
cq_bytes cq_crawl_pending(struct cq_crawl *c);
void cq_crawl_sent(struct cq_crawl *c, size_t n);

/*
 * Deadlines stand still while we are the ones who wait: pause when the consumer of records says so
 * (and call no cq_crawl_next meanwhile), resume when it takes them again. A crawl that waits for
 * memory pauses itself: is_starved says so; call cq_crawl_next again when cq_account_next names its
 * owner. A crawl that holds memory and gets less than CQ_MIN_RATE while others wait for some ends
 * with CQ_ETOO_SLOW: try it again later.
 */
void cq_crawl_pause(struct cq_crawl *c, uint64_t now_ns);
void cq_crawl_resume(struct cq_crawl *c, uint64_t now_ns);
bool cq_crawl_is_starved(const struct cq_crawl *c);

uint64_t cq_crawl_deadline(const struct cq_crawl *c);
void cq_crawl_tick(struct cq_crawl *c, uint64_t now_ns);

/* Pull: false: nothing until further bytes, room or time come. ev's views live until the next call.
 * After pulling, look at pending (further pages may have been asked for) and space (room may have
 * come). */
bool cq_crawl_next(struct cq_crawl *c, struct cq_crawl_event *ev, uint64_t now_ns, int64_t wall_ms);

#endif
