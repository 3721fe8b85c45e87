/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, half-open connections, the rate and the order (crawler/fleet.h). What follows an attempt
 * is retry.c's; this file moves members between the places that wait and the slots.
 */
#include "crawler/fleet.h"

#include <assert.h>

static struct cq_member *of_line(struct cq_ring *node)
{
    return CQ_RING_OF(node, struct cq_member, line);
}

static void move(struct cq_fleet *f, struct cq_member *m, enum cq_place to)
{
    f->n[m->place]--;
    f->n[to]++;
    m->place = to;
}

void cq_fleet_init(struct cq_fleet *f, const struct cq_fleet_options *o)
{
    unsigned half_open = o->half_open ? o->half_open : CQ_DEFAULT_HALF_OPEN;

    *f = (struct cq_fleet){
        .slots = o->slots ? o->slots : CQ_DEFAULT_CONCURRENCY,
        .half_open = half_open < CQ_MAX_HALF_OPEN ? half_open : CQ_MAX_HALF_OPEN,
        .interval_ns = o->rate ? (CQ_SEC(1) + o->rate - 1) / o->rate : 0,
        .dues = {.mem = o->mem},
        .rand = {o->seed},
    };
    f->window = f->slots;
    cq_ring_init(&f->first);
    cq_ring_init(&f->again);
    cq_ring_init(&f->half);
}

void cq_fleet_fini(struct cq_fleet *f)
{
    assert(f->n_members == 0);
    cq_dues_fini(&f->dues);
}

int cq_fleet_add(struct cq_fleet *f, struct cq_member *m)
{
    int err = cq_dues_reserve(&f->dues, f->n_members + 1);

    if (err) return err;
    assert(m->place == CQ_PLACE_OUT && m->n_points);
    cq_ring_init(&m->line);
    cq_ring_init(&m->half);
    f->n_members++;
    f->n[CQ_PLACE_OUT]++;
    move(f, m, CQ_PLACE_FIRST);
    cq_ring_push(&f->first, &m->line);
    return 0;
}

/* ---- the slot ---- */

void cq_fleet_opened(struct cq_fleet *f, struct cq_member *m)
{
    if (cq_ring_is_empty(&m->half)) return;
    cq_ring_remove(&m->half);
    f->n_half--;
}

static void leave_slot(struct cq_fleet *f, struct cq_member *m)
{
    cq_fleet_opened(f, m);
    if (m->further) f->n_further--;
    if (m->lacked) f->n_lacked--;
    m->lacked = false;
    move(f, m, CQ_PLACE_OUT);
}

static void take_slot(struct cq_fleet *f, struct cq_member *m, uint64_t now)
{
    cq_ring_remove(&m->line);
    move(f, m, CQ_PLACE_SLOT);
    m->further = m->began;
    if (!m->began) m->began_ns = now;
    m->began = true;
    m->next = CQ_NEXT_OVER;
    f->n_further += m->further;
    f->was_further = m->further;
    m->half_ns = now;
    cq_ring_push(&f->half, &m->half);
    f->n_half++;
    f->turn++;
    if (!f->interval_ns) return;
    /* late starts are made up for, within bounds: timers are coarser than the grid */
    if (!f->grid_ns) f->grid_ns = now;
    if (f->grid_ns + CQ_RATE_SLACK < now) f->grid_ns = now - CQ_RATE_SLACK;
    f->grid_ns += f->interval_ns;
    f->rate_ns = f->grid_ns + cq_rand_below(&f->rand, f->interval_ns);
}

static void line_up(struct cq_fleet *f, struct cq_member *m)
{
    move(f, m, CQ_PLACE_AGAIN);
    cq_ring_push(&f->again, &m->line);
}

void cq_fleet_end(struct cq_fleet *f, struct cq_member *m, uint64_t now)
{
    assert(m->place == CQ_PLACE_SLOT);
    leave_slot(f, m);
    if (m->next == CQ_NEXT_OVER) return;
    if (m->delay_ns == 0) {
        line_up(f, m);
        return;
    }
    move(f, m, CQ_PLACE_LATER);
    cq_dues_push(&f->dues, &m->due, now + m->delay_ns);
}

