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

/* How many of `wanted` clusters may be read at once, 1 at least; *half_open: connections that may
 * be made at once (each may try two addresses). Pure. */
unsigned cq_fit_files(const struct cq_files *f, uint64_t wanted, unsigned *half_open);

#endif
