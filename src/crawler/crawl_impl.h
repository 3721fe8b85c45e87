/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of one attempt (crawler/crawl.h), shared by crawl*.c. Two machines run side by side:
 * the conversation with the server (enum cq_crawl_state) and the records (enum cq_emit). The
 * records pull: when they cannot go on for lack of a page, and nothing is in flight, the
 * conversation asks for every page that is wanted in one write. So each write after the main one is
 * one wait, and what `cost.waits` says is what the server sees.
 */
#ifndef CQ_CRAWLER_CRAWL_IMPL_H
#define CQ_CRAWLER_CRAWL_IMPL_H

#include "base/arena.h"
#include "crawler/crawl.h"
#include "crawler/far.h"
#include "crawler/merge.h"
#include "crawler/reading.h"

enum cq_crawl_state {
    CQ_CRAWL_DIALLING,  /* a transport is awaited */
    CQ_CRAWL_HANDSHAKE, /* READY or AUTHENTICATE */
    CQ_CRAWL_LOGIN,     /* READY */
    CQ_CRAWL_RESERVE,   /* memory */
    CQ_CRAWL_BEFORE,    /* local, peers_v2 */
    CQ_CRAWL_MAIN,      /* all pages of the schema */
    CQ_CRAWL_AFTER,     /* the versions again */
    CQ_CRAWL_SETTLING,  /* waiting before the further reading */
    CQ_CRAWL_SETTLED,   /* the versions once more */
    CQ_CRAWL_OVER,      /* nothing: the connection is not needed any more */
    CQ_N_CRAWL_STATES,
};

enum cq_emit {
    CQ_EMIT_BEGIN,
    CQ_EMIT_CLUSTER,
    CQ_EMIT_LOCAL,
    CQ_EMIT_PEERS,
    CQ_EMIT_HEARTBEAT, /* instead of everything up to READ_STEP */
    CQ_EMIT_SCHEMA,
    CQ_EMIT_VIRTUAL,
    CQ_EMIT_VERDICT,
    CQ_EMIT_ANOMALIES,
    CQ_EMIT_END,
    CQ_EMIT_READ_STEP,
    CQ_EMIT_DONE,
    CQ_EMIT_OVER,
};

enum cq_asked {
    CQ_ASK_IDLE,
    CQ_ASK_WANTED, /* with the next write */
    CQ_ASK_DUE,    /* in the write in hand, behind max_in_flight others */
    CQ_ASK_SENT,
    CQ_ASK_LATER, /* again at later_ns: the server was overloaded */
};

/* One statement: a table of the schema, or one of the repeated readings. */
struct cq_ask {
    struct cq_cursor cursor;
    enum cq_form form;
    enum cq_asked asked;
    unsigned tries; /* OVERLOADED answers so far */
    uint64_t later_ns;
};

enum {
    CQ_ASK_AFTER_LOCAL = CQ_N_TABLES,
    CQ_ASK_AFTER_PEERS,
    CQ_ASK_SETTLED_LOCAL,
    CQ_ASK_SETTLED_PEERS,
    CQ_N_ASKS,
    CQ_N_FIRST_ASKS = CQ_T_PEERS + 1, /* what tells whether anything has changed */
};

enum { CQ_QUEUED = 8 };

/* enum cq_step of net/sock.h, which this layer does not see */
enum { CQ_CRAWL_PROTOCOL_STEP = 3, CQ_CRAWL_LOGIN_STEP = 4, CQ_CRAWL_READ_STEP = 5 };

/* What waits to be told; text lives in the crawl's arena, or lasts. */
struct cq_told {
    uint64_t ns;
    const char *text;
    int err;
    uint8_t kind, step; /* enum cq_crawl_event_kind, enum cq_step */
};

/* What the attempt has cost until now: goes into the scope at the end. */
struct cq_spent {
    uint64_t ns_resolve, ns_connect, ns_tls, ns_protocol, ns_login, ns_before, ns_main, ns_after;
    uint64_t ns_first_byte; /* since the attempt began */
    uint32_t waits, connections;
};

