/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that a receiver will never take, each kept as a line of JSON on the disk before its sink
 * goes on: {time, sink, status, why, answer, record}. The file is made when the first one comes,
 * for its owner's eyes only, and grows; several runs may share it. A letter that cannot be kept
 * makes the sink wait and try again.
 */
#ifndef CQ_CLI_DEADLETTERS_H
#define CQ_CLI_DEADLETTERS_H

#include "cli/text.h"
#include "cqlcrawl.h"

enum { CQ_MAX_ANSWER = 4096 /* bytes of a receiver's answer that are kept */ };

struct cq_deadletters {
    const char *path; /* the caller's */
    int fd;           /* -1: not open yet */
    uint64_t n;       /* kept in this run */
    int err;          /* errno of the last one that could not be kept; 0: it was */
    struct cq_text text;
};

/* Whether a letter could be kept there: 0 or an errno. Makes nothing. */
int cq_deadletters_check(const char *path);
/* For cqlcrawl_sink.dead_letter; ctx is a cq_deadletters. */
int cq_deadletters_keep(void *ctx, const struct cqlcrawl_dead_letter *letter);
void cq_deadletters_close(struct cq_deadletters *d);

/* One line; now_ms: since 1970. Pure. */
void cq_deadletters_line(struct cq_text *t, const struct cqlcrawl_dead_letter *l, int64_t now_ms);

#endif
