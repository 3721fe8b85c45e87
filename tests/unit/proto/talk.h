/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection fed with recorded bytes in chunks of any size, and what came of it: a log of its
 * events as text and the results' bodies. Two runs over the same bytes must give the same of both,
 * however the bytes were cut.
 */
#ifndef TESTS_PROTO_TALK_H
#define TESTS_PROTO_TALK_H

#include "base/buf.h"
#include "proto/conn.h"

#define TALK_STATEMENTS 18 /* stream 0 stays unanswered: the recorded ones are 1 to 17 */

struct talk {
    struct cql_conn *c;
    struct cq_buf log;
    struct cq_buf sent;
    cq_bytes bodies[64]; /* malloc'ed copies */
    uint8_t *block;      /* given, not back yet */
    struct cql_event failed;
    bool is_failed;
    bool is_allowed_to_fail; /* a statement may find no memory */
    uint64_t now;
    const char *const *statements;
};

extern const char *const talk_statements[TALK_STATEMENTS];

void talk_begin(struct talk *t, const struct cql_conn_options *o);
/* Feeds all of b, in as many reads as the connection wants; pulls every event. */
void talk_feed(struct talk *t, cq_bytes b);
/* Writes out what is pending, into t->sent. */
void talk_flush(struct talk *t);
void talk_pull(struct talk *t);
void talk_end(struct talk *t);

/* A whole file in malloc'ed memory; the test fails where it cannot be read. */
cq_bytes talk_file(const char *name);

/* Bytes that end where an unreadable page begins; freed with guard_free. */
struct guard {
    uint8_t *map;
    size_t size;
    cq_bytes b;
};
struct guard guard_of(cq_bytes b);
void guard_free(struct guard *g);

#endif
