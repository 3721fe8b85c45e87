/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory (cli/inventory.h): configuration, then targets, then what the command line says
 * over all of them. */
#include "cli/inventory.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "cli/target.h"

enum { MAX_TARGETS_FILE = 64 << 20 };

#define HERE ((struct cq_place){NULL, 0, 0})

struct loading {
    struct cq_pool *pool;
    struct cq_diags *d;
    const struct cq_args *a;
    struct cq_inventory *inv;
    bool has_free; /* some target is not of the configuration */
    bool for_reading;
};

static struct cq_cluster *more(struct loading *l)
{
    struct cq_inventory *inv = l->inv;

    inv->clusters = cq_pool_more(l->pool, inv->clusters, inv->n_clusters, sizeof(*inv->clusters));
    if (!inv->clusters) return NULL;
    inv->clusters[inv->n_clusters] = (struct cq_cluster){0};
    return &inv->clusters[inv->n_clusters++];
}

/* ---- from the configuration ---- */

static struct cq_cluster *configured(const struct cq_config *c, const char *name)
{
    for (size_t i = 0; i < c->n_clusters; i++) {
        if (strcmp(c->clusters[i].name, name) == 0) return &c->clusters[i];
    }
    return NULL;
}

static bool label_is(const struct cq_cluster *c, const char *name, size_t n, const char *value)
{
    for (size_t i = 0; i < c->spec.t.n_labels; i++) {
        const struct cqlcrawl_pair *p = &c->spec.t.labels[i];

        if (strlen(p->name) == n && memcmp(p->name, name, n) == 0) {
            return strcmp(p->value, value) == 0;
        }
    }
    return false;
}

static bool selects(const char *what, const regex_t *re, const struct cq_cluster *c)
{
    const char *equals = strchr(what, '=');
    regmatch_t m;

    if (!re) return label_is(c, what, (size_t)(equals - what), equals + 1);
    return regexec(re, c->name, 1, &m, 0) == 0 && m.rm_so == 0 && !c->name[m.rm_eo];
}

/* A cluster stays chosen if every --select agrees. */
static void apply_select(struct loading *l, const char *what)
{
    bool by_name = strncmp(what, "name~", 5) == 0;
    struct cq_config *c = &l->inv->config;
    char why[128];
    regex_t re;
    int e = by_name ? regcomp(&re, what + 5, REG_EXTENDED) : 0;

    if (e) {
        (void)regerror(e, &re, why, sizeof(why));
        cq_diag(l->d, HERE, "--select %s: not a regular expression: %s", what, why);
        return;
    }
    for (size_t i = 0; i < c->n_clusters; i++) {
        struct cq_cluster *k = &c->clusters[i];

        if (k->chosen && !selects(what, by_name ? &re : NULL, k)) k->chosen = false;
    }
    if (by_name) regfree(&re);
}

static void take_chosen(struct loading *l)
{
    struct cq_config *c = &l->inv->config;
    size_t n = 0;

    for (size_t i = 0; i < c->n_clusters; i++) {
        struct cq_cluster *to = c->clusters[i].chosen ? more(l) : NULL;

        if (to) {
            *to = c->clusters[i];
            n++;
        }
    }
    if (!n && l->a->n_selects)
        cq_diag(l->d, HERE, "--select: no cluster of the configuration fits");
}

static void from_config(struct loading *l)
{
    struct cq_config *c = &l->inv->config;
    bool all = l->a->n_targets == 0 && !l->a->targets_file;

    if (l->a->n_selects && !c->file) {
        cq_diag(l->d, HERE, "--select chooses from the configuration: --config is missing");
        return;
    }
    if (!all && !l->a->n_selects) return;
    for (size_t i = 0; i < c->n_clusters; i++)
        c->clusters[i].chosen = true;
    for (size_t i = 0; i < l->a->n_selects; i++)
        apply_select(l, l->a->selects[i]);
    take_chosen(l);
}

/* ---- targets ---- */

static void add_target(struct loading *l, struct cq_place at, const char *text)
{
    struct cq_cluster *known = configured(&l->inv->config, text), *c;

    if (known) {
        c = more(l);
        if (c) *c = *known;
        return;
    }
    c = more(l);
    if (!c || !cq_parse_target(l->pool, l->d, at, text, c)) return;
    l->has_free = true;
    (void)cq_spec_inherit(l->pool, &c->spec, &l->a->login);
    (void)cq_spec_inherit(l->pool, &c->spec, &l->inv->config.defaults);
}

static void add_line(struct loading *l, const char *file, unsigned line, const char *s, size_t n)
{
    const char *hash = memchr(s, '#', n);
    char *text;

    if (hash) n = (size_t)(hash - s);
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
        n--;
    while (n && (*s == ' ' || *s == '\t'))
        s++, n--;
    if (!n) return;
    text = cq_pool_dup(l->pool, s, n);
    if (!text) return;
    if (strlen(text) != n) {
        cq_diag(l->d, (struct cq_place){file, line, 0}, "a NUL character cannot be in a target");
        return;
    }
    add_target(l, (struct cq_place){file, line, 0}, text);
}

static void from_file(struct loading *l, const char *file)
{
    size_t n;
    const char *s = cq_read_file(l->pool, l->d, file, MAX_TARGETS_FILE, &n);
    unsigned line = 1;
    size_t before = l->inv->n_clusters;

    while (s && n) {
        const char *end = memchr(s, '\n', n);
        size_t len = end ? (size_t)(end - s) : n;

        add_line(l, file, line++, s, len);
        s += len;
        n -= len;
        if (end) s++, n--;
    }
    if (s && l->inv->n_clusters == before) {
        cq_diag(l->d, (struct cq_place){file, 0, 0}, "there is no target in it");
    }
}

