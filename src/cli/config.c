/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration's outer shape and its groups and clusters. Clusters are put over
 * their group and the defaults at the end, so that the order of the sections does not matter.
 */
#include "cli/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/section.h"
#include "cli/target.h"

enum { FIRST_READ = 65536 };

static void read_defaults(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {CQ_SHARED_KEYS, {NULL, NULL}};

    r->spec = &r->config->defaults;
    cq_section_read(r, v, "defaults", keys);
}

/* ---- groups ---- */

static void group_hosts(struct cq_reading *r, const struct cq_node *v)
{
    struct cq_host_rule *rules;
    const char *const *texts, *why;
    const struct cq_node *e = v->first;
    size_t n = 0;

    if (!cq_value_texts(r, v, "hosts", &texts)) return;
    while (texts[n])
        n++;
    rules = cq_pool_alloc(r->pool, (n + 1) * sizeof(*rules));
    for (size_t i = 0; rules && i < n; i++, e = e->next) {
        why = cq_host_rule_parse(texts[i], &rules[i]);
        if (why) cq_diag(r->d, e->at, "hosts: '%s': %s", texts[i], why);
    }
    r->group->hosts = rules;
    r->group->n_hosts = rules ? n : 0;
}

static void read_groups(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        CQ_SHARED_KEYS, {"hosts", group_hosts}, {NULL, NULL}};
    struct cq_config *c = r->config;

    if (!cq_section_is(r, v, CQ_NODE_MAP, "groups")) return;
    for (const struct cq_node *k = v->first; k; k = k->next) {
        c->groups = cq_pool_more(r->pool, c->groups, c->n_groups, sizeof(*c->groups));
        if (!c->groups) return;
        r->group = &c->groups[c->n_groups++];
        *r->group = (struct cq_group){.name = k->text};
        r->spec = &r->group->spec;
        cq_section_read(r, k->value, "a group", keys);
    }
}

/* ---- clusters ---- */

static void cluster_name(struct cq_reading *r, const struct cq_node *v)
{
    (void)cq_value_text(r, v, "name", &r->cluster->name);
}

static void cluster_group(struct cq_reading *r, const struct cq_node *v)
{
    (void)cq_value_text(r, v, "group", &r->cluster->group);
}

static void set_points(struct cq_reading *r, const struct cq_node *first, const char *what)
{
    struct cqlcrawl_endpoint *e = cq_pool_alloc(r->pool, CQ_MOST_POINTS * sizeof(*e));
    const char *s;
    size_t n = 0;

    for (const struct cq_node *v = first; e && v; v = v->next) {
        if (n == CQ_MOST_POINTS) {
            cq_diag(r->d, v->at, "%s: more than %d", what, CQ_MOST_POINTS);
            return;
        }
        if (!cq_value_text(r, v, what, &s)) return;
        if (!cq_parse_endpoint(r->pool, r->d, v->at, s, &e[n++])) return;
    }
    r->spec->t.endpoints = e;
    r->spec->t.n_endpoints = n;
}

static void set_points_once(struct cq_reading *r, const struct cq_node *v,
                            const struct cq_node *first, const char *what)
{
    if (CQ_SAID(r->spec, CQ_KEY_ENDPOINTS)) {
        cq_diag(r->d, v->at, "contact_points and connect say the same thing: use one of them");
        return;
    }
    CQ_SAY(r->spec, CQ_KEY_ENDPOINTS); /* even if it is wrong: said once is enough */
    set_points(r, first, what);
}

static void cluster_contact_points(struct cq_reading *r, const struct cq_node *v)
{
    if (!cq_section_is(r, v, CQ_NODE_LIST, "contact_points")) return;
    if (!v->first) cq_diag(r->d, v->at, "contact_points: there is none");
    set_points_once(r, v, v->first, "contact_points");
}

static void cluster_connect(struct cq_reading *r, const struct cq_node *v)
{
    struct cq_node alone;

    if (!cq_section_is(r, v, CQ_NODE_SCALAR, "connect")) return;
    alone = *v;
    alone.next = NULL;
    set_points_once(r, v, &alone, "connect");
}

static void read_cluster(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"name", cluster_name},
        {"group", cluster_group},
        {"contact_points", cluster_contact_points},
        {"connect", cluster_connect},
        CQ_SHARED_KEYS,
        {NULL, NULL},
    };
    struct cq_config *c = r->config;

    c->clusters = cq_pool_more(r->pool, c->clusters, c->n_clusters, sizeof(*c->clusters));
    if (!c->clusters) return;
    r->cluster = &c->clusters[c->n_clusters++];
    *r->cluster = (struct cq_cluster){.at = v->at};
    r->spec = r->cluster->spec = cq_pool_alloc(r->pool, sizeof(*r->spec));
    if (!r->spec) return;
    cq_section_read(r, v, "a cluster", keys);
    if (v->kind != CQ_NODE_MAP) return;
    if (!r->cluster->name) cq_diag(r->d, v->at, "a cluster needs a name");
    if (!CQ_SAID(r->spec, CQ_KEY_ENDPOINTS)) {
        cq_diag(r->d, v->at, "a cluster needs contact_points (or connect)");
    }
}

