/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt against a stand-in, in virtual time, to its end: the records as text and what DONE
 * said. */
#ifndef TESTS_REPLAY_DRIVE_H
#define TESTS_REPLAY_DRIVE_H

#include "base/buf.h"
#include "crawler/crawl.h"
#include "crawler/shape.h"
#include "model/memo.h"
#include "replay/standin.h"

struct drive {
    struct cq_crawl_options o;
    struct cq_memo *memo;
    struct cq_shapes *shapes;
    struct standin *s;
    size_t chunk;        /* bytes per read; 0: all at once */
    uint64_t cut_after;  /* the transport ends after so many bytes to the client; 0: never */
    unsigned stop_after; /* cancelled after so many records; 0: never */
    const struct cq_tls_facts *tls;
    void (*idle)(struct drive *d); /* nothing moves; may give memory back; NULL: time passes */
    /* came out */
    struct cq_buf lines;
    struct cq_scope scope;
    uint64_t counts[CQ_N_KINDS];
    enum cq_retry retry;
    struct cq_orphans orphans;
    struct cq_identity identity;
    uint8_t supported[512]; /* for a later attempt's options */
    size_t n_supported;
    char release[32];
    bool recalled;
    bool met, asked, unchanged;
    int err;
    size_t need;
    char text[CQ_MAX_ERRMSG];
    unsigned n_steps, n_redials, n_hangups;
    int step_err[8];
    char step_text[8][256];
    uint64_t now;
    uint64_t read_ns; /* every read from the server takes so long */
    int64_t wall;
    struct cq_crawl *c;
    bool done;
    unsigned records;
};

void drive_init(struct drive *d, struct standin *s);
void drive_fini(struct drive *d);
/* Runs from new to DONE. The number of calls is bounded: a crawl that hangs is a fault. False:
 * cq_crawl_new failed. */
bool drive_run(struct drive *d);
/* The same by hand: begin, then step until done; a step that moves nothing says false. */
bool drive_begin(struct drive *d);
bool drive_step(struct drive *d);

#endif