/* ---- over all of them ---- */

static void check_login_options(struct loading *l)
{
    if (!l->a->login_option || l->has_free || !l->inv->n_clusters) return;
    cq_diag(l->d, HERE,
            "--%s is for targets of the command line; of clusters of the configuration "
            "say it there (tls, auth)",
            l->a->login_option);
}

static void read_password(struct loading *l)
{
    const char *why;

    if (!l->a->password_file || strcmp(l->a->password_file, "-") != 0) return;
    why = cq_password_read(&l->inv->password, 0);
    if (why) cq_diag(l->d, HERE, "--password-file -: %s", why);
}

/* The variable's password, taken on its first use; NULL: it has none. */
static const struct cq_password *take_env(struct loading *l, const char *name)
{
    struct cq_inventory *inv = l->inv;
    struct cq_taken *t;

    for (size_t i = 0; i < inv->n_taken; i++) {
        if (strcmp(inv->taken[i].name, name) == 0) return &inv->taken[i].password;
    }
    inv->taken = cq_pool_more(l->pool, inv->taken, inv->n_taken, sizeof(*inv->taken));
    if (!inv->taken) return NULL;
    t = &inv->taken[inv->n_taken];
    t->name = name;
    if (!cq_password_take_env(&t->password, name)) return NULL;
    inv->n_taken++;
    return &t->password;
}

/* What the program has read itself goes to the library as bytes. */
static void place_password(struct loading *l, struct cqlcrawl_text *x)
{
    const struct cq_password *p = NULL;

    /* the option's own value, not a file that a configuration calls "-" */
    if (l->inv->password.p && x->text == l->a->password_file) p = &l->inv->password;
    if (x->source == CQLCRAWL_ENV) p = take_env(l, x->text);
    if (p) *x = (struct cqlcrawl_text){CQLCRAWL_BYTES, p->p, p->n};
}

static void finish(struct loading *l)
{
    struct cq_inventory *inv = l->inv;

    for (size_t i = 0; i < inv->n_clusters; i++) {
        struct cq_cluster *c = &inv->clusters[i];
        struct cq_spec over = l->a->run;

        (void)cq_spec_inherit(l->pool, &over, &c->spec);
        if (CQ_SAID(&c->spec, CQ_KEY_ENDPOINTS)) {
            over.t.endpoints = c->spec.t.endpoints;
            over.t.n_endpoints = c->spec.t.n_endpoints;
            CQ_SAY(&over, CQ_KEY_ENDPOINTS);
        }
        c->spec = over;
        if (!cq_spec_finish(l->pool, l->d, c)) continue;
        if (l->for_reading) place_password(l, &c->spec.t.password);
    }
}

const char *cq_cluster_title(struct cq_pool *pool, const struct cq_cluster *c)
{
    const struct cqlcrawl_endpoint *e = c->spec.t.endpoints;
    unsigned port = e->port ? e->port : 9042;

    if (c->name) return c->name;
    return cq_pool_printf(pool, strchr(e->host, ':') ? "[%s]:%u" : "%s:%u", e->host, port);
}

struct titled {
    const char *title;
    const struct cq_cluster *c;
};

static int by_title(const void *a, const void *b)
{
    return strcmp(((const struct titled *)a)->title, ((const struct titled *)b)->title);
}

static void check_names(struct loading *l)
{
    struct cq_inventory *inv = l->inv;
    struct titled *all = cq_pool_alloc(l->pool, (inv->n_clusters + 1) * sizeof(*all));

    for (size_t i = 0; all && i < inv->n_clusters; i++) {
        all[i] = (struct titled){cq_cluster_title(l->pool, &inv->clusters[i]), &inv->clusters[i]};
        if (!all[i].title) return;
    }
    if (!all) return;
    qsort(all, inv->n_clusters, sizeof(*all), by_title);
    for (size_t i = 1; i < inv->n_clusters; i++) {
        if (strcmp(all[i - 1].title, all[i].title) != 0) continue;
        cq_diag(l->d, all[i].c->at, "'%s' is there twice: every cluster needs a name of its own",
                all[i].title);
    }
}

static void refuse_later(struct loading *l)
{
    const struct cq_config *c = &l->inv->config;

    for (size_t i = 0; i < c->n_later; i++) {
        cq_diag(l->d, c->later[i].at, "%s: not in this version of cqlcrawl (%s)", c->later[i].what,
                cqlcrawl_version());
    }
}

bool cq_inventory_load(struct cq_pool *pool, struct cq_diags *d, const struct cq_args *a,
                       bool for_reading, struct cq_inventory *out)
{
    struct loading l = {.pool = pool, .d = d, .a = a, .inv = out, .for_reading = for_reading};
    unsigned before = d->n;

    *out = (struct cq_inventory){0};
    if (a->config && !cq_config_load(pool, d, a->config, &out->config)) return false;
    if (for_reading) refuse_later(&l);
    from_config(&l);
    for (size_t i = 0; i < a->n_targets; i++)
        add_target(&l, HERE, a->targets[i]);
    if (a->targets_file) from_file(&l, a->targets_file);
    if (d->n != before) return false;
    if (!out->n_clusters && for_reading) {
        cq_diag(d, HERE, "nobody to read: give a TARGET, --targets FILE or --config FILE");
    }
    check_login_options(&l);
    if (d->n == before && for_reading) read_password(&l);
    if (d->n == before) finish(&l);
    if (d->n == before) check_names(&l);
    if (pool->failed && d->n == before) cq_diag(d, HERE, "out of memory");
    return d->n == before;
}

void cq_inventory_fini(struct cq_inventory *inv)
{
    cq_password_wipe(&inv->password);
    for (size_t i = 0; i < inv->n_taken; i++)
        cq_password_wipe(&inv->taken[i].password);
}
