/* SPDX-License-Identifier: Apache-2.0 */
/* When a bench begins its crawls (cli/pace.h). */
#include "cli/pace.h"

#define SECOND 1000000000u

static uint64_t meant(const struct cq_pace *p, uint64_t now_ns)
{
    if (!p->rate) return now_ns;
    return p->start_ns + p->begun / p->rate * SECOND + p->begun % p->rate * SECOND / p->rate;
}

bool cq_pace_is_over(const struct cq_pace *p, uint64_t now_ns)
{
    if (p->count) return p->begun >= p->count;
    return meant(p, now_ns) - p->start_ns >= p->duration_ns;
}

bool cq_pace_next(struct cq_pace *p, uint64_t now_ns, unsigned in_flight, uint64_t *meant_ns)
{
    uint64_t at = meant(p, now_ns);

    if (in_flight >= p->window || at > now_ns || cq_pace_is_over(p, now_ns)) return false;
    p->begun++;
    *meant_ns = at;
    return true;
}

uint64_t cq_pace_due(const struct cq_pace *p, uint64_t now_ns, unsigned in_flight)
{
    if (!p->rate || in_flight >= p->window || cq_pace_is_over(p, now_ns)) return UINT64_MAX;
    return meant(p, now_ns);
}
