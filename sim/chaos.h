/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults dealt out by seed: of n clusters, exactly the given percentage (rounded) get each fault
 * and none gets two; which ones follows from the seed.
 */
#ifndef CQSIM_CHAOS_H
#define CQSIM_CHAOS_H

#include "sim/faults.h"

enum { CQSIM_MAX_CHAOS = 32 };

struct cqsim_chaos {
    uint64_t seed;
    struct {
        char fault[CQSIM_MAX_SPEC]; /* NAME or NAME=VALUE */
        double percent;
    } items[CQSIM_MAX_CHAOS];
    size_t n;
};

/* "SEED:FAULT@PERCENT%,..."; false when it cannot be read or is more than 100 %. */
bool cqsim_chaos_parse(struct cqsim_chaos *c, const char *text);
/* out[i] = 0, or 1 + the item of cluster i. */
void cqsim_chaos_deal(const struct cqsim_chaos *c, uint8_t *out, size_t n);

#endif
