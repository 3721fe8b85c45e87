/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of Prometheus, of file_sd (YAML or JSON) and http_sd (JSON): [{targets: [host:port, ...],
 * labels: {...}}, ...]. One entry is one cluster, its targets are its contact points. Whoever
 * writes such a list decides where passwords would go: credentials of a group go to its `hosts`
 * alone. (prometheus.io/docs: configuration, file_sd_config; http_sd)
 */
#include <string.h>

#include "cli/loading.h"
#include "cli/target.h"
#include "cli/yaml.h"

enum { MOST_LABELS = CQ_MOST_LABELS + 1, MOST_HOSTS_SAID = 200 };

struct entry {
    struct cq_loading *l;
    const struct cq_node *node, *targets, *labels;
    const char *name, *group;
    struct cqlcrawl_pair *pairs;
    size_t n_pairs;
    bool login; /* the command line's is meant */
};

static bool refuse(const struct entry *e, const struct cq_node *at, const char *why)
{
    cq_diag(e->l->d, at->at, "%s", why);
    return false;
}

/* ---- its parts ---- */

static bool parts(struct entry *e)
{
    if (e->node->kind != CQ_NODE_MAP)
        return refuse(e, e->node, "an entry is a map of targets and labels");
    for (const struct cq_node *k = e->node->first; k; k = k->next) {
        if (strcmp(k->text, "targets") == 0) {
            e->targets = k->value;
        } else if (strcmp(k->text, "labels") == 0) {
            e->labels = k->value;
        } else {
            cq_diag(e->l->d, k->at, "unknown key '%s' in an entry: targets and labels are",
                    k->text);
            return false;
        }
    }
    if (!e->targets || e->targets->kind != CQ_NODE_LIST) {
        return refuse(e, e->targets ? e->targets : e->node, "an entry needs targets, a list");
    }
    if (e->labels && e->labels->kind != CQ_NODE_MAP) {
        return refuse(e, e->labels, "labels are a map of words");
    }
    return true;
}

/* What a label of this name says besides: how much it counts among those that say the same. */
static unsigned rank(const char *label, const char *const *names)
{
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(label, names[i]) == 0) return i + 1;
    }
    return 0;
}

static const struct cq_node *best(const struct entry *e, const char *const *names)
{
    const struct cq_node *found = NULL;
    unsigned least = ~0u;

    for (const struct cq_node *k = e->labels ? e->labels->first : NULL; k; k = k->next) {
        unsigned r = rank(k->text, names);

        if (!r || r >= least || !*k->value->text) continue;
        least = r;
        found = k;
    }
    return found;
}

/* An empty label is none, and those that begin with __ are not for records. */
static bool labels(struct entry *e)
{
    static const char *const name_words[] = {"cluster", "__meta_cqlcrawl_name", "name", NULL};
    static const char *const group_words[] = {"__cqlcrawl_group__", "group", NULL};
    const struct cq_node *name, *group;
    struct cq_loading *l = e->l;

    for (const struct cq_node *k = e->labels ? e->labels->first : NULL; k; k = k->next) {
        if (k->value->kind != CQ_NODE_SCALAR) return refuse(e, k->value, "a label is a word");
        if (!k->value->quoted && strcmp(k->value->text, "null") == 0) {
            return refuse(e, k->value, "the label has no value");
        }
        e->n_pairs += *k->value->text && strncmp(k->text, "__", 2) != 0;
    }
    name = best(e, name_words);
    group = best(e, group_words);
    e->name = name ? name->value->text : NULL;
    if (group) e->group = group->value->text;
    e->pairs = cq_pool_alloc(&l->scratch, (e->n_pairs + 1) * sizeof(*e->pairs));
    e->n_pairs = 0;
    for (const struct cq_node *k = e->labels ? e->labels->first : NULL; e->pairs && k;
         k = k->next) {
        if (k == name || k == group || !*k->value->text || strncmp(k->text, "__", 2) == 0) continue;
        e->pairs[e->n_pairs++] =
            (struct cqlcrawl_pair){cq_loading_text(l, k->text), cq_loading_text(l, k->value->text)};
    }
    return e->pairs != NULL;
}

static bool points(struct entry *e, struct cq_cluster *c)
{
    struct cqlcrawl_endpoint *to;
    size_t n = 0;

    for (const struct cq_node *v = e->targets->first; v; v = v->next)
        n++;
    if (n > CQ_MOST_POINTS) {
        if (!e->l->cut.n++) e->l->cut.first = c->at;
        n = CQ_MOST_POINTS;
    }
    to = cq_pool_alloc(e->l->pool, n * sizeof(*to));
    if (!to) return false;
    c->endpoints = to;
    for (const struct cq_node *v = e->targets->first; v; v = v->next) {
        struct cqlcrawl_endpoint beyond, *one = c->n_endpoints < n ? &to[c->n_endpoints] : &beyond;
        struct cq_pool *pool = one == &beyond ? &e->l->scratch : e->l->pool;

        if (v->kind != CQ_NODE_SCALAR) return refuse(e, v, "a target is host:port");
        if (!cq_parse_endpoint(pool, e->l->d, v->at, v->text, one)) return false;
        if (one != &beyond) c->n_endpoints++;
    }
    return true;
}

/* ---- groups and their credentials ---- */

