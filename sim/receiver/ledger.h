/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has arrived, by hash: bodies by Idempotency-Key, records by id and version, clusters by
 * name, scopes by cluster and epoch. No line is kept; a record remembers where it stands in the
 * store.
 *
 * Per body: key() first, also for a body that will be refused; then, if it is accepted, line() per
 * line and accepted(). What ought not to be is counted in violations and, the first few, said.
 */
#ifndef CQSIM_RECEIVER_LEDGER_H
#define CQSIM_RECEIVER_LEDGER_H

#include "sim/receiver/line.h"
#include "sim/receiver/map.h"

enum {
    CQSIM_MAX_KINDS = 24,
    CQSIM_MAX_KIND_NAME = 32,
    CQSIM_MAX_SAID = 20,
    CQSIM_SEQUENCE_BITS = 22 /* version = epoch << 22 | line of the scope (docs/records.md) */
};

enum cqsim_violation {
    CQSIM_KEY_REUSED,      /* a key came with another body */
    CQSIM_DUPLICATE_OTHER, /* a record was accepted again, not under the key of the first time */
    CQSIM_CONFLICT,        /* one id and version with two contents */
    CQSIM_OUT_OF_ORDER,    /* first accepted behind a higher version of its cluster */
    CQSIM_AFTER_END,       /* first accepted behind the end of its scope */
    CQSIM_N_VIOLATIONS
};

struct cqsim_key {
    uint64_t body;
    uint32_t seen, accepted;
};

#define CQSIM_NO_RECORD UINT32_MAX

struct cqsim_record {
    uint64_t version, line, key;
    uint64_t offset; /* in the store */
    uint32_t n;
    uint32_t next; /* of its cluster, CQSIM_NO_RECORD behind the last */
};

struct cqsim_scope {
    uint64_t epoch;
    uint32_t cluster;
    uint32_t n;       /* different records of it so far */
    uint32_t missing; /* lines that had not arrived when its end did */
    bool ended;
};

struct cqsim_tally {
    uint64_t lines;    /* accepted, duplicates included */
    uint64_t distinct; /* (id, version) */
    uint64_t same_key; /* duplicates under the first key */
    uint64_t begun, complete, incomplete, failed, heartbeats;
    uint64_t missing;                /* records that were not there when their scope ended */
    uint64_t short_ends;             /* scopes that ended so */
    uint64_t kinds[CQSIM_MAX_KINDS]; /* of distinct records */
    uint64_t violations[CQSIM_N_VIOLATIONS];
};

struct cqsim_source {
    char *name; /* raw, as in the JSON */
    uint64_t last_version;
    uint32_t first, last; /* of its records */
    struct cqsim_tally tally;
};

struct cqsim_ledger {
    struct cqsim_map by_key, by_record, by_id, by_cluster, by_scope;
    struct cqsim_key *keys;
    struct cqsim_record *records;
    struct cqsim_source *sources;
    struct cqsim_scope *scopes;
    char kinds[CQSIM_MAX_KINDS][CQSIM_MAX_KIND_NAME];
    unsigned n_kinds;
    struct cqsim_tally all;
    uint64_t keys_again, without_key, accepted_again;
    char *said[CQSIM_MAX_SAID];
    unsigned n_said;
};

/* false: the key came before with another body. An empty key is none. */
bool cqsim_ledger_key(struct cqsim_ledger *l, const char *key, struct cqsim_slice body);
/* The record if it came for the first time, for its place in the store; else NULL. */
struct cqsim_record *cqsim_ledger_line(struct cqsim_ledger *l, const char *key,
                                       struct cqsim_slice text,
                                       const struct cqsim_record_line *line);
void cqsim_ledger_accepted(struct cqsim_ledger *l, const char *key);
/* A body was accepted under this key. */
bool cqsim_ledger_has(const struct cqsim_ledger *l, const char *key);
const struct cqsim_source *cqsim_ledger_source(const struct cqsim_ledger *l,
                                               struct cqsim_slice name);
void cqsim_ledger_fini(struct cqsim_ledger *l);
const char *cqsim_violation_name(enum cqsim_violation v);

#endif
