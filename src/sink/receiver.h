/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a receiver of NDJSON over HTTP is told and what its answers mean: the seam at which a
 * receiver with a contract of its own (a bulk API whose 200 lists refused items) is put beside it.
 * The sink machine knows outcomes only.
 */
#ifndef CQ_SINK_RECEIVER_H
#define CQ_SINK_RECEIVER_H

#include "base/http.h"
#include "sink/encode.h"

enum cq_received {
    CQ_RECEIVED_ACCEPTED,  /* every record */
    CQ_RECEIVED_RETRY,     /* later, the same bytes under the same key */
    CQ_RECEIVED_REFUSED,   /* a record of these is bad */
    CQ_RECEIVED_TOO_LARGE, /* all of these are too many bytes */
    CQ_RECEIVED_PLAIN,     /* it does not take the compression */
    CQ_RECEIVED_PARK,      /* it is not the records: nothing will be taken before somebody acts */
};

enum { CQ_RECEIVER_HEADERS = 3, CQ_KEY_HEX = 32 };

/* The header lines of one request; `lines` point into it or are static. */
struct cq_receiver_head {
    char key[64];
    const char *lines[CQ_RECEIVER_HEADERS];
    unsigned n;
};

/* Made once for each body, with a number that no other body of this seed has: a retry sends the
 * same head, a part of a batch has another key. */
void cq_receiver_head(struct cq_receiver_head *h, uint64_t number, enum cq_encoding encoding,
                      uint64_t seed, bool plain_key);
/* A number for that seed that differs from URL to URL. */
uint64_t cq_receiver_seed(const char *url, uint64_t seed);
enum cq_received cq_receiver_outcome(long status, enum cq_encoding encoding);

#endif
