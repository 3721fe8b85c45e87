/* SPDX-License-Identifier: Apache-2.0 */
/* What follows an attempt (crawler/fleet.h): by the kind of its fault, the contact points that are
 * left, the tries that are left, and the time. */
#include "crawler/fleet.h"

struct cq_fault_kind cq_fault_of(int err)
{
    switch (err) {
    case CQ_EDESCRIPTORS:
    case CQ_EPORTS:
        return (struct cq_fault_kind){.passing = true, .shortage = true};
    case CQ_EDNS:
    case CQ_EREFUSED:
    case CQ_EUNREACHABLE:
    case CQ_ECONNECT_TIMEOUT: /* these four have seen every contact point */
    case CQ_ETIMEOUT:
    case CQ_ETOO_SLOW:   /* for as long as others waited for the memory that it held */
    case CQ_EOVERLOADED: /* no reason to press the next node at once */
        return (struct cq_fault_kind){.passing = true};
    case CQ_ERESET: /* servers at their connection limit close like this */
    case CQ_ECLOSED:
    case CQ_ESILENT:
    case CQ_ETLS_TIMEOUT:
    case CQ_EBOOTSTRAPPING:
        return (struct cq_fault_kind){.passing = true, .point = true};
    default:
        return (struct cq_fault_kind){.point = cq_err_class(err) == CQ_CLASS_TLS ||
                                               cq_err_class(err) == CQ_CLASS_PROTOCOL};
    }
}

/* uniform(0, min(cap, base * 2^n)), in whole nanoseconds, never 0. */
static uint64_t jitter(struct cq_fleet *f, unsigned n)
{
    uint64_t most = CQ_RETRY_CAP;

    if (n < 32 && CQ_RETRY_BASE << n < most) most = CQ_RETRY_BASE << n;
    return 1 + cq_rand_below(&f->rand, most);
}

/* Those that really run beside the one that is judged. */
static unsigned others(const struct cq_fleet *f)
{
    return (unsigned)f->n[CQ_PLACE_SLOT] - f->n_lacked - 1;
}

/* Fewer at once: what really runs, and, once in a while, some less. */
static void lower(struct cq_fleet *f, uint64_t now)
{
    unsigned to = others(f);

    if (f->lowered_ns == 0 || now >= f->lowered_ns + CQ_WINDOW_GROWS) {
        f->lowered_ns = now;
        to -= to / 8;
    }
    if (to < f->window) f->window = to;
    f->grow_ns = now + CQ_WINDOW_GROWS;
}

static uint32_t all_points(const struct cq_member *m)
{
    return (uint32_t)((1ull << m->n_points) - 1);
}

static void leave_out(struct cq_member *m, int point, bool for_good)
{
    m->out |= 1u << point;
    if (for_good) m->never |= 1u << point;
}

/* A round over all contact points has failed. */
static enum cq_next next_round(struct cq_fleet *f, struct cq_member *m, uint64_t now)
{
    if (m->tries >= m->retries) return CQ_NEXT_OVER;
    m->delay_ns = jitter(f, m->tries);
    if (now + m->delay_ns > m->began_ns + CQ_MAX_TRYING) return CQ_NEXT_OVER;
    m->tries++;
    m->out = m->never;
    m->first_point = (m->first_point + 1) % m->n_points;
    return CQ_NEXT_LATER;
}

static enum cq_next after_shortage(struct cq_fleet *f, struct cq_member *m, uint64_t now)
{
    lower(f, now);
    m->delay_ns = jitter(f, m->shortages);
    if (now + m->delay_ns > m->began_ns + CQ_MAX_TRYING) return CQ_NEXT_OVER;
    m->shortages++;
    m->lacked = true;
    f->n_lacked++;
    return CQ_NEXT_SHORTAGE;
}

static enum cq_next after_fault(struct cq_fleet *f, struct cq_member *m,
                                const struct cq_attempt_end *e, uint64_t now)
{
    struct cq_fault_kind k = cq_fault_of(e->err);

    if (k.shortage && others(f)) return after_shortage(f, m, now);
    if (k.point && e->point >= 0) {
        leave_out(m, e->point, !k.passing);
        if (all_points(m) & ~m->out) return CQ_NEXT_POINT;
        if (all_points(m) & ~m->never) return next_round(f, m, now);
    }
    return k.passing ? next_round(f, m, now) : CQ_NEXT_OVER;
}

static enum cq_next after_torn(struct cq_member *m)
{
    unsigned limit = m->torn_limit ? m->torn_limit : CQ_MAX_ATTEMPTS;

    if (++m->torn >= limit) return CQ_NEXT_OVER;
    m->delay_ns = m->torn == 1 ? CQ_TORN_DELAY_1 : CQ_TORN_DELAY_2;
    return CQ_NEXT_TORN;
}

enum cq_next cq_fleet_judge(struct cq_fleet *f, struct cq_member *m, const struct cq_attempt_end *e,
                            uint64_t now)
{
    m->delay_ns = 0;
    m->next = CQ_NEXT_OVER;
    if (e->want == CQ_RETRY_SORTED && !m->sorted) {
        m->sorted = true;
        m->next = CQ_NEXT_SORTED;
    } else if (e->want == CQ_RETRY_TORN) {
        m->next = after_torn(m);
    } else if (e->want == CQ_RETRY_NO && e->err) {
        m->next = after_fault(f, m, e, now);
    }
    return m->next;
}
