/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulated cluster does wrong on purpose. A fault is written NAME, NAME=VALUE, and with @I
 * for the cluster of that index only, with @I/N for every cluster whose index modulo N is I. The
 * table in faults.c is the list; `cqlsim --help` prints it.
 */
#ifndef CQSIM_FAULTS_H
#define CQSIM_FAULTS_H

#include "sim/bytes.h"

struct cqsim_faults {
    /* connections */
    bool refuse;          /* nothing listens */
    bool silent;          /* accepts, reads, never answers */
    uint64_t trickle;     /* bytes per second out */
    uint64_t reset_after; /* RST behind so many bytes out; 0 = off */
    uint64_t close_after; /* FIN behind so many bytes out; 0 = off */
    uint64_t split;       /* writes in pieces of 1..k bytes */
    uint64_t latency_ms;  /* each answer waits so long */
    const char *garbage;  /* "http", "ssh" or a text that greets every connection */
    /* protocol */
    bool wrong_version;  /* every version is refused */
    bool bad_crc;        /* v5: checksums of payloads are wrong from the first RESULT on */
    bool huge_body;      /* answers to queries claim 256 MB */
    bool warnings;       /* warnings and custom payload before every RESULT */
    bool events;         /* unsolicited EVENTs between answers */
    bool repeated_state; /* the paging state never moves */
    bool endless;        /* pages never end */
    /* statements */
    uint64_t overloaded; /* the first so many statements answer 0x1001 */
    const char *denied;  /* table names, keyspace.table[,...] */
    const char *fail;
    const char *absent;
    /* content */
    uint64_t torn; /* schema_version changes so many times while tables are read */
    bool null_version;
    bool disagree;   /* peers report another schema_version */
    bool null_peers; /* a peer row with nothing but its key */
    bool orphan_column;
    bool orphan_index;
    bool orphan_keyspace;
    bool duplicate;
    bool unordered;
    bool unordered_rows;
    const char *extra_column; /* type letter (release.c) of an unknown column in tables */
    bool unknown_type;        /* a column of tables has a type id that nobody knows */
};

enum { CQSIM_MAX_SPEC = 512 };

/* Writes the faults of cluster `index` that the specs name; false and a text on a bad spec. */
bool cqsim_faults_parse(const char *const *specs, size_t n_specs, size_t index,
                        struct cqsim_faults *out, char *error, size_t n_error);
void cqsim_faults_fini(struct cqsim_faults *f);
/* Whether a comma list holds keyspace.table. */
bool cqsim_faults_names(const char *list, const char *keyspace, const char *table);
/* One line per fault: name, value, meaning; NULL behind the last. */
const char *cqsim_faults_help(size_t i);

#endif
