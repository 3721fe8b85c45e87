/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for the recorded server: answers each statement with the recorded rows, in any
 * protocol and compression, in pages of any size, shuffled, with empty pages in between, and with
 * faults. Sans-I/O: bytes in, bytes out. Its own bookkeeping (requests, bursts, bytes) is what the
 * crawl's `cost` is compared with.
 */
#ifndef TESTS_REPLAY_STANDIN_H
#define TESTS_REPLAY_STANDIN_H

#include "base/buf.h"
#include "replay/recording.h"

struct standin_fault {
    int code; /* 0: none */
    const char *text;
    unsigned from;  /* from which request of that table on, counted from 0 */
    unsigned times; /* 0: for ever */
};

struct standin {
    const struct recording *rec;
    /* how it speaks */
    bool v5, lz4;
    const char *authenticator; /* NULL: READY at once */
    const char *token;         /* what stands behind the first NUL of the AUTH_RESPONSE expected */
    size_t token_bytes;
    bool challenges; /* answers with a challenge that makes no sense */
    bool dse;        /* PLAIN, PLAIN-START */
    bool refuse_compression, refuses_v5;
    uint32_t page_rows;   /* 0: as asked */
    unsigned empty_pages; /* between any two pages */
    bool empty_first;     /* and one before them all */
    unsigned shuffle;     /* seed; 0: in order */
    bool repeats_state, never_ends;
    struct standin_fault fault[CQ_N_TABLES];
    unsigned silent_from[CQ_N_TABLES]; /* 1 + request from which on there is no answer; 0: none */
    /* system.local: the n-th answer's schema version (uuid bytes); NULL: as recorded */
    const uint8_t *versions[8];
    unsigned rowless_from;   /* 1 + request of system.local from which on it has no row; 0: none */
    unsigned truncate_table; /* 1 + table whose answers are cut in the middle of a row */
    /* bookkeeping */
    unsigned asked[CQ_N_TABLES];
    unsigned requests, bursts;
    uint64_t bytes_in, bytes_out;
    unsigned max_page;
    /* own */
    struct cq_buf in, out, answers, body, packed;
    size_t ends[128];
    unsigned n_answers;
    int version;
    bool started, segmented, compressed, burst_open;
    unsigned random;
};

void standin_init(struct standin *s, const struct recording *rec);
void standin_fini(struct standin *s);
/* A new connection to the same server: counts go on. */
void standin_connect(struct standin *s);
void standin_feed(struct standin *s, cq_bytes b);
cq_bytes standin_pending(struct standin *s);
void standin_sent(struct standin *s, size_t n);

#endif
