/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors (cli/limits.h). */
#include "cli/limits.h"

#include <sys/resource.h>

enum {
    OWN = 64,       /* standard streams, loop, signals, resolver, state, PEM and password files */
    PER_SINK = 4,   /* its names, a connection that is closing */
    HALF_OPEN = 256 /* at most; each may hold a second descriptor for a second address */
};

uint64_t cq_raise_files(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l)) return 1024;
    if (l.rlim_cur != l.rlim_max) {
        struct rlimit more = {l.rlim_max, l.rlim_max};

        if (setrlimit(RLIMIT_NOFILE, &more) == 0) l = more;
    }
    return l.rlim_cur == RLIM_INFINITY ? UINT32_MAX : l.rlim_cur;
}

unsigned cq_fit_files(const struct cq_files *f, uint64_t wanted, unsigned *half_open)
{
    uint64_t taken = OWN + (uint64_t)f->sinks * PER_SINK + f->sink_requests + f->others;
    uint64_t left = f->limit > taken ? f->limit - taken : 0;
    uint64_t half = left / 8 < HALF_OPEN ? left / 8 : HALF_OPEN;

    if (half < 1) half = 1;
    *half_open = (unsigned)half;
    left = left > half ? left - half : 1;
    return (unsigned)(wanted < left ? wanted : left);
}
