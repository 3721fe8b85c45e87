/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that are read again and again (cli/roster.h). */
#include "cli/roster.h"

#include <assert.h>
#include <stdlib.h>

#define NS_PER_MS 1000000u

static struct cq_served *served_of(struct cq_turn *t)
{
    return (struct cq_served *)(void *)((char *)t - offsetof(struct cq_served, turn));
}

static uint64_t interval_of(const struct cq_cluster *c)
{
    uint64_t ms = c->spec->interval_ms;

    return (ms ? ms : CQ_DEFAULT_INTERVAL_MS) * NS_PER_MS;
}

static void drop(struct cq_served *s)
{
    cq_outcome_fini(&s->outcome);
    cq_inventory_unref(s->inv);
    free(s);
}

void cq_roster_init(struct cq_roster *r, uint64_t seed, uint64_t ramp_ns)
{
    *r = (struct cq_roster){0};
    cq_schedule_init(&r->schedule, seed, ramp_ns);
}

/* ---- a new inventory ---- */

/* The old place of each cluster of the new inventory, or a new one; NULL: no memory, nothing is
 * changed but turns that nobody has. */
static struct cq_served **places(struct cq_roster *r, const struct cq_inventory *inv, uint64_t now)
{
    struct cq_served **list = calloc(inv->n_clusters + 1, sizeof(struct cq_served *));

    for (size_t i = 0; list && i < inv->n_clusters; i++) {
        const struct cq_cluster *c = &inv->clusters[i], *old = NULL;

        if (r->inv) old = cq_inventory_find(r->inv, c->name);
        if (old) {
            list[i] = r->list[old - r->inv->clusters];
            continue;
        }
        list[i] = calloc(1, sizeof(**list));
        if (!list[i]) return list;
        if (!cq_schedule_add(&r->schedule, &list[i]->turn, interval_of(c), c->spec->jitter, now)) {
            free(list[i]);
            list[i] = NULL;
            return list;
        }
    }
    return list;
}

static void undo(struct cq_roster *r, const struct cq_inventory *inv, struct cq_served **list)
{
    for (size_t i = 0; list && i < inv->n_clusters && list[i]; i++) {
        if (list[i]->cluster) continue;
        cq_schedule_remove(&r->schedule, &list[i]->turn);
        free(list[i]);
    }
    free(list);
}

static void settle(struct cq_roster *r, struct cq_served *s, const struct cq_cluster *c,
                   uint64_t now)
{
    if (s->cluster)
        cq_schedule_change(&r->schedule, &s->turn, interval_of(c), c->spec->jitter, now);
    s->cluster = c;
    s->outcome.title = c->name;
    s->outcome.own = s;
}

/* Out of the schedule; being read, its words stay for as long. */
static void leave(struct cq_roster *r, struct cq_served *s)
{
    cq_schedule_remove(&r->schedule, &s->turn);
    if (!s->reading) {
        drop(s);
        return;
    }
    s->inv = cq_inventory_ref(r->inv);
    s->next = r->leaving;
    r->leaving = s;
}

static bool count(struct cq_roster *r, const struct cq_inventory *inv,
                  struct cq_roster_change *change, struct cq_difference *diff, struct cq_pool *pool)
{
    if (!r->inv) {
        *change = (struct cq_roster_change){.added = inv->n_clusters};
        return true;
    }
    if (!cq_inventory_compare(pool, r->inv, inv, diff)) return false;
    *change = (struct cq_roster_change){diff->n_added, diff->n_changed, diff->n_removed};
    return true;
}

static bool take(struct cq_roster *r, struct cq_inventory *inv, uint64_t now,
                 const struct cq_difference *diff)
{
    struct cq_served **list = places(r, inv, now);

    if (!list || (inv->n_clusters && !list[inv->n_clusters - 1])) {
        undo(r, inv, list);
        return false;
    }
    for (size_t i = 0; i < diff->n_removed; i++)
        leave(r, r->list[diff->removed[i]]);
    for (size_t i = 0; i < inv->n_clusters; i++)
        settle(r, list[i], &inv->clusters[i], now);
    free(r->list);
    cq_inventory_unref(r->inv);
    r->list = list;
    r->n = inv->n_clusters;
    r->inv = inv;
    return true;
}

bool cq_roster_take(struct cq_roster *r, struct cq_inventory *inv, uint64_t now,
                    struct cq_roster_change *change)
{
    struct cq_difference diff = {0};
    struct cq_pool pool = {0};
    bool ok = count(r, inv, change, &diff, &pool) && take(r, inv, now, &diff);

    cq_pool_free(&pool);
    return ok;
}

/* ---- reads ---- */

struct cq_served *cq_roster_due(struct cq_roster *r, uint64_t now)
{
    struct cq_turn *t = cq_schedule_next(&r->schedule, now);

    if (!t) return NULL;
    served_of(t)->reading = true;
    return served_of(t);
}

void cq_roster_done(struct cq_roster *r, struct cq_served *s, enum cq_turn_end end, uint64_t now)
{
    struct cq_served **at = &r->leaving;

    assert(s->reading);
    s->reading = false;
    if (!s->inv) {
        cq_schedule_done(&r->schedule, &s->turn, end, now);
        return;
    }
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    drop(s);
}

void cq_roster_fini(struct cq_roster *r)
{
    for (size_t i = 0; i < r->n; i++)
        drop(r->list[i]);
    while (r->leaving) {
        struct cq_served *s = r->leaving;

        r->leaving = s->next;
        drop(s);
    }
    free(r->list);
    cq_inventory_unref(r->inv);
    cq_schedule_fini(&r->schedule);
    *r = (struct cq_roster){0};
}
