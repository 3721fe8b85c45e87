/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: the process' limit raised as far as it goes, and how many clusters fit into it. */
#ifndef CQ_CLI_LIMITS_H
#define CQ_CLI_LIMITS_H

#include <stdint.h>

/* The soft limit becomes the hard one; what may be open from now on. */
uint64_t cq_raise_files(void);

struct cq_files {
    uint64_t limit;
    unsigned sinks, sink_requests; /* requests at once, of all sinks */
    unsigned others;               /* an output folder's files, listeners and their clients */
};

#define CQ_USUAL_HALF_OPEN 256u  /* as the library's */
#define CQ_MOST_HALF_OPEN 16384u /* counted by the library */

/* How many of `wanted` clusters may be read at once, 1 at least. *half_open: connections that are
 * wanted to be made at once (0: the usual number), then those that fit: each may try two
 * addresses, and the second takes its descriptor from what the clusters leave, or from an eighth
 * of all. Pure. */
unsigned cq_fit_files(const struct cq_files *f, uint64_t wanted, unsigned *half_open);

#endif
