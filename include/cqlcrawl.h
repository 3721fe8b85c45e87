/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cqlcrawl: reads the whole schema of many Cassandra-like clusters over the raw CQL protocol and
 * hands it out as records (NDJSON lines, docs/records.md). This is the only installed header; the
 * command line program uses nothing else.
 *
 * Life cycle
 *   cqlcrawl_new -> [cqlcrawl_sink_add] -> cqlcrawl_add (any number, at any time)
 *   -> records and events by callback, records to the sinks -> cqlcrawl_close -> closed
 *
 * Loops: on the host's uv_loop_t (options.loop), or on a private loop that the host drives with
 * cqlcrawl_run, or with cqlcrawl_poll beside a few descriptors of its own, or polls with
 * cqlcrawl_fd, cqlcrawl_timeout and cqlcrawl_step beside its own epoll.
 * One thread: every call comes from the thread that runs the loop. Callbacks fire at the end of a
 * turn; any call of this header is legal inside them.
 *
 * Structs that the caller fills begin with their size (CQLCRAWL_INIT sets it): a newer library
 * takes an older program's. Everything passed in is copied before the call returns. Functions
 * return 0 or a negative code (cqlcrawl_strerror); the library prints nothing, installs no signal
 * handler, changes no limit, keeps no globals.
 */
#ifndef CQLCRAWL_H
#define CQLCRAWL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CQLCRAWL_API __attribute__((visibility("default")))
#else
#define CQLCRAWL_API
#endif

#define CQLCRAWL_VERSION "0.3.0"

typedef struct cqlcrawl cqlcrawl;

/* ---- a target: one cluster to read ---- */

enum cqlcrawl_tls_mode {
    CQLCRAWL_TLS_DISABLE = 0,
    CQLCRAWL_TLS_REQUIRE = 1,     /* encrypted, nothing verified */
    CQLCRAWL_TLS_VERIFY_CA = 2,   /* the certificate's chain, not its name */
    CQLCRAWL_TLS_VERIFY_FULL = 3, /* chain and name */
};

enum cqlcrawl_auth { CQLCRAWL_AUTH_NONE = 0, CQLCRAWL_AUTH_PLAIN = 1, CQLCRAWL_AUTH_MTLS = 2 };
enum cqlcrawl_proof {
    CQLCRAWL_PROOF_NONE = 0,
    CQLCRAWL_PROOF_VERSION = 1,
    CQLCRAWL_PROOF_SETTLED = 2
};
enum cqlcrawl_compression {
    CQLCRAWL_COMPRESSION_AUTO = 0,
    CQLCRAWL_COMPRESSION_NONE = 1,
    CQLCRAWL_COMPRESSION_LZ4 = 2
};

/* Where a secret or a PEM text comes from. Files and variables are read when an attempt begins, so
 * that a rotated one is seen. Of a file or variable exactly one trailing LF or CRLF is removed
 * (secrets only). */
enum cqlcrawl_source {
    CQLCRAWL_UNSET = 0,
    CQLCRAWL_BYTES = 1, /* text, n */
    CQLCRAWL_FILE = 2,  /* text: a path */
    CQLCRAWL_ENV = 3,   /* text: a variable's name */
};

struct cqlcrawl_text {
    enum cqlcrawl_source source;
    const char *text;
    size_t n; /* BYTES only */
};

struct cqlcrawl_pair {
    const char *name;
    const char *value;
};

struct cqlcrawl_endpoint {
    const char *host; /* a name, an IPv4 or an IPv6 address without brackets */
    uint16_t port;    /* 0: 9042 */
};

struct cqlcrawl_target {
    size_t size;
    const char *name; /* record key `cluster`; NULL: host:port of the first endpoint */
    const struct cqlcrawl_endpoint *endpoints;
    size_t n_endpoints;
    const struct cqlcrawl_pair *labels;
    size_t n_labels;

    enum cqlcrawl_tls_mode tls_mode;
    const char *tls_sni; /* NULL: the endpoint's host where it is a name */
    /* The name or address that the certificate must be for; NULL: the endpoint's host. */
    const char *tls_name;
    struct cqlcrawl_text tls_cacert, tls_cert, tls_key; /* PEM */

    enum cqlcrawl_auth auth;
    const char *user;
    struct cqlcrawl_text password;
    int allow_plaintext_login;
    /* Class names besides the known ones that may see the password, NULL-terminated; or NULL. */
    const char *const *allow_authenticators;

