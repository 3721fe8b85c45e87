/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a run as a whole: by `run` and `sinks` of the configuration, and over it by the
 * command line. Whoever carries it out reads cq_inventory.settings, where both are put together.
 * Zero and NULL: not said; cq_settings_finish puts the program's own defaults there.
 */
#ifndef CQ_CLI_SETTINGS_H
#define CQ_CLI_SETTINGS_H

#include "cqlcrawl.h"

#include "cli/diag.h"

enum cq_fail_kind {
    CQ_FAIL_UNSAID,
    CQ_FAIL_NONE,
    CQ_FAIL_COUNT,   /* n clusters or more that are not complete; any: 1 */
    CQ_FAIL_PERCENT, /* n per cent of all of them, or more, and at least one */
};

struct cq_fail_on {
    enum cq_fail_kind kind;
    uint64_t n;
};

/* A receiver of records. Its dead_letter is for the session to set. */
struct cq_sink_spec {
    struct cqlcrawl_sink
        s; /* name and url are said; secrets are references until they are placed */
    struct cq_place at;
};

struct cq_settings {
    uint64_t concurrency; /* clusters at once */
    uint64_t memory_max;  /* bytes */
    uint64_t rate;        /* attempts begun per second */
    uint64_t half_open;   /* connections being made at once */
    uint64_t seed;
    const char *state;      /* a directory */
    uint64_t full_after_ms; /* unchanged clusters are read in full so often all the same */
    unsigned shard, shards; /* 1..shards of shards */
    struct cq_fail_on fail_on;
    const char *dead_letters, *metrics_file; /* files */
    struct cqlcrawl_endpoint metrics_listen; /* an address and its port */
    const struct cq_sink_spec *sinks;
    size_t n_sinks;
};

/* What `over` does not say is taken from `under`. Sinks of the command line stand instead of those
 * of the configuration. */
void cq_settings_inherit(struct cq_settings *over, const struct cq_settings *under);
/* Whether so many of so many that are not complete make the run fail. */
bool cq_fails(const struct cq_fail_on *f, uint64_t bad, uint64_t all);

/* The grammars; false: not of that form. */
bool cq_parse_rate(const char *s, uint64_t *per_second);      /* 200/s */
bool cq_parse_fail_on(const char *s, struct cq_fail_on *out); /* any, none, 3, 5% */
/* 127.0.0.1:9542, [::1]:9542: an address, never a name. */
bool cq_parse_listen(struct cq_pool *pool, const char *s, struct cqlcrawl_endpoint *out);
/* I/N, I from 1 to N; auto and auto/N: I and N of the environment of an array job (Slurm, AWS
 * Batch, and with N the indexed jobs of Kubernetes). NULL, or what is wrong. */
const char *cq_parse_shard(const char *s, unsigned *shard, unsigned *shards);

#define CQ_EXPECT_RATE "a rate: 200/s"
#define CQ_EXPECT_FAIL_ON "any, none, a number of clusters or a percentage (5%)"
#define CQ_EXPECT_LISTEN "an address and its port: 127.0.0.1:9542, [::1]:9542"

/* url.c: the parts of an http or https URL that are needed here, and what must not be in one. */
struct cq_url {
    const char *host; /* without brackets */
    unsigned port;
    bool https, loopback; /* loopback: 127/8, ::1, localhost */
};
/* NULL, or what is wrong, in words that do not repeat the URL (a secret may stand in it). */
const char *cq_parse_url(struct cq_pool *pool, const char *s, struct cq_url *out);
/* Of anything that is asked over HTTP: URL, credentials, certificates. False with a diagnostic. */
struct cq_http_login {
    const char *url, *user;
    const struct cqlcrawl_text *token, *password, *cacert, *cert, *key;
};
bool cq_check_http(struct cq_pool *pool, struct cq_diags *d, struct cq_place at, const char *what,
                   const struct cq_http_login *l, struct cq_url *url);

/* sinks.c: names, URLs, credentials of all of them. False with diagnostics. */
bool cq_sinks_check(struct cq_pool *pool, struct cq_diags *d, struct cq_sink_spec *sinks, size_t n);

#endif