/* Who answers, where there is a state (crawl_known.c). */
struct cq_met {
    struct cq_identity identity;
    bool names_only;             /* its nodes say nothing */
    bool common;                 /* a node of it is known */
    uint64_t counts[CQ_N_KINDS]; /* of a heartbeat: what it stands for */
};

/*
 * What statements and records need. Made when the first statement is about to leave, out of the
 * crawl's reservation: a crawl that dials, logs in or waits for memory has none of it. One that
 * ended before gets it for its last lines.
 */
struct cq_work {
    struct cq_mem mem; /* counts what it gives: scratch */
    const struct cq_mem *under;
    size_t scratch; /* bytes of this struct and of all that it holds but blocks */
    size_t charged; /* of them the budget knows of */
    struct cq_arena arena;
    /* statements */
    struct cq_shared shared;
    int n_asks; /* ready to be asked: CQ_N_FIRST_ASKS until the schema is read, then all */
    uint8_t by_stream[CQ_MAX_STREAMS];
    struct cq_far far;
    /* records */
    struct cq_rec rec;
    struct cq_model model;
    struct cq_udts *udts;
    struct cq_merge schema, virtual_;
    struct cq_findings findings;
    struct cq_finding *finding; /* next one to be written */
    bool orphans_confirmed;
    struct cq_names peers_seen;
    struct cq_reading reading[3]; /* before, after, settled */
    struct cq_product product;
    struct cq_met *met; /* in the arena; NULL: there is no state, or nobody was met */
    int unwritten_err;  /* of the first */
    unsigned n_unwritten;
    struct cq_orphans orphans;
    /* from here on not cleared: 20 KB of which an unchanged cluster touches little */
    struct cq_scope scope;
    char unwritten[256];
    char text[CQ_MAX_ERRMSG];
    struct cq_ask asks[CQ_N_ASKS];
};

/* There is one for every cluster that waits: what is small stands together. */
struct cq_crawl {
    const struct cq_crawl_options *o;
    enum cq_crawl_state state;
    enum cq_emit emit;
    struct { /* why it ended early; the first one counts */
        int err;
        const char *text;
    } fault;
    bool main_whole; /* every page of the main write has come */
    bool fell;       /* rows came in an order that cannot be merged */
    enum cq_table fell_at;
    bool is_cancelled;
    bool asked;     /* something of the schema was asked for */
    bool unchanged; /* a heartbeat stands for it */
    bool paused, stalled;
    bool rate_counts; /* somebody waited when its rate began to be measured */
    bool transport_gone;
    bool nudge;       /* cq_crawl_next wants to be called */
    bool wants_pages; /* the records cannot go on */
    bool in_lines;    /* the last event was a line, and nothing else has happened since */
    uint8_t queue_at, queue_n;
    bool tried_v4, tried_v5, no_compression;
    bool ask_first; /* options.supported was tried and did not do */
    int version;    /* to dial with: 0, 4, 5 */
    enum cq_retry retry;
    /* time: conn and the deadlines run on a clock that stands still while we are the ones who wait
     */
    uint64_t now_ns, start_ns, since_ns, settle_ns;
    uint64_t stalled_ns, stall_since_ns;
    int64_t wall_ms, started_ms;
    struct cq_spent spent;
    uint64_t rate_since_ns, rate_bytes; /* from when and how many bytes on its rate is measured */
    /* the connection */
    struct cql_conn *conn;
    struct cql_conn_counts before;  /* of connections that are gone */
    uint32_t sent_requests;         /* of this one: what has left, not what was queued */
    uint32_t sent_waits;            /* as spent.waits, of what has left */
    const struct cq_tls_facts *tls; /* NULL: none */
    const char *cluster_name;       /* NULL: not read yet */
    const char *release;            /* the same */
    const char *end_text;           /* the transport's words, until conn says that it failed */
    int end_err;
    int wanting;           /* ask whose body wants a block; -1 */
    uint64_t nudged_bytes; /* when it wanted to be called last: bytes received, plus one */
    size_t want_bytes;     /* now, */
    uint64_t want_total;   /* and in the end, if the server is to be believed */
    /* statements */
    struct cq_arena arena; /* texts */
    struct cq_budget budget;
    struct cq_work *w;                /* NULL before the first statement */
    unsigned n_sent;                  /* unanswered */
    unsigned n_unsent;                /* of them, those that have not left yet */
    unsigned n_due;                   /* to be sent when one of them is answered */
    unsigned n_timed_out, n_answered; /* of the phase */
    struct cq_told queue[CQ_QUEUED];
};

