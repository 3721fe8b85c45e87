/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cqlcrawl: reads the whole schema of many Cassandra-like clusters over the raw CQL protocol and
 * hands it out as records (NDJSON lines, docs/records.md). This is the only installed header; the
 * command line program uses nothing else.
 *
 * Life cycle
 *   cqlcrawl_new -> cqlcrawl_add (any number, at any time) -> records and events by callback
 *   -> cqlcrawl_close -> closed
 *
 * Loops: on the host's uv_loop_t (options.loop), or on a private loop that the host drives with
 * cqlcrawl_run, or polls with cqlcrawl_fd, cqlcrawl_timeout and cqlcrawl_step beside its own epoll.
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

#define CQLCRAWL_VERSION "0.1.0"

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
    int check;           /* read everything, write no records */
    uint32_t page_rows;  /* rows per page; 0: chosen by bytes */
    void *user_data;     /* comes back in callbacks */
    int tls_min_version; /* 0: TLS 1.2; 12, 13 */
};

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
};

enum cqlcrawl_flow { CQLCRAWL_CONTINUE = 0, CQLCRAWL_PAUSE = 1 };

struct cqlcrawl_options {
    size_t size;
    void *loop;           /* uv_loop_t *; NULL: a private loop */
    uint64_t memory_max;  /* bytes of all pages and batches; 0: 64 MiB */
    unsigned concurrency; /* targets at once; 0: 1000 */
    /* One line of NDJSON, LF included; valid during the call. PAUSE: this target waits until
     * cqlcrawl_resume(c, id). */
    enum cqlcrawl_flow (*record)(void *ctx, uint64_t id, void *user_data, const char *line,
                                 size_t n);
    void (*event)(void *ctx, const struct cqlcrawl_event *ev);
    void *ctx;
    /* As realloc; n == 0 frees. NULL: the C library's. */
    void *(*resize)(void *ctx, void *p, size_t n);
    void *resize_ctx;
};

#define CQLCRAWL_INIT(type) ((struct type){.size = sizeof(struct type)})

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
CQLCRAWL_API size_t cqlcrawl_active(const cqlcrawl *c); /* targets not done yet */
/*
 * Everything is cancelled, handles are closed, then `closed` (may be NULL) fires once and c is
 * gone. No record comes any more; every target that is not done gets its DONE. On the host's loop
 * this is asynchronous; on a private one it is over when the call returns, or, inside a callback,
 * when the run or step around it returns: c is not to be touched afterwards.
 */
CQLCRAWL_API void cqlcrawl_close(cqlcrawl *c, void (*closed)(void *ctx), void *ctx);

/*
 * Private loop only. run: until no target is active or cqlcrawl_stop. A host with a poll of its own
 * waits for fd to become readable, timeout milliseconds at most (-1: no limit), then calls step,
 * which does what there is to do and never waits.
 */
CQLCRAWL_API int cqlcrawl_run(cqlcrawl *c);
CQLCRAWL_API void cqlcrawl_stop(cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_fd(const cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_timeout(const cqlcrawl *c);
CQLCRAWL_API int cqlcrawl_step(cqlcrawl *c);

CQLCRAWL_API const char *cqlcrawl_version(void);
CQLCRAWL_API const char *cqlcrawl_strerror(int err);
CQLCRAWL_API const char *cqlcrawl_errcode(int err);
CQLCRAWL_API const char *cqlcrawl_errclass(int err);
CQLCRAWL_API const char *cqlcrawl_remedy(int err);

#ifdef __cplusplus
}
#endif

#endif
