/* SPDX-License-Identifier: Apache-2.0 */
/* One address under two names: allowed (proxies, moves), but more often a mistake, so it is said
 * once, with the first few. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/loading.h"

enum { SAID = 3, LONGEST_HOST = 256 };

struct point {
    uint32_t cluster; /* + 1; 0: free */
    uint32_t i;
};

struct points {
    const struct cq_inventory *inv;
    struct point *slots;
    size_t cap;
    size_t n; /* clusters that share an address with one before them */
    const char *words;
};

static unsigned port_of(const struct cqlcrawl_endpoint *e)
{
    return e->port ? e->port : 9042;
}

static uint64_t hash(const struct cqlcrawl_endpoint *e)
{
    char s[LONGEST_HOST + 2];
    size_t n = 0;
    unsigned port = port_of(e);

    for (; e->host[n] && n < LONGEST_HOST; n++) {
        char c = e->host[n];

        s[n] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    s[n++] = (char)(port >> 8);
    s[n++] = (char)port;
    return cq_lookup_hash(s, n);
}

static const struct cqlcrawl_endpoint *endpoint(const struct points *p, struct point at)
{
    return &p->inv->clusters[at.cluster - 1].endpoints[at.i];
}

/* Behind a proxy one address leads to many clusters, told apart by the name asked for. */
static bool same_way(const struct cq_cluster *a, const struct cq_cluster *b)
{
    const char *x = a->spec->t.tls_sni, *y = b->spec->t.tls_sni;

    return a != b && (!x || !y || strcmp(x, y) == 0);
}

/* The one that had this address first; it is put there if nobody had. */
static const struct cq_cluster *put(struct points *p, struct point at)
{
    const struct cqlcrawl_endpoint *e = endpoint(p, at);
    size_t i = hash(e) & (p->cap - 1);

    for (; p->slots[i].cluster; i = (i + 1) & (p->cap - 1)) {
        const struct cqlcrawl_endpoint *there = endpoint(p, p->slots[i]);

        if (port_of(there) == port_of(e) && strcasecmp(there->host, e->host) == 0) {
            return &p->inv->clusters[p->slots[i].cluster - 1];
        }
    }
    p->slots[i] = at;
    return NULL;
}

static void look_at(struct cq_loading *l, struct points *p, uint32_t k)
{
    const struct cq_cluster *c = &p->inv->clusters[k], *first = NULL;
    uint32_t i = 0;

    for (; i < c->n_endpoints; i++) {
        first = put(p, (struct point){k + 1, i});
        if (first && same_way(first, c)) break;
    }
    if (i == c->n_endpoints || p->n++ >= SAID) return;
    p->words = cq_pool_printf(l->pool, "%s%s%s and %s (%s)", p->words ? p->words : "",
                              p->words ? ", " : "", first->name, c->name,
                              cq_endpoint_title(l->pool, &c->endpoints[i]));
}

void cq_note_addresses(struct cq_loading *l)
{
    struct points p = {.inv = l->inv, .cap = 64};
    size_t n = 0;

    for (size_t i = 0; i < l->inv->n_clusters; i++)
        n += l->inv->clusters[i].n_endpoints;
    while (p.cap < n * 2)
        p.cap *= 2;
    p.slots = calloc(p.cap, sizeof(*p.slots));
    if (!p.slots) {
        l->pool->failed = true;
        return;
    }
    for (size_t i = 0; i < l->inv->n_clusters; i++)
        look_at(l, &p, (uint32_t)i);
    free(p.slots);
    if (!p.n || !p.words) return;
    cq_diag(&l->inv->notes, CQ_HERE, "%zu cluster%s an address of another: %s%s", p.n,
            p.n == 1 ? " has" : "s have", p.words, p.n > SAID ? ", ..." : "");
}