/* crawl.c */
void cq_crawl_set_state(struct cq_crawl *c, enum cq_crawl_state to);
uint64_t cq_crawl_inner(const struct cq_crawl *c); /* now, on the clock that stands still */
/* What is told next, with a text that lasts, "" for none; valid until another one is. */
struct cq_told *cq_crawl_tell(struct cq_crawl *c, enum cq_crawl_event_kind kind, int step,
                              const char *text);
/* The same with an error and a text that is made. */
struct cq_told *cq_crawl_push(struct cq_crawl *c, enum cq_crawl_event_kind kind, int step, int err,
                              const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The first fault ends the conversation. */
void cq_crawl_fail(struct cq_crawl *c, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void cq_crawl_over(struct cq_crawl *c); /* the conversation has ended */
/* A copy that lives as long as the crawl; NULL for NULL, "" where there is no memory. */
const char *cq_crawl_keep(struct cq_crawl *c, const char *text);
/* The same without an end, where it has ended already. */
void cq_crawl_blame(struct cq_crawl *c, int err, const char *text);

/* crawl_work.c: 0 or CQ_ENOMEM */
int cq_crawl_work_new(struct cq_crawl *c);
void cq_crawl_work_free(struct cq_crawl *c);
void cq_crawl_work_rest(struct cq_crawl *c);   /* all asks are ready: to read or to judge them */
void cq_crawl_work_charge(struct cq_crawl *c); /* the budget learns of what has grown */

/* crawl_conn.c */
void cq_crawl_pump(struct cq_crawl *c); /* all events of the connection */
void cq_crawl_give_block(struct cq_crawl *c);

/* crawl_ask.c */
void cq_crawl_answer(struct cq_crawl *c, const struct cql_event *ev); /* RESULT, ERROR, TIMEOUT */
void cq_crawl_ask(struct cq_crawl *c); /* the next write, if it is due */
uint64_t cq_crawl_ask_deadline(const struct cq_crawl *c);

/* crawl_rate.c */
void cq_crawl_rate_begin(struct cq_crawl *c);
uint64_t cq_crawl_rate_deadline(const struct cq_crawl *c); /* on the inner clock */
void cq_crawl_rate_check(struct cq_crawl *c);

enum cq_table cq_crawl_peers_table(const struct cq_crawl *c);

/* crawl_known.c */
enum cq_meeting {
    CQ_MEET_READ,  /* on to the schema */
    CQ_MEET_PEERS, /* the old peers table first */
    CQ_MEET_OVER,  /* a heartbeat, or another cluster */
};
enum cq_meeting cq_crawl_meet(struct cq_crawl *c);
void cq_crawl_met_all(struct cq_crawl *c, const struct cq_cursor *peers);
bool cq_crawl_emit_heartbeat(struct cq_crawl *c, struct cq_crawl_event *ev);

/* crawl_emit.c, crawl_nodes.c */
void cq_crawl_close_scope(struct cq_crawl *c); /* its times and cost */
bool cq_crawl_emit(struct cq_crawl *c, struct cq_crawl_event *ev);
bool cq_crawl_emit_cluster(struct cq_crawl *c, struct cq_crawl_event *ev);
bool cq_crawl_emit_node(struct cq_crawl *c, struct cq_crawl_event *ev, bool *on);
/* True: no record is made, this one is only counted. */
bool cq_crawl_discards(struct cq_crawl *c, enum cq_kind kind);
bool cq_crawl_line(struct cq_crawl *c, int err, enum cq_kind kind, cq_bytes line,
                   struct cq_crawl_event *ev);

/* crawl_verdict.c */
void cq_crawl_verdict(struct cq_crawl *c);
void cq_crawl_cost(struct cq_crawl *c); /* into the scope */
int cq_crawl_reason_err(const struct cq_crawl *c);
void cq_crawl_read_after(struct cq_crawl *c, int reading, int first_ask);

#endif
