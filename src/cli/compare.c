/* SPDX-License-Identifier: Apache-2.0 */
/* What a new inventory changes, and who is in which group (cli/inventory.h). */
#include <string.h>

#include "cli/inventory.h"

static bool same_endpoints(const struct cq_cluster *a, const struct cq_cluster *b)
{
    if (a->n_endpoints != b->n_endpoints) return false;
    for (size_t i = 0; i < a->n_endpoints; i++) {
        if (a->endpoints[i].port != b->endpoints[i].port) return false;
        if (strcmp(a->endpoints[i].host, b->endpoints[i].host) != 0) return false;
    }
    return true;
}

static bool same_labels(const struct cq_cluster *a, const struct cq_cluster *b)
{
    if (a->n_labels != b->n_labels) return false;
    for (size_t i = 0; i < a->n_labels; i++) {
        if (strcmp(a->labels[i].name, b->labels[i].name) != 0) return false;
        if (strcmp(a->labels[i].value, b->labels[i].value) != 0) return false;
    }
    return true;
}

/* The last two specs that were found equal: most clusters have one of a few. */
struct equals {
    const struct cq_spec *a, *b;
};

static bool same_spec(struct equals *e, const struct cq_spec *a, const struct cq_spec *b)
{
    if (e->a == a && e->b == b) return true;
    if (!cq_spec_equal(a, b)) return false;
    *e = (struct equals){a, b};
    return true;
}

bool cq_inventory_compare(struct cq_pool *pool, const struct cq_inventory *old,
                          const struct cq_inventory *now, struct cq_difference *out)
{
    struct equals e = {0};

    *out = (struct cq_difference){0};
    out->added = cq_pool_alloc(pool, (now->n_clusters + 1) * sizeof(uint32_t));
    out->changed = cq_pool_alloc(pool, (now->n_clusters + 1) * sizeof(uint32_t));
    out->removed = cq_pool_alloc(pool, (old->n_clusters + 1) * sizeof(uint32_t));
    if (!out->added || !out->changed || !out->removed) return false;
    for (uint32_t i = 0; i < now->n_clusters; i++) {
        const struct cq_cluster *c = &now->clusters[i], *was = cq_inventory_find(old, c->name);

        if (!was) {
            out->added[out->n_added++] = i;
        } else if (!same_spec(&e, was->spec, c->spec) || !same_endpoints(was, c) ||
                   !same_labels(was, c)) {
            out->changed[out->n_changed++] = i;
        }
    }
    for (uint32_t i = 0; i < old->n_clusters; i++) {
        if (!cq_inventory_find(now, old->clusters[i].name)) out->removed[out->n_removed++] = i;
    }
    return true;
}

static const char *group_name(const void *ctx, uint32_t i)
{
    return ((const struct cq_inventory *)ctx)->config.groups[i].name;
}

size_t *cq_inventory_groups(struct cq_pool *pool, const struct cq_inventory *inv)
{
    struct cq_lookup names = {.text = group_name, .ctx = inv};
    size_t *n = cq_pool_alloc(pool, (inv->config.n_groups + 1) * sizeof(*n));

    for (uint32_t i = 0; n && i < inv->config.n_groups; i++)
        (void)cq_lookup_put(&names, i);
    for (size_t k = 0; n && k < inv->n_clusters; k++) {
        const char *group = inv->clusters[k].group;
        uint32_t i = group ? cq_lookup_find(&names, group) : CQ_NOWHERE;

        if (i != CQ_NOWHERE) n[i]++;
    }
    cq_lookup_fini(&names);
    return n;
}