void cq_fleet_sleep(struct cq_fleet *f, struct cq_member *m, uint64_t at_ns)
{
    assert(m->place == CQ_PLACE_OUT);
    move(f, m, CQ_PLACE_ASLEEP);
    cq_dues_push(&f->dues, &m->due, at_ns);
}

void cq_fleet_withdraw(struct cq_fleet *f, struct cq_member *m)
{
    if (m->place == CQ_PLACE_SLOT) leave_slot(f, m);
    cq_ring_remove(&m->line);
    cq_dues_remove(&f->dues, &m->due);
    move(f, m, CQ_PLACE_OUT);
}

void cq_fleet_remove(struct cq_fleet *f, struct cq_member *m)
{
    cq_fleet_withdraw(f, m);
    f->n[CQ_PLACE_OUT]--;
    f->n_members--;
}

/* ---- who is next ---- */

void cq_fleet_turn(struct cq_fleet *f)
{
    f->turn = 0;
}

/* Whoever is due: a sleeper is returned, the others line up. */
static struct cq_member *wake(struct cq_fleet *f, uint64_t now)
{
    struct cq_due *d;

    while ((d = cq_dues_first(&f->dues)) && d->at_ns <= now) {
        struct cq_member *m = CQ_RING_OF(d, struct cq_member, due);

        cq_dues_remove(&f->dues, d);
        if (m->place == CQ_PLACE_ASLEEP) {
            move(f, m, CQ_PLACE_OUT);
            return m;
        }
        line_up(f, m);
    }
    return NULL;
}

static struct cq_member *oldest_half(const struct cq_fleet *f)
{
    return CQ_RING_OF(f->half.next, struct cq_member, half);
}

static void let_black_holes_go(struct cq_fleet *f, uint64_t now)
{
    while (f->n_half && oldest_half(f)->half_ns + CQ_HALF_OPEN_TIME <= now)
        cq_fleet_opened(f, oldest_half(f));
}

static void grow(struct cq_fleet *f, uint64_t now)
{
    if (f->window == f->slots || now < f->grow_ns) return;
    f->window += f->window / 8 + 1;
    if (f->window > f->slots) f->window = f->slots;
    f->grow_ns = now + CQ_WINDOW_GROWS;
}

static bool has_slot(const struct cq_fleet *f)
{
    return f->n[CQ_PLACE_SLOT] < f->window;
}

static struct cq_member *pick(struct cq_fleet *f)
{
    unsigned share = f->window / 4 ? f->window / 4 : 1;
    bool first = !cq_ring_is_empty(&f->first), again = !cq_ring_is_empty(&f->again);

    if (first && (f->was_further || f->n_further >= share)) again = false;
    if (again) return of_line(f->again.next);
    return first ? of_line(f->first.next) : NULL;
}

enum cq_fleet_act cq_fleet_next(struct cq_fleet *f, uint64_t now, struct cq_member **m)
{
    *m = wake(f, now);
    if (*m) return CQ_FLEET_WAKE;
    let_black_holes_go(f, now);
    grow(f, now);
    if (!has_slot(f) || f->n_half >= f->half_open || f->turn >= CQ_STARTS_PER_TURN) {
        return CQ_FLEET_NOTHING;
    }
    if (f->interval_ns && now < f->rate_ns) return CQ_FLEET_NOTHING;
    *m = pick(f);
    if (!*m) return CQ_FLEET_NOTHING;
    take_slot(f, *m, now);
    return CQ_FLEET_START;
}

/* What keeps those who wait for a slot from starting now. */
static uint64_t start_deadline(const struct cq_fleet *f)
{
    uint64_t at = 0;

    if (cq_ring_is_empty(&f->first) && cq_ring_is_empty(&f->again)) return CQ_NEVER;
    if (!has_slot(f)) return f->window < f->slots ? f->grow_ns : CQ_NEVER;
    if (f->n_half >= f->half_open) at = oldest_half(f)->half_ns + CQ_HALF_OPEN_TIME;
    if (f->interval_ns && f->rate_ns > at) at = f->rate_ns;
    return at;
}

uint64_t cq_fleet_deadline(const struct cq_fleet *f)
{
    const struct cq_due *d = cq_dues_first(&f->dues);
    uint64_t at = start_deadline(f);

    return d && d->at_ns < at ? d->at_ns : at;
}
