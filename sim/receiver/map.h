/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 64-bit hashes to small numbers, open addressing. Hashes stand for what was hashed: two things
 * with one hash are one here (a million things: once in 40 million runs).
 */
#ifndef CQSIM_RECEIVER_MAP_H
#define CQSIM_RECEIVER_MAP_H

#include "sim/bytes.h"

struct cqsim_map {
    struct cqsim_map_slot {
        uint64_t hash; /* 0 = free */
        uint32_t value;
    } * slots;
    size_t n, cap;
};

/* The value's place; *fresh says that it was put there now, as 0. Valid until the next call. */
uint32_t *cqsim_map_put(struct cqsim_map *m, uint64_t hash, bool *fresh);
/* NULL when it is not there. */
const uint32_t *cqsim_map_get(const struct cqsim_map *m, uint64_t hash);
void cqsim_map_fini(struct cqsim_map *m);

#endif