    int protocol; /* 0 auto, 4, 5 */
    enum cqlcrawl_compression compression;
    uint64_t timeout_ms;         /* of one attempt; 0: 30 s */
    uint64_t connect_timeout_ms; /* of each of resolve, connect, TLS; 0: 5 s */

    /* Extended regular expressions that must match the whole of keyspace.name (of a keyspace: its
     * name). NULL: everything is written, nothing is left out. */
    const char *include;
    const char *exclude;
    int system; /* write objects of system keyspaces too */
    enum cqlcrawl_proof proof;
    unsigned attempts;   /* of a torn read; 0: 3 */
    int check;           /* read and judge everything, make no records */
    uint32_t page_rows;  /* rows per page; 0: chosen by bytes */
    void *user_data;     /* comes back in callbacks */
    int tls_min_version; /* 0: TLS 1.2; 12, 13 */

    /* Further attempts after a fault that may pass by itself (class network, an overloaded or
     * joining server, a shortage of ours), with full jitter between them. 0: CQLCRAWL_RETRIES. */
    unsigned retries;
    unsigned max_in_flight; /* statements unanswered at once; 0: all that there are */
    /* The state knows another cluster under this name: believe this one (else nothing of it is
     * written, err identity_mismatch). */
    int accept_identity;
    /* Where nothing has changed since a complete read that the state knows, one heartbeat record
     * stands for the schema: for destinations that keep what they have. */
    int incremental;
    /* but a complete read older than this is done again all the same (spread over the last quarter
     * of it). 0: 24 h; CQLCRAWL_NEVER. */
    uint64_t full_after_ms;
    /* Without a state DONE waits until the second of its epoch is over, so that the next crawl of
     * this name has a larger one. Not 0: nobody keeps these records by their version, it does not
     * wait (a bench). */
    int epochs_may_repeat;
};

#define CQLCRAWL_NEVER UINT64_MAX

#define CQLCRAWL_RETRIES 2u
#define CQLCRAWL_NO_RETRIES 0xffffffffu /* retries: none */

/* ---- what comes out ---- */

enum cqlcrawl_step {
    CQLCRAWL_STEP_RESOLVE = 0,
    CQLCRAWL_STEP_CONNECT = 1,
    CQLCRAWL_STEP_TLS = 2,
    CQLCRAWL_STEP_PROTOCOL = 3,
    CQLCRAWL_STEP_LOGIN = 4,
    CQLCRAWL_STEP_READ = 5,
};

enum cqlcrawl_read {
    CQLCRAWL_READ_COMPLETE = 0,
    CQLCRAWL_READ_INCOMPLETE = 1,
    CQLCRAWL_READ_FAILED = 2
};

enum cqlcrawl_event_kind {
    CQLCRAWL_EVENT_STEP = 0,    /* one step of one attempt ended */
    CQLCRAWL_EVENT_ATTEMPT = 1, /* an attempt ended, another one follows (torn, sorted): text */
    CQLCRAWL_EVENT_DONE = 2,    /* a target is finished: the last event with its id */
    CQLCRAWL_EVENT_STARTED = 3, /* an attempt begins: the target has a slot */
    CQLCRAWL_EVENT_SINK = 4,    /* a sink goes on, cools down or parks: id is the sink's */
    /* Once per cause, text says why: fewer at once than asked for; or (err) a state directory that
     * cannot be written: crawls go on under epochs by the clock, and what is not remembered is read
     * in full the next time. */
    CQLCRAWL_EVENT_LIMIT = 5,
};

/* What became of a target's records at the sinks. */
enum cqlcrawl_delivery {
    CQLCRAWL_DELIVERY_NONE = 0,     /* there is no sink, or no record came so far */
    CQLCRAWL_DELIVERY_ACCEPTED = 1, /* every record, by every sink */
    CQLCRAWL_DELIVERY_REJECTED = 2, /* some are dead letters, the others accepted */
    CQLCRAWL_DELIVERY_UNKNOWN = 3,  /* the handle was closed before the sinks had answered */
};

