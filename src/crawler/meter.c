/* SPDX-License-Identifier: Apache-2.0 */
/* Whose is what the thread spends (crawler/meter.h). */
#include "crawler/meter.h"

#include <stddef.h>

/* What was spent since the last look and is not told; 0 where others have worked meanwhile. */
static uint64_t look(struct cq_meter *m)
{
    uint64_t now = m->clock_ns(), all = m->seen_ns ? now - m->seen_ns : 0, told;

    if (!m->seen_ns) m->told_ns = 0;
    told = m->told_ns < all ? m->told_ns : all;
    m->told_ns -= told;
    m->seen_ns = now;
    m->since_ns = m->wall_ns();
    return all - told;
}

static uint64_t spent(struct cq_meter *m)
{
    uint64_t wall = m->wall_ns() - m->since_ns;

    if (!m->seen_ns || wall > CQ_METER_SHORT_NS) return look(m);
    m->told_ns += wall;
    m->since_ns += wall;
    return wall;
}

void cq_meter_begin(struct cq_meter *m, uint64_t *sum)
{
    if (m->sum && m->sum != sum) cq_meter_tell(m, m->sum);
    if (!m->seen_ns) (void)look(m);
}

void cq_meter_end(struct cq_meter *m, uint64_t *sum)
{
    if (m->is_alone)
        m->sum = sum;
    else
        cq_meter_tell(m, sum);
}

void cq_meter_tell(struct cq_meter *m, uint64_t *sum)
{
    *sum += spent(m);
    m->sum = NULL;
}

void cq_meter_foreign(struct cq_meter *m, uint64_t ns)
{
    if (m->sum) {
        uint64_t all = look(m);

        *m->sum += all > ns ? all - ns : 0;
        m->sum = NULL;
        if (ns) return; /* it has looked behind that work */
    }
    m->seen_ns = 0;
}

void cq_meter_forget(struct cq_meter *m, const uint64_t *sum)
{
    if (m->sum == sum) m->sum = NULL;
}
