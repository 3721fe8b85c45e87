/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulated cluster does wrong on purpose. A fault is written NAME or NAME=VALUE, and behind
 * an @, with commas between: I for the cluster of that index only, I/N for every cluster whose
 * index modulo N is I, from=SECONDS and to=SECONDS after the start for a fault that comes and goes.
 * The table in faults.c is the list; `cqlsim --help` prints it.
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
    uint64_t rtt_ms;      /* every wait of the wire, those of TCP and TLS too */
    uint64_t jitter_ms;   /* up to so much more */
    uint64_t bandwidth;   /* bytes per second out; 0 = no limit */
    uint64_t connections; /* more than so many at once are reset; 0 = no limit */
    bool expired_cert;    /* TLS with a certificate that has expired */
    const char *garbage;  /* "http", "ssh" or a text that greets every connection */
    /* protocol */
    bool wrong_version;          /* every version is refused */
    bool bad_crc;                /* v5: checksums of payloads are wrong from the first RESULT on */
    bool huge_body;              /* answers to queries claim 256 MB */
    bool warnings;               /* warnings and custom payload before every RESULT */
    bool events;                 /* unsolicited EVENTs between answers */
    bool repeated_state;         /* the paging state never moves */
    bool endless;                /* pages never end */
    bool held;                   /* answers nothing once it is READY */
    bool wrong_password;         /* whatever the login */
    uint64_t overloaded_startup; /* the first so many STARTUPs answer 0x1001 */
    /* statements */
    uint64_t bootstrapping; /* the first so many statements answer 0x1002 */
    uint64_t overloaded;    /* the first so many statements answer 0x1001 */
    const char *denied;     /* table names, keyspace.table[,...] */
    const char *fail;
    const char *absent;
    /* content */
    uint64_t change_s; /* its schema changes every so many seconds; 0 = never */
    uint64_t torn;     /* schema_version changes so many times while tables are read */
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

/* Adds the faults of cluster `index` that the specs name and that hold so long after the start;
   false and a text on a bad spec. */
bool cqsim_faults_parse(const char *const *specs, size_t n_specs, size_t index, uint64_t now_ms,
                        struct cqsim_faults *out, char *error, size_t n_error);
/* When the next fault comes or goes, after now; UINT64_MAX = none does. */
uint64_t cqsim_faults_next(const char *const *specs, size_t n_specs, uint64_t now_ms);
/* Whether a good spec is for this cluster, whenever. */
bool cqsim_faults_concerns(const char *spec, size_t index);
/* "I" or "I/N": whether index is meant; -1 when it cannot be read. */
int cqsim_index_in(const char *text, size_t index);
void cqsim_faults_fini(struct cqsim_faults *f);
/* Whether a comma list holds keyspace.table. */
bool cqsim_faults_names(const char *list, const char *keyspace, const char *table);
/* One line per fault: name, value, meaning; NULL behind the last. */
const char *cqsim_faults_help(size_t i);

#endif