struct cqlcrawl_event {
    size_t size;
    enum cqlcrawl_event_kind kind;
    uint64_t id; /* of cqlcrawl_add */
    const char *name;
    void *user_data;
    /* STEP */
    enum cqlcrawl_step step;
    uint64_t ns;
    /* STEP, DONE: 0 or negative, with words */
    int err;
    const char *code;   /* "connection_refused" */
    const char *class_; /* "network" */
    const char *text;
    const char *remedy;
    /* DONE */
    enum cqlcrawl_read read;
    enum cqlcrawl_proof proof;
    unsigned attempts;
    /* lines of the last attempt, by kind */
    uint64_t keyspaces, tables, views, types, functions, aggregates, anomalies, nodes;
    /* of all attempts */
    uint64_t records, bytes_in, bytes_out, ns_total;
    unsigned requests, connections, waits;
    int agreement;      /* 1 agreed, 0 not, -1 unknown */
    const char *reason; /* code of the first reason of an incomplete read; NULL */
    /* DONE */
    enum cqlcrawl_delivery delivery;
    uint64_t dead_letters;    /* of delivery */
    int unchanged;            /* a heartbeat stood for the schema */
    unsigned schema_versions; /* different ones among the nodes; 0: unknown */
    int64_t not_after_ms;     /* of the server's certificate, since 1970; 0: no TLS */
    uint64_t epoch;           /* of the last attempt */
    const char *cluster_name; /* what the server calls itself; NULL: it was not reached */
    /* SINK */
    int sink_state; /* enum cqlcrawl_sink_state */
    /* DONE: what the last attempt spent its time with; 0: it had no such phase. protocol: OPTIONS
     * and STARTUP; before, main, after: the three writes. first_byte: since the attempt began. */
    uint64_t ns_resolve, ns_connect, ns_tls, ns_protocol, ns_login;
    uint64_t ns_before, ns_main, ns_after, ns_first_byte;
};

enum cqlcrawl_flow { CQLCRAWL_CONTINUE = 0, CQLCRAWL_PAUSE = 1 };

struct cqlcrawl_options {
    size_t size;
    void *loop;           /* uv_loop_t *; NULL: a private loop */
    uint64_t memory_max;  /* bytes of all pages and batches; 0: 64 MiB */
    unsigned concurrency; /* targets at once; 0: 1000 */
    /* One line of NDJSON, LF included; valid during the call. PAUSE: this target waits until
     * cqlcrawl_resume(c, id). NULL: the host wants none; where there is no sink and no state
     * either, records are not even made (as with target.check): the verdict and DONE's counts are
     * as ever, `records` is 0. A value that could not be written as a record is not noticed then.
     */
    enum cqlcrawl_flow (*record)(void *ctx, uint64_t id, void *user_data, const char *line,
                                 size_t n);
    void (*event)(void *ctx, const struct cqlcrawl_event *ev);
    void *ctx;
    /* As realloc; n == 0 frees. NULL: the C library's. */
    void *(*resize)(void *ctx, void *p, size_t n);
    void *resize_ctx;

    unsigned rate;      /* attempts begun per second; 0: no limit */
    unsigned half_open; /* connections that are being made at once, at most 16384; 0: 256 */
    uint64_t seed;      /* of every jitter; 0: from the system */
    /* A directory that remembers each cluster's epochs, versions and identity (made where it is
     * missing, on a local disk; one process at a time). It has a thread of its own, with every
     * signal blocked. NULL: nothing is remembered. */
    const char *state;
    /* What the host's callback does with records, in a word of its own (a folder's path): what was
     * read for another destination is read again in full. NULL: one and the same. */
    const char *destination;
    /* Where cqlcrawl_new fails, its words go here (there is no handle to ask); may be NULL. */
    char *why;
    size_t why_n;
};

#define CQLCRAWL_INIT(type) ((struct type){.size = sizeof(struct type)})

/* Opens options.state (waits for the disk), contacts nobody. Negative: no handle; options.why has
 * the words. */
CQLCRAWL_API int cqlcrawl_new(cqlcrawl **out, const struct cqlcrawl_options *options);
/* Checks and copies the target; id may be NULL. Negative: it is not valid, cqlcrawl_last_error says
 * why. A cluster is read once at a time: another target of its name is refused until DONE. */
