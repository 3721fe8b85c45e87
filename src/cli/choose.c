/* SPDX-License-Identifier: Apache-2.0 */
/* Which of all clusters are this run's: --select (all of them must hold), then --shard, by the name
 * alone, so that N processes divide the same inventory without a word between them. */
#include <regex.h>
#include <string.h>

#include "cli/loading.h"

enum { MOST_SELECTS = 64 };

struct choice {
    const char *what;
    bool by_name;
    regex_t re;
};

static bool label_is(const struct cq_cluster *c, const char *name, size_t n, const char *value)
{
    for (size_t i = 0; i < c->n_labels; i++) {
        const struct cqlcrawl_pair *p = &c->labels[i];

        if (strncmp(p->name, name, n) == 0 && !p->name[n]) return strcmp(p->value, value) == 0;
    }
    return false;
}

static bool holds(const struct choice *k, const struct cq_cluster *c)
{
    const char *equals;
    regmatch_t m;

    if (!k->by_name) {
        equals = strchr(k->what, '=');
        return label_is(c, k->what, (size_t)(equals - k->what), equals + 1);
    }
    return regexec(&k->re, c->name, 1, &m, 0) == 0 && m.rm_so == 0 && !c->name[m.rm_eo];
}

static bool compile(struct cq_loading *l, struct choice *k, const char *what)
{
    char why[128];
    int e;

    *k = (struct choice){.what = what};
    if (strncmp(what, "name~", 5) != 0) return true;
    e = regcomp(&k->re, what + 5, REG_EXTENDED);
    k->by_name = !e;
    if (!e) return true;
    (void)regerror(e, &k->re, why, sizeof(why));
    cq_diag(l->d, CQ_HERE, "--select %s: not a regular expression: %s", what, why);
    return false;
}

static bool is_mine(const struct cq_settings *s, const struct cq_cluster *c)
{
    return s->shards < 2 || cqlcrawl_shard(c->name, s->shards) + 1 == s->shard;
}

static void keep(struct cq_loading *l, const struct choice *all, size_t n)
{
    struct cq_inventory *inv = l->inv;
    size_t selected = 0, to = 0;

    cq_lookup_fini(&inv->names);
    for (size_t i = 0; i < inv->n_clusters; i++) {
        size_t k = 0;

        while (k < n && holds(&all[k], &inv->clusters[i]))
            k++;
        selected += k == n;
        if (k < n || !is_mine(&inv->settings, &inv->clusters[i])) continue;
        inv->clusters[to] = inv->clusters[i];
        if (cq_lookup_put(&inv->names, (uint32_t)to++) == CQ_NOWHERE) l->pool->failed = true;
    }
    inv->n_clusters = to;
    if (n && !selected && inv->n_found) cq_diag(l->d, CQ_HERE, "--select: no cluster fits");
}

void cq_choose(struct cq_loading *l)
{
    struct choice all[MOST_SELECTS];
    size_t n = 0;
    bool ok = l->a->n_selects <= MOST_SELECTS;

    if (!ok) cq_diag(l->d, CQ_HERE, "--select: more than %d", MOST_SELECTS);
    if (!l->a->n_selects && l->inv->settings.shards < 2) return;
    for (; ok && n < l->a->n_selects; n += ok)
        ok = compile(l, &all[n], l->a->selects[n]);
    if (ok) keep(l, all, n);
    for (size_t i = 0; i < n; i++) {
        if (all[i].by_name) regfree(&all[i].re);
    }
}
