/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of the null client: the same writes as a crawl, every byte of the answers read and
 * thrown away. It shares nothing with src/. Bytes come in by null_feed, requests go out through
 * `out`, which the caller sends whenever there is something in it. Whatever is not as expected ends
 * the program (null_die): a floor that failed is no floor.
 *
 *   OPTIONS > STARTUP > before > main [> further pages ...] > after > done
 *   probe:    STARTUP > before > done
 */
#ifndef NULL_CONN_H
#define NULL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "null/statements.h"

enum {
    NULL_HEADER = 9,
    NULL_HEAD = 512, /* of a body: kind, flags, column count and paging state stand in it */
    NULL_OUT = 4096,
    NULL_SEGMENT = 131072 + 16,
    NULL_WAITS = 64,
};

struct null_options {
    int version; /* 4 or 5 */
    bool lz4;
    bool walk;     /* unpack every body and walk its cells */
    bool no_proof; /* without the third write */
    bool probe;    /* what an unchanged cluster is asked: STARTUP, the first write, no more */
};

struct null_counts {
    uint64_t requests, pages, bytes, errors, rows, cells;
    uint64_t sum; /* of what was walked, so that walking cannot be left out */
};

enum null_phase { NULL_OPTIONS, NULL_STARTUP, NULL_BEFORE, NULL_MAIN, NULL_AFTER, NULL_DONE };

struct null_conn {
    const struct null_options *o;
    int fd;
    enum null_phase phase;
    unsigned awaited; /* answers */
    bool is_segmented;
    /* the envelope at hand: header and beginning of the body, how much of it is still to skip */
    uint8_t head[NULL_HEADER + NULL_HEAD];
    size_t head_n, skip;
    /* the segment at hand, v5 */
    uint8_t seg[8];
    size_t seg_n, seg_left, seg_tail;
    uint32_t seg_plain; /* bytes unpacked; 0: stored */
    /* v5 with lz4: the packed segment. Walking: the body. */
    uint8_t *gathered;
    size_t gathered_n, gathered_cap;
    uint8_t *body;
    size_t body_n, body_cap;
    /* further pages */
    struct {
        uint8_t n;
        uint8_t statement[NULL_WAITS];
        uint16_t state_n[NULL_WAITS];
        uint8_t state[NULL_WAITS][NULL_HEAD];
    } * more;
    uint8_t statement_of[NULL_WAITS]; /* by stream */
    uint8_t out[NULL_OUT];
    size_t out_n;
    struct null_counts counts;
};

void null_begin(struct null_conn *c, const struct null_options *o);
/* n bytes of the server. True: everything was read. */
bool null_feed(struct null_conn *c, const uint8_t *p, size_t n);
void null_end(struct null_conn *c);

/* wire.c: requests, each appended to c->out; null_seal makes a segment of what was added since
 * `from` where segments are spoken. */
void null_put_options(struct null_conn *c);
void null_put_startup(struct null_conn *c);
void null_put_query(struct null_conn *c, unsigned stream, const struct null_statement *s,
                    const uint8_t *state, size_t state_n);
void null_seal(struct null_conn *c, size_t from);
uint32_t null_u32(const uint8_t *p);
uint32_t null_le24(const uint8_t *p);

/* walk.c: a RESULT's body, walked cell by cell. */
void null_walk(const uint8_t *p, size_t n, struct null_counts *counts);

_Noreturn void null_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
