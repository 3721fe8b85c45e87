/* SPDX-License-Identifier: Apache-2.0 */
/* What is going on, in numbers, and whose a cluster is among several processes. */
#include "lib/handle.h"

#include <stdio.h>

#include "base/digest.h"
#include "net/resolver.h"
#include "net/trust.h"
#include "proto/lz4.h"

void cqlcrawl_stats(const cqlcrawl *c, struct cqlcrawl_stats *out)
{
    const struct cq_driver *d = &c->driver;
    const struct cq_fleet *f = &d->fleet;
    struct cqlcrawl_stats s = {
        .queued = f->n[CQ_PLACE_FIRST] + f->n[CQ_PLACE_AGAIN],
        .later = f->n[CQ_PLACE_LATER],
        .running = f->n[CQ_PLACE_SLOT],
        .half_open = f->n_half,
        .delivering = d->n_settling,
        .concurrency = f->window,
        .memory_used = d->account.used,
        .memory_peak = d->account.peak,
        .memory_max = d->account.limit,
        .starved = d->n_waits[CQ_WAIT_MEMORY],
        .sink_bound = d->n_waits[CQ_WAIT_CONSUMER],
        .state_failures = c->state ? cq_state_failures(c->state) : 0,
    };

    s.size = out->size < sizeof(s) ? out->size : sizeof(s);
    memcpy(out, &s, s.size);
}

unsigned cqlcrawl_shard(const char *name, unsigned n)
{
    return n > 1 ? (unsigned)(cq_xxh3_64(cq_str(name)) % n) : 0;
}

int cqlcrawl_libraries(char *to, size_t n)
{
    return snprintf(to, n, "libuv %s, OpenSSL %s, c-ares %s, lz4 %s", uv_version_string(),
                    cq_trust_library(), cq_resolver_library(), cql_lz4_library());
}
