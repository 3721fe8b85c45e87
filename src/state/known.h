/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the state directory knows of one cluster, and the rules over it. Pure: values in, values
 * out; where they are kept is state/state.h.
 *
 * Two things are remembered: who answers under a name (its identity), and the last read that was
 * complete, proven and delivered. Of the second this always holds: as long as it stands, nothing of
 * the schema has left since that read.
 */
#ifndef CQ_STATE_KNOWN_H
#define CQ_STATE_KNOWN_H

#include "base/bounds.h"
#include "base/bytes.h"
#include "base/err.h"

enum { CQ_KNOWN_COUNTS = 16 };

struct cq_identity {
    char cluster_name[CQ_MAX_IDENTITY_TEXT]; /* "": unknown; cut where it is longer */
    char partitioner[CQ_MAX_IDENTITY_TEXT];
    bool
        whole; /* every host is among them: the peers could be read, and their ids mean something */
    unsigned n_hosts;
    uint8_t hosts[CQ_MAX_IDENTITY_HOSTS][16]; /* rising; of more the lowest */
};

/* The last complete read. epoch 0: there is none. */
struct cq_complete {
    uint64_t epoch;
    int64_t finished_ms;
    int proof; /* enum cq_proof of the model */
    unsigned hash_v;
    char schema_version[37];
    char digest[33];
    char filters_hash[33];
    char settings[33]; /* of everything else that decides what is written and where it goes */
    uint64_t counts[CQ_KNOWN_COUNTS]; /* lines by kind */
};

/* What the server said in SUPPORTED, and the release that said it. */
struct cq_greeting {
    int64_t learnt_ms; /* since 1970 */
    char release[CQ_MAX_RELEASE];
    uint16_t n; /* 0: not known */
    uint8_t body[CQ_MAX_GREETING];
};

struct cq_known {
    struct cq_identity identity; /* cluster_name "": nobody knows */
    struct cq_complete complete;
    struct cq_greeting greeting;
    uint64_t memory; /* bytes that the last crawl needed; 0: unknown */
};

/* False: too large to be kept. */
bool cq_greeting_make(struct cq_greeting *g, cq_bytes body, cq_bytes release, int64_t wall_ms);
bool cq_greeting_is_of(const struct cq_greeting *g, cq_bytes release);

/* What became of a cluster's records since its epoch was given. */
enum cq_ending {
    CQ_ENDING_UNTOUCHED, /* nothing of the schema has left: the complete read stands */
    CQ_ENDING_SPOILED,   /* something has, and it is no complete read */
    CQ_ENDING_COMPLETE,  /* known->complete is the one to remember */
};

/* max(last + 1, seconds since 2020-01-01): a lost directory makes nothing look old, a clock that
 * was set back either. */
uint64_t cq_known_epoch(uint64_t last, int64_t wall_ms);

/* What a crawl is about to do, to be compared with the complete read. */
struct cq_wanted {
    int proof;
    unsigned hash_v;
    const char *filters_hash, *settings;
    cq_bytes name;          /* spreads the full reads of a fleet over time */
    uint64_t full_after_ms; /* a complete read that is older is done again; UINT64_MAX: never */
    int64_t wall_ms;
};

/* May an equal schema version stand for reading it all? A read whose time lies in the future was
 * made by another clock: no. */
bool cq_complete_stands(const struct cq_complete *c, const struct cq_wanted *w);

void cq_identity_add(struct cq_identity *i,
                     cq_bytes host_id); /* 16 bytes; others are passed over */
bool cq_identity_has(const struct cq_identity *i, cq_bytes host_id);
bool cq_identity_same(const struct cq_identity *a, const struct cq_identity *b); /* to the byte */
void cq_identity_text(char out[CQ_MAX_IDENTITY_TEXT], cq_bytes text);
/*
 * The same cluster? Another name or partitioner: no. Hosts: one in common is enough (nodes come and
 * go), none in common is another cluster where both sides are whole. common: some host of `now` is
 * one of `before` (now may have had more than it keeps). 0, or CQ_EIDENTITY with words in *f.
 */
int cq_identity_check(const struct cq_identity *before, const struct cq_identity *now, bool common,
                      struct cq_fault *f);

#endif