CQLCRAWL_API int cqlcrawl_add(cqlcrawl *c, const struct cqlcrawl_target *target, uint64_t *id);
/* The same checks without adding; contacts nobody. PEM files are read, password files are not. */
CQLCRAWL_API int cqlcrawl_validate(cqlcrawl *c, const struct cqlcrawl_target *target);
CQLCRAWL_API const char *cqlcrawl_last_error(const cqlcrawl *c);
/* Asynchronous: ends with a DONE event, err CQ cancelled. cancel_all: every target, queued ones
 * too. */
CQLCRAWL_API int cqlcrawl_cancel(cqlcrawl *c, uint64_t id);
CQLCRAWL_API void cqlcrawl_cancel_all(cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_resume(cqlcrawl *c, uint64_t id);
/* Targets not done yet: a target is done when its read is over and every sink has answered for its
 * records. */
CQLCRAWL_API size_t cqlcrawl_active(const cqlcrawl *c);
/*
 * Everything is cancelled, handles are closed, then `closed` (may be NULL) fires once and c is
 * gone. No record comes any more; every target that is not done gets its DONE. On the host's loop
 * this is asynchronous; on a private one it is over when the call returns, or, inside a callback,
 * when the run, poll or step around it returns: c is not to be touched afterwards.
 */
CQLCRAWL_API void cqlcrawl_close(cqlcrawl *c, void (*closed)(void *ctx), void *ctx);

/* ---- what is going on ---- */

struct cqlcrawl_stats {
    size_t size;
    uint64_t queued, later, running, half_open, delivering; /* targets, by what they wait for */
    uint64_t concurrency;                                   /* slots as they are now */
    uint64_t memory_used, memory_peak, memory_max;
    uint64_t starved;        /* running, and waiting for memory */
    uint64_t sink_bound;     /* running, and waiting for a sink or for the host's callback */
    uint64_t state_failures; /* what the state directory could not take */
};

CQLCRAWL_API void cqlcrawl_stats(const cqlcrawl *c, struct cqlcrawl_stats *out);

/*
 * The shard of a cluster among n (1 or more): a stable hash of its name, the same on every machine
 * and in every version: XXH3-64 of the name's bytes, modulo n.
 */
CQLCRAWL_API unsigned cqlcrawl_shard(const char *name, unsigned n);

/* Inside DONE: what the host kept of this target is lost (a file that could not be renamed). The
 * state then does not call its read complete, so that the next crawl is no heartbeat. */
CQLCRAWL_API int cqlcrawl_undelivered(cqlcrawl *c, uint64_t id);

/* ---- sinks: HTTP receivers of every record ---- */

enum cqlcrawl_encoding {
    CQLCRAWL_ENCODING_IDENTITY = 0,
    CQLCRAWL_ENCODING_GZIP = 1,
    CQLCRAWL_ENCODING_ZSTD = 2
};

enum cqlcrawl_sink_state {
    CQLCRAWL_SINK_OPEN = 0,
    CQLCRAWL_SINK_COOLING = 1, /* nothing is sent before a time */
    CQLCRAWL_SINK_PARKED = 2,  /* 401, 403, 404, 3xx ...: asked again slowly; nothing is lost */
};

/* A record that the receiver will never take, with its answer. All views live during the call. */
struct cqlcrawl_dead_letter {
    size_t size;
    const char *sink; /* its name */
    long status;      /* of HTTP; 0: it was never sent */
    const char *why;  /* "rejected", "too_large"; "out_of_memory": there was no room for it */
    const char *answer;
    size_t n_answer;
    const char *line; /* the record, LF included */
    size_t n;
};

struct cqlcrawl_sink {
    size_t size;
    const char *name; /* NULL: the URL's host and port */
    const char *url;  /* http or https; a token or password over http goes to loopback only */
    struct cqlcrawl_text token; /* Authorization: Bearer */
    const char *user;           /* Authorization: Basic */
    struct cqlcrawl_text password;
    struct cqlcrawl_text cacert, cert, key; /* PEM */
    enum cqlcrawl_encoding encoding;
    unsigned in_flight;     /* requests at once; 0: 4 */
    uint32_t batch_records; /* a batch is cut at so many records (0: 1000), */
    uint64_t batch_bytes;   /* so many bytes before compression (0: 1 MiB), */
    uint64_t batch_age_ms;  /* or when its first record is so old (0: 1 s) */
    uint64_t timeout_ms;    /* of one request (0: 60 s) */
    int plain_key;          /* Idempotency-Key without the quotes of RFC 8941 */
    /*
     * Keeps one dead letter for good before it returns. Not 0: it could not; the sink parks and
     * tries again. NULL: the sink parks at the first record that is refused.
     */
    int (*dead_letter)(void *ctx, const struct cqlcrawl_dead_letter *letter);
    void *ctx;
};

struct cqlcrawl_sink_stats {
    size_t size;
    const char *name;
    enum cqlcrawl_sink_state state;
    const char *code, *text;                  /* why it is cooling or parked; NULL */
    uint64_t retry_at_ms;                     /* milliseconds from now; 0: open */
    uint64_t offered, accepted, dead_letters; /* records; offered = accepted + dead + pending */
    uint64_t pending;
    uint64_t requests, retries;    /* retries: requests sent again, of `requests` */
    uint64_t bytes, bytes_encoded; /* of bodies that were accepted */
    uint64_t in_flight;
    int full; /* it has no room: crawls wait */
};

/* Before the first target is added. Checks, reads PEM and secrets once (they are read again when a
 * receiver answers 401), contacts nobody. id may be NULL. */
CQLCRAWL_API int cqlcrawl_sink_add(cqlcrawl *c, const struct cqlcrawl_sink *sink, uint64_t *id);
CQLCRAWL_API size_t cqlcrawl_sinks(const cqlcrawl *c);
/* i: 0 to cqlcrawl_sinks - 1. 0 or not_found. */
CQLCRAWL_API int cqlcrawl_sink_stats(const cqlcrawl *c, size_t i, struct cqlcrawl_sink_stats *out);
/* Requests that wait for their time are tried at once, and parked or cooling sinks read their
 * secrets again. */
CQLCRAWL_API void cqlcrawl_sinks_wake(cqlcrawl *c);

/* ---- documents over HTTP (service discovery) ---- */

struct cqlcrawl_fetch {
    size_t size;
    const char *url;
    struct cqlcrawl_text token;
    const char *user;
    struct cqlcrawl_text password;
    struct cqlcrawl_text cacert, cert, key;
    const struct cqlcrawl_pair *headers;
    size_t n_headers;
    uint64_t timeout_ms; /* 0: 30 s */
    size_t max;          /* bytes of the body; 0: 64 MiB */
    /* Once, at the end of a turn. err 0: an answer came, whatever its status. Views live during the
     * call. */
    void (*done)(void *ctx, int err, const char *text, long status, const char *content_type,
                 const char *body, size_t n);
    void *ctx;
};

CQLCRAWL_API int cqlcrawl_fetch(cqlcrawl *c, const struct cqlcrawl_fetch *fetch);

/*
 * Private loop only. run: until no target is active and no fetch under way, or cqlcrawl_stop. A
 * host with a poll of its own waits for fd to become readable, timeout milliseconds at most (-1: no
 * limit), then calls step, which does what there is to do and never waits.
 */
CQLCRAWL_API int cqlcrawl_run(cqlcrawl *c);
CQLCRAWL_API void cqlcrawl_stop(cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_fd(const cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_timeout(const cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_step(cqlcrawl *c);
/*
 * Private loop, for a host that waits for little else: poll(2) over fds (POLLIN, POLLOUT; revents
 * are set), and the library's work at the same time, which is one system call where fd, timeout and
 * step take four. It returns after a turn, whichever of both had something, or after timeout
 * milliseconds (-1: no limit). How many fds are ready, or negative. A descriptor stands in it once,
 * and before it is closed its place is given with fd -1 (closing c does as well).
 */
struct pollfd;
CQLCRAWL_API int cqlcrawl_poll(cqlcrawl *c, struct pollfd *fds, size_t n, int timeout);

CQLCRAWL_API const char *cqlcrawl_version(void);
/* Versions of the libraries that it runs with: "libuv 1.44.2, OpenSSL 3.0.19 ...". Returns the
 * length of the whole, as snprintf. */
CQLCRAWL_API int cqlcrawl_libraries(char *to, size_t n);
CQLCRAWL_API const char *cqlcrawl_strerror(int err);
CQLCRAWL_API const char *cqlcrawl_errcode(int err);
CQLCRAWL_API const char *cqlcrawl_errclass(int err);
CQLCRAWL_API const char *cqlcrawl_remedy(int err);

#ifdef __cplusplus
}
#endif

#endif
