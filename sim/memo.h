/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that were made before from the same bytes: what a payload compresses to, what its checksum
 * is. Clusters with one schema send the same pages, so that most of a fleet's answers are looked
 * up. Found by XXH3-64 of what they were made from; when the memory is full everything is
 * forgotten.
 */
#ifndef CQSIM_MEMO_H
#define CQSIM_MEMO_H

#include "sim/bytes.h"

enum { CQSIM_MEMO_LEAST = 2048, CQSIM_MEMO_MOST = 64 << 20 };

struct cqsim_memo {
    struct cqsim_memo_slot {
        uint64_t hash; /* 0 = free */
        uint32_t crc;
        bool has_crc;
        size_t at, n; /* in bytes; n = 0: nothing made yet */
    } * slots;
    size_t n_slots, cap;
    struct cqsim_buf bytes;
};

/* The slot of what is made from `from` for purpose `what`; valid until the next call. */
struct cqsim_memo_slot *cqsim_memo_find(struct cqsim_memo *m, struct cqsim_slice from,
                                        uint64_t what);
/* Keeps what was made. */
void cqsim_memo_keep(struct cqsim_memo *m, struct cqsim_memo_slot *slot, struct cqsim_slice made);
struct cqsim_slice cqsim_memo_made(const struct cqsim_memo *m, const struct cqsim_memo_slot *slot);
void cqsim_memo_fini(struct cqsim_memo *m);

#endif