#define CREDENTIALS                                                                                \
    (1u << CQ_KEY_USER | 1u << CQ_KEY_PASSWORD | 1u << CQ_KEY_TLS_CERT | 1u << CQ_KEY_TLS_KEY)

static struct cq_spec *make_spec(struct cq_loading *l, const struct cq_group *group, bool login)
{
    struct cq_spec *s = cq_pool_alloc(l->pool, sizeof(*s));
    unsigned own = login ? l->a->login.said : 0;

    if (!s) return NULL;
    if (login) *s = l->a->login;
    if (group) (void)cq_spec_inherit(l->pool, s, &group->spec);
    (void)cq_spec_inherit(l->pool, s, &l->inv->config.defaults);
    cq_loading_seal(l, s);
    s->guarded = s->said & CREDENTIALS & ~own;
    return s;
}

/* One for all targets of a group. */
static struct cq_spec *spec_of(struct entry *e, const struct cq_group *group)
{
    struct cq_loading *l = e->l;
    const struct cq_config *c = &l->inv->config;
    bool login = e->login && !group;
    struct cq_spec **at = &l->listed;

    if (!l->specs) l->specs = cq_pool_alloc(l->pool, (c->n_groups + 1) * sizeof(struct cq_spec *));
    if (!l->specs) return NULL;
    if (!login) at = &l->specs[group ? (size_t)(group - c->groups) : c->n_groups];
    if (login) l->has_free = true;
    if (!*at) *at = make_spec(l, group, login);
    return *at;
}

static const char *hosts_of(struct cq_pool *pool, const struct cq_group *group)
{
    const char *s = "";

    for (size_t i = 0; s && i < group->n_hosts; i++) {
        if (strlen(s) > MOST_HOSTS_SAID) return cq_pool_printf(pool, "%s, ...", s);
        s = cq_pool_printf(pool, "%s%s%s", s, i ? ", " : "", group->hosts[i].text);
    }
    return s && *s ? s : "none";
}

/* Passwords and client certificates go nowhere that the configuration does not name. */
static bool may_have(struct entry *e, const struct cq_cluster *c, const struct cq_group *group)
{
    const struct cq_node *v = e->targets->first;

    for (size_t i = 0; c->spec->guarded && i < c->n_endpoints; i++, v = v->next) {
        const char *host = c->endpoints[i].host;

        if (!group) {
            cq_diag(e->l->d, v->at,
                    "'%s': the credentials of the defaults do not go to discovered targets: give "
                    "it a group whose hosts name it",
                    host);
            return false;
        }
        if (cq_host_matches(group->hosts, group->n_hosts, host)) continue;
        cq_diag(e->l->d, v->at,
                "'%s' is not one of the hosts of group '%s' (%s): its credentials do not go there",
                host, group->name, hosts_of(&e->l->scratch, group));
        return false;
    }
    return true;
}

/* ---- one entry ---- */

static bool group_of(struct entry *e, const struct cq_group **group)
{
    *group = e->group ? cq_config_group(&e->l->inv->config, e->group) : NULL;
    if (!e->group || *group) return true;
    cq_diag(e->l->d, e->node->at, "there is no group '%s' in the configuration", e->group);
    return false;
}

static bool settle(struct entry *e, struct cq_cluster *c, const struct cq_group *group)
{
    const struct cqlcrawl_pair *all = e->pairs;
    struct cqlcrawl_pair *kept;
    size_t n = e->n_pairs;

    c->at = e->node->at;
    if (group) c->group = group->name;
    c->spec = spec_of(e, group);
    if (!c->spec || !points(e, c) || !may_have(e, c, group)) return false;
    if (e->name) c->name = cq_pool_dup(e->l->pool, e->name, strlen(e->name));
    if (!cq_labels_inherit(&e->l->scratch, &all, &n, c->spec->t.labels, c->spec->t.n_labels)) {
        return false;
    }
    if (n > MOST_LABELS) n = MOST_LABELS; /* too many as it is */
    c->n_labels = (unsigned short)n;
    c->labels = c->spec->t.labels;
    if (n == c->spec->t.n_labels && all == c->labels) return true;
    kept = cq_pool_alloc(e->l->pool, n * sizeof(*kept));
    if (kept) memcpy(kept, all, n * sizeof(*kept));
    c->labels = kept;
    return kept != NULL;
}

static void take(struct entry *e)
{
    const struct cq_group *group;
    struct cq_cluster *c;

    if (!parts(e) || !labels(e) || !group_of(e, &group)) return;
    if (!e->targets->first) {
        if (!e->l->empty.n++) e->l->empty.first = e->node->at;
        return;
    }
    c = cq_loading_more(e->l);
    if (!c) return;
    if (settle(e, c, group)) {
        cq_loading_named(e->l, c);
    } else {
        e->l->inv->n_clusters--; /* it has no name */
    }
}

void cq_load_file_sd(struct cq_loading *l, const char *file, const char *text, size_t n,
                     const char *group, bool login)
{
    struct cq_yaml_list *list = cq_yaml_list_open(l->d, file, text, n);
    struct entry e;

    while (list && !l->pool->failed) {
        cq_pool_reset(&l->scratch);
        e = (struct entry){.l = l, .group = group, .login = login};
        e.node = cq_yaml_list_next(list, &l->scratch);
        if (!e.node) break;
        take(&e);
    }
    cq_yaml_list_close(list);
}
