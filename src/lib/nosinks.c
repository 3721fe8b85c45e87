/* SPDX-License-Identifier: Apache-2.0 */
/* A build without HTTP (-DCQLCRAWL_HTTP=OFF): no sink, no fetch, and a clear word about it. */
#include "lib/handle.h"

int cqlcrawl_sink_add(cqlcrawl *c, const struct cqlcrawl_sink *sink, uint64_t *id)
{
    (void)sink, (void)id;
    c->last = (struct cq_fault){0};
    return cq_fault_set(&c->last, CQ_ENOT_BUILT,
                        "sinks: no HTTP in this build (CMake option CQLCRAWL_HTTP)");
}

int cqlcrawl_fetch(cqlcrawl *c, const struct cqlcrawl_fetch *fetch)
{
    (void)fetch;
    c->last = (struct cq_fault){0};
    return cq_fault_set(&c->last, CQ_ENOT_BUILT,
                        "fetch: no HTTP in this build (CMake option CQLCRAWL_HTTP)");
}

size_t cqlcrawl_sinks(const cqlcrawl *c)
{
    (void)c;
    return 0;
}

int cqlcrawl_sink_stats(const cqlcrawl *c, size_t i, struct cqlcrawl_sink_stats *out)
{
    (void)c, (void)i, (void)out;
    return CQ_ENOT_FOUND;
}

void cqlcrawl_sinks_wake(cqlcrawl *c)
{
    (void)c;
}

int cq_sinks_begin(cqlcrawl *c)
{
    (void)c;
    return 0;
}

void cq_sinks_stop(cqlcrawl *c)
{
    (void)c;
}

void cq_sinks_close(cqlcrawl *c, void (*closed)(void *ctx), void *ctx)
{
    (void)c;
    closed(ctx);
}

void cq_sinks_kick(cqlcrawl *c)
{
    (void)c;
}

size_t cq_sinks_fetching(const cqlcrawl *c)
{
    (void)c;
    return 0;
}

int cq_sinks_attach(cqlcrawl *c, struct cq_target *t)
{
    (void)c, (void)t;
    return 0;
}

void cq_sinks_detach(struct cq_target *t)
{
    (void)t;
}

bool cq_sinks_offer(cqlcrawl *c, struct cq_target *t, cq_bytes line)
{
    (void)c, (void)t, (void)line;
    return true;
}

bool cq_sinks_have_answered(const cqlcrawl *c, const struct cq_target *t)
{
    (void)c, (void)t;
    return true;
}

enum cqlcrawl_delivery cq_sinks_delivery(const cqlcrawl *c, const struct cq_target *t,
                                         uint64_t *dead_letters)
{
    (void)c, (void)t;
    *dead_letters = 0;
    return CQLCRAWL_DELIVERY_NONE;
}
