/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration's outer shape: run, defaults, groups, clusters, sinks. Clusters are put over
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
#include "cli/words.h"

enum { MOST_CONTACT_POINTS = 16 };

/* A key that a later version carries out: remembered, so that nothing is ignored in silence. */
static void later(struct cq_reading *r, const struct cq_node *v, const char *what)
{
    struct cq_config *c = r->config;

    c->later = cq_pool_more(r->pool, c->later, c->n_later, sizeof(*c->later));
    if (c->later) c->later[c->n_later++] = (struct cq_later){v->at, what};
}

/* ---- run ---- */

static void run_concurrency(struct cq_reading *r, const struct cq_node *v)
{
    const char *s;

    if (!cq_value_text(r, v, "run.concurrency", &s)) return;
    if (!cq_parse_uint(s, 1, 1000000, &r->config->concurrency)) {
        cq_diag(r->d, v->at, "run.concurrency: '%s' is not a number from 1 to 1000000", s);
    }
}

static void run_memory_max(struct cq_reading *r, const struct cq_node *v)
{
    const char *s;

    if (!cq_value_text(r, v, "run.memory_max", &s)) return;
    if (!cq_parse_size(s, &r->config->memory_max)) {
        cq_diag(r->d, v->at, "run.memory_max: '%s' is not a size (64MiB, 512KiB, 1GiB)", s);
    }
}

static void run_rate(struct cq_reading *r, const struct cq_node *v)
{
    const char *s, *slash;
    uint64_t n;

    if (!cq_value_text(r, v, "run.rate", &s)) return;
    slash = strchr(s, '/');
    if (!slash || strcmp(slash, "/s") != 0 ||
        !cq_parse_uint(cq_pool_printf(r->pool, "%.*s", (int)(slash - s), s), 1, 1000000, &n)) {
        cq_diag(r->d, v->at, "run.rate: '%s' is not a rate (200/s)", s);
        return;
    }
    later(r, v, "run.rate");
}

static void read_run(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"concurrency", run_concurrency},
        {"memory_max", run_memory_max},
        {"rate", run_rate},
        {NULL, NULL},
    };

    cq_section_read(r, v, "run", keys);
}

static void read_defaults(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {CQ_SHARED_KEYS, {NULL, NULL}};

    r->spec = &r->config->defaults;
    cq_section_read(r, v, "defaults", keys);
}

/* ---- groups ---- */

static void group_hosts(struct cq_reading *r, const struct cq_node *v)
{
    (void)cq_value_texts(r, v, "hosts", &r->group->hosts);
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
    struct cqlcrawl_endpoint *e = cq_pool_alloc(r->pool, MOST_CONTACT_POINTS * sizeof(*e));
    const char *s;
    size_t n = 0;

    for (const struct cq_node *v = first; e && v; v = v->next) {
        if (n == MOST_CONTACT_POINTS) {
            cq_diag(r->d, v->at, "%s: more than %d", what, MOST_CONTACT_POINTS);
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
    r->spec = &r->cluster->spec;
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

/* ---- sinks ---- */

static void sink_type(struct cq_reading *r, const struct cq_node *v)
{
    static const char *const words[] = {"ndjson", NULL};
    int i;

    (void)cq_value_word(r, v, "sinks: type", words, &i);
}

static void sink_url(struct cq_reading *r, const struct cq_node *v)
{
    const char *s;

    (void)cq_value_text(r, v, "sinks: url", &s);
}

static void sink_token(struct cq_reading *r, const struct cq_node *v)
{
    struct cqlcrawl_text x;

    (void)cq_value_secret(r, v, "sinks: token", &x);
}

static void read_sinks(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"type", sink_type}, {"url", sink_url}, {"token", sink_token}, {NULL, NULL}};

    if (!cq_section_is(r, v, CQ_NODE_LIST, "sinks")) return;
    for (const struct cq_node *e = v->first; e; e = e->next) {
        cq_section_read(r, e, "a sink", keys);
        later(r, e, "sinks");
    }
}

/* ---- the whole ---- */

static const struct cq_spec *find_group(const struct cq_config *c, const char *name)
{
    for (size_t i = 0; i < c->n_groups; i++) {
        if (strcmp(c->groups[i].name, name) == 0) return &c->groups[i].spec;
    }
    return NULL;
}

static void settle(struct cq_reading *r, struct cq_cluster *k)
{
    const struct cq_spec *group = k->group ? find_group(r->config, k->group) : NULL;

    if (k->group && !group) {
        cq_diag(r->d, k->at, "cluster '%s': there is no group '%s'", k->name ? k->name : "?",
                k->group);
        return;
    }
    if (group) (void)cq_spec_inherit(r->pool, &k->spec, group);
    (void)cq_spec_inherit(r->pool, &k->spec, &r->config->defaults);
}

bool cq_config_parse(struct cq_pool *pool, struct cq_diags *d, const char *file, const char *text,
                     size_t n, struct cq_config *out)
{
    static const struct cq_section_key keys[] = {
        {"run", read_run},           {"defaults", read_defaults}, {"groups", read_groups},
        {"clusters", read_clusters}, {"sinks", read_sinks},       {NULL, NULL},
    };
    struct cq_reading r = {.pool = pool, .d = d, .config = out, .folder = ""};
    const char *slash = strrchr(file, '/');
    unsigned before = d->n;
    struct cq_node *root;

    *out = (struct cq_config){.file = file};
    if (slash) r.folder = cq_pool_dup(pool, file, (size_t)(slash - file) + 1);
    root = cq_yaml_parse(pool, d, file, text, n);
    if (root && r.folder) cq_section_read(&r, root, "the configuration", keys);
    for (size_t i = 0; i < out->n_clusters && d->n == before; i++)
        settle(&r, &out->clusters[i]);
    if (pool->failed && d->n == before) cq_diag(d, (struct cq_place){file, 0, 0}, "out of memory");
    return d->n == before;
}

const char *cq_read_file(struct cq_pool *pool, struct cq_diags *d, const char *file, size_t max,
                         size_t *n)
{
    struct cq_place at = {file, 0, 0};
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *to = NULL;
    size_t cap = 0;
    ssize_t got = 1;

    *n = 0;
    while (fd >= 0 && got > 0 && *n <= max) {
        if (*n == cap) {
            char *more = cq_pool_alloc(pool, cap ? cap * 2 : 65536);

            if (!more) break;
            if (cap) memcpy(more, to, cap);
            to = more;
            cap = cap ? cap * 2 : 65536;
        }
        got = read(fd, to + *n, cap - *n);
        if (got > 0) *n += (size_t)got;
        if (got < 0 && errno == EINTR) got = 1;
    }
    if (fd < 0 || got < 0) cq_diag(d, at, "%s", strerror(errno));
    if (fd >= 0) (void)close(fd);
    if (*n > max) cq_diag(d, at, "larger than %zu bytes", max);
    return fd < 0 || got != 0 ? NULL : to ? to : "";
}

bool cq_config_load(struct cq_pool *pool, struct cq_diags *d, const char *file,
                    struct cq_config *out)
{
    size_t n;
    const char *text = cq_read_file(pool, d, file, CQ_MAX_CONFIG_BYTES, &n);

    return text && cq_config_parse(pool, d, file, text, n, out);
}
