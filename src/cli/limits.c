/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors (cli/limits.h). */
#include "cli/limits.h"

#include <sys/resource.h>

enum {
    OWN = 64,     /* standard streams, loop, signals, resolver, state, PEM and password files */
    PER_SINK = 4, /* its names, a connection that is closing */
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
    uint64_t half = *half_open ? *half_open : CQ_USUAL_HALF_OPEN;
    uint64_t room = left / 8;

    if (left > wanted && left - wanted > room) room = left - wanted;
    if (half > wanted) half = wanted; /* each is one of the clusters */
    if (half > room) half = room;
    if (half < 1) half = 1;
    *half_open = (unsigned)half;
    left = left > half ? left - half : 1;
    return (unsigned)(wanted < left ? wanted : left);
}
