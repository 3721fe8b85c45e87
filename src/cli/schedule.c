/* SPDX-License-Identifier: Apache-2.0 */
/* When each cluster is read next (cli/schedule.h): a binary heap and four rules. */
#include "cli/schedule.h"

#include <assert.h>
#include <stdlib.h>

/* splitmix64 (Steele, Lea, Flood 2014): every seed is as good as any other. */
static uint64_t draw(struct cq_schedule *s)
{
    uint64_t z = s->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to n - 1; n is far below 2^64, so that the remainder's bias is not felt. */
static uint64_t below(struct cq_schedule *s, uint64_t n)
{
    return n ? draw(s) % n : 0;
}

static uint64_t shorter(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- the heap ---- */

static bool is_before(const struct cq_turn *a, const struct cq_turn *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct cq_schedule *s, size_t i, struct cq_turn *t)
{
    s->heap[i] = t;
    t->at = i + 1;
}

static void rise(struct cq_schedule *s, size_t i, struct cq_turn *t)
{
    while (i && is_before(t, s->heap[(i - 1) / 2])) {
        put(s, i, s->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(s, i, t);
}

static void sink(struct cq_schedule *s, size_t i, struct cq_turn *t)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= s->n) break;
        if (child + 1 < s->n && is_before(s->heap[child + 1], s->heap[child])) child++;
        if (!is_before(s->heap[child], t)) break;
        put(s, i, s->heap[child]);
        i = child;
    }
    put(s, i, t);
}

static void wait_until(struct cq_schedule *s, struct cq_turn *t, uint64_t due_ns)
{
    assert(!t->at && s->n < s->cap);
    t->due_ns = due_ns;
    t->order = s->order++;
    rise(s, s->n++, t);
}

static void take(struct cq_schedule *s, struct cq_turn *t)
{
    struct cq_turn *last = s->heap[--s->n];
    size_t i = t->at - 1;

    t->at = 0;
    if (last == t) return;
    if (i && is_before(last, s->heap[(i - 1) / 2])) {
        rise(s, i, last);
    } else {
        sink(s, i, last);
    }
}

/* ---- the rules ---- */

static uint64_t spread(struct cq_schedule *s, const struct cq_turn *t)
{
    return below(s, shorter(t->interval_ns, s->ramp_ns));
}

static void new_grid(struct cq_schedule *s, struct cq_turn *t, uint64_t interval_ns, uint64_t now)
{
    t->interval_ns = interval_ns;
    t->phase_ns = now + below(s, t->interval_ns);
}

/* The first place of the grid that is later than now and half an interval later than the last read
 * began. */
static uint64_t next_place(struct cq_turn *t, uint64_t now)
{
    uint64_t from = t->begun_ns + t->interval_ns / 2;

    if (from < now + 1) from = now + 1;
    if (t->phase_ns < from) {
        t->phase_ns += (from - t->phase_ns + t->interval_ns - 1) / t->interval_ns * t->interval_ns;
    }
    return t->phase_ns;
}

static uint64_t back_off(struct cq_schedule *s, const struct cq_turn *t)
{
    uint64_t max = CQ_SCHEDULE_BACKOFF_MAX_NS, window = t->interval_ns;

    if (max < window) max = window;
    for (unsigned i = 1; i < t->failures && window < max; i++)
        window *= 2;
    return t->interval_ns / 2 + below(s, shorter(window, max));
}

/* ---- life ---- */

void cq_schedule_init(struct cq_schedule *s, uint64_t seed, uint64_t ramp_ns)
{
    *s = (struct cq_schedule){.random = seed, .ramp_ns = ramp_ns ? ramp_ns : 1};
}

void cq_schedule_fini(struct cq_schedule *s)
{
    free(s->heap);
    *s = (struct cq_schedule){0};
}

/* Room for every turn, taken ones too, so that done can not fail. */
static bool make_room(struct cq_schedule *s)
{
    size_t cap = s->cap ? s->cap * 2 : 64;
    void *p;

    if (s->n_turns < s->cap) return true;
    p = realloc(s->heap, cap * sizeof(struct cq_turn *));
    if (!p) return false;
    s->heap = p;
    s->cap = cap;
    return true;
}

static uint64_t share(uint64_t interval_ns, unsigned per_cent)
{
    return interval_ns / 100 * per_cent;
}

bool cq_schedule_add(struct cq_schedule *s, struct cq_turn *t, uint64_t interval_ns,
                     unsigned jitter, uint64_t now)
{
    assert(interval_ns);
    if (!make_room(s)) return false;
    *t = (struct cq_turn){.jitter_ns = share(interval_ns, jitter)};
    new_grid(s, t, interval_ns, now);
    s->n_turns++;
    wait_until(s, t, now + spread(s, t));
    return true;
}

void cq_schedule_change(struct cq_schedule *s, struct cq_turn *t, uint64_t interval_ns,
                        unsigned jitter, uint64_t now)
{
    assert(interval_ns);
    t->jitter_ns = share(interval_ns, jitter);
    if (t->interval_ns == interval_ns) return;
    new_grid(s, t, interval_ns, now);
    if (!t->at) return;
    take(s, t);
    wait_until(s, t, now + spread(s, t));
}

void cq_schedule_remove(struct cq_schedule *s, struct cq_turn *t)
{
    if (t->at) take(s, t);
    s->n_turns--;
}

struct cq_turn *cq_schedule_next(struct cq_schedule *s, uint64_t now)
{
    while (s->n && s->heap[0]->due_ns <= now) {
        struct cq_turn *t = s->heap[0];

        take(s, t);
        if (now - t->due_ns <= CQ_SCHEDULE_LATE_NS) {
            t->begun_ns = now;
            return t;
        }
        wait_until(s, t, now + 1 + spread(s, t));
    }
    return NULL;
}

void cq_schedule_done(struct cq_schedule *s, struct cq_turn *t, enum cq_turn_end end, uint64_t now)
{
    uint64_t jitter = below(s, t->jitter_ns);

    if (end != CQ_TURN_NEITHER) t->failures = end == CQ_TURN_FAILED ? t->failures + 1 : 0;
    if (end == CQ_TURN_FAILED) {
        wait_until(s, t, now + back_off(s, t));
    } else {
        wait_until(s, t, next_place(t, now) + jitter);
    }
}

uint64_t cq_schedule_deadline(const struct cq_schedule *s)
{
    return s->n ? s->heap[0]->due_ns : UINT64_MAX;
}
