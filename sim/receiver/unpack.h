/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-Encoding undone as bytes arrive: identity, gzip (several members allowed) or zstd
 * (several pieces allowed). One object serves a connection's requests one after another: begin,
 * feed, then done says whether the content was whole. A body grows to at most CQSIM_UNPACK_MAX
 * bytes.
 */
#ifndef CQSIM_RECEIVER_UNPACK_H
#define CQSIM_RECEIVER_UNPACK_H

#include "sim/bytes.h"

enum { CQSIM_UNPACK_MAX = 256 << 20 };

enum cqsim_coding { CQSIM_IDENTITY, CQSIM_GZIP, CQSIM_ZSTD, CQSIM_N_CODINGS };

struct cqsim_unpack {
    enum cqsim_coding coding;
    void *stream;   /* of the library, made on first use of a coding */
    bool is_whole;  /* at the end of a member */
    bool bad;       /* what came is not of that coding */
    bool too_large; /* more than the maximum came out */
    enum cqsim_coding made;
};

/* false: a coding that nobody here knows. */
bool cqsim_unpack_begin(struct cqsim_unpack *u, const char *encoding);
void cqsim_unpack_feed(struct cqsim_unpack *u, struct cqsim_slice in, struct cqsim_buf *out);
bool cqsim_unpack_done(const struct cqsim_unpack *u);
void cqsim_unpack_fini(struct cqsim_unpack *u);
const char *cqsim_coding_name(enum cqsim_coding coding);

#endif