static void read_clusters(struct cq_reading *r, const struct cq_node *v)
{
    if (!cq_section_is(r, v, CQ_NODE_LIST, "clusters")) return;
    for (const struct cq_node *e = v->first; e; e = e->next)
        read_cluster(r, e);
}

/* ---- the whole ---- */

struct cq_group *cq_config_group(const struct cq_config *c, const char *name)
{
    for (size_t i = 0; i < c->n_groups; i++) {
        if (strcmp(c->groups[i].name, name) == 0) return &c->groups[i];
    }
    return NULL;
}

static void settle(struct cq_reading *r, struct cq_cluster *k)
{
    const struct cq_group *group = k->group ? cq_config_group(r->config, k->group) : NULL;
    const struct cqlcrawl_target *t = &k->spec->t;

    if (k->group && !group) {
        cq_diag(r->d, k->at, "cluster '%s': there is no group '%s'", k->name ? k->name : "?",
                k->group);
        return;
    }
    if (group) {
        k->group = group->name;
        (void)cq_spec_inherit(r->pool, k->spec, &group->spec);
    }
    (void)cq_spec_inherit(r->pool, k->spec, &r->config->defaults);
    k->endpoints = t->endpoints;
    k->n_endpoints = (unsigned short)t->n_endpoints;
    k->labels = t->labels;
    k->n_labels = (unsigned short)t->n_labels;
}

static void check_discovery_groups(struct cq_reading *r)
{
    for (size_t i = 0; i < r->config->n_discovery; i++) {
        const struct cq_discovery *x = &r->config->discovery[i];

        if (!x->group || cq_config_group(r->config, x->group)) continue;
        cq_diag(r->d, x->at, "discovery: there is no group '%s'", x->group);
    }
}

bool cq_config_parse(struct cq_pool *pool, struct cq_diags *d, const char *file, const char *text,
                     size_t n, struct cq_config *out)
{
    static const struct cq_section_key keys[] = {
        {"run", cq_key_run},
        {"defaults", read_defaults},
        {"groups", read_groups},
        {"clusters", read_clusters},
        {"discovery", cq_key_discovery},
        {"sinks", cq_key_sinks},
        {NULL, NULL},
    };
    struct cq_reading r = {.pool = pool, .d = d, .config = out, .folder = ""};
    const char *slash = strrchr(file, '/');
    unsigned before = d->n;
    struct cq_node *root;

    *out = (struct cq_config){.file = file};
    if (slash) r.folder = cq_pool_dup(pool, file, (size_t)(slash - file) + 1);
    root = cq_yaml_parse(pool, d, file, text, n);
    if (root && r.folder) cq_section_read(&r, root, "the configuration", keys);
    if (d->n == before) {
        (void)cq_spec_inherit(pool, &out->defaults, &out->base);
        check_discovery_groups(&r);
    }
    for (size_t i = 0; i < out->n_clusters && d->n == before; i++)
        settle(&r, &out->clusters[i]);
    if (pool->failed && d->n == before) cq_diag(d, (struct cq_place){file, 0, 0}, "out of memory");
    return d->n == before;
}

/* The text that is there already, and room for more; NULL: no memory (then it is freed). */
static char *grow(char *text, size_t *cap)
{
    char *more = realloc(text, *cap ? *cap * 2 : FIRST_READ);

    if (!more) free(text);
    *cap = *cap ? *cap * 2 : FIRST_READ;
    return more;
}

/* All of it. *err: errno, or 0. */
static char *read_all(int fd, size_t max, size_t *n, int *err)
{
    size_t cap = 0;
    char *to = grow(NULL, &cap);
    ssize_t got = 1;

    while (to && got && *n <= max) {
        if (*n == cap) to = grow(to, &cap);
        got = to ? read(fd, to + *n, cap - *n) : 0;
        if (got > 0) *n += (size_t)got;
        if (got < 0 && errno != EINTR) break;
    }
    *err = !to ? ENOMEM : got < 0 ? errno : 0;
    return to;
}

char *cq_read_file(struct cq_diags *d, const char *file, size_t max, size_t *n)
{
    struct cq_place at = {file, 0, 0};
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), err = errno;
    char *to = NULL;

    *n = 0;
    if (fd >= 0) {
        to = read_all(fd, max, n, &err);
        (void)close(fd);
    }
    if (err && (fd < 0 || !to || *n <= max)) cq_diag(d, at, "%s", strerror(err));
    if (*n > max) cq_diag(d, at, "larger than %zu bytes", max);
    if (to && (err || *n > max)) {
        free(to);
        to = NULL;
    }
    return to;
}

bool cq_config_take(struct cq_pool *pool, struct cq_diags *d, const char *file, const char *text,
                    size_t n, struct cq_config *out)
{
    bool ok = cq_config_parse(pool, d, file, text, n, out);

    out->text = cq_pool_dup(pool, text, n);
    out->n_text = n;
    return ok && out->text;
}

bool cq_config_load(struct cq_pool *pool, struct cq_diags *d, const char *file,
                    struct cq_config *out)
{
    size_t n;
    char *text = cq_read_file(d, file, CQ_MAX_CONFIG_BYTES, &n);
    bool ok = text && cq_config_take(pool, d, file, text, n, out);

    free(text);
    return ok;
}
