/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory (cli/inventory.h): configuration, then targets or lists, then what the command line
 * says over all of them, then the choice among them. */
#include "cli/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "cli/http_sd.h"
#include "cli/loading.h"

enum { FIRST_ROOM = 64 };

static const char *cluster_name(const void *ctx, uint32_t i)
{
    return ((const struct cq_inventory *)ctx)->clusters[i].name;
}

static const char *configured_name(const void *ctx, uint32_t i)
{
    return ((const struct cq_config *)ctx)->clusters[i].name;
}

static const char *known_text(const void *ctx, uint32_t i)
{
    return ((const struct cq_loading *)ctx)->texts[i];
}

/* ---- what its readers use ---- */

struct cq_cluster *cq_loading_more(struct cq_loading *l)
{
    struct cq_inventory *inv = l->inv;
    struct cq_cluster *to = inv->clusters;

    if (inv->n_clusters == inv->room) { /* its own memory: a pool would keep every step of it */
        size_t room = inv->room ? inv->room * 2 : FIRST_ROOM;

        to = room > UINT32_MAX / 2 ? NULL : realloc(to, room * sizeof(*to));
        if (!to) {
            l->pool->failed = true;
            return NULL;
        }
        inv->clusters = to;
        inv->room = room;
    }
    to += inv->n_clusters++;
    *to = (struct cq_cluster){.source = (unsigned)inv->n_origins - 1};
    inv->origins[inv->n_origins - 1].n++;
    return to;
}

const char *cq_endpoint_title(struct cq_pool *pool, const struct cqlcrawl_endpoint *e)
{
    unsigned port = e->port ? e->port : 9042;

    return cq_pool_printf(pool, strchr(e->host, ':') ? "[%s]:%u" : "%s:%u", e->host, port);
}

/* What of a cluster alone the library would not take; what its spec says is looked at elsewhere. */
static void check_alone(struct cq_loading *l, const struct cq_cluster *c)
{
    const char *s = c->name;

    while ((unsigned char)*s >= 0x20 && *s != 0x7f)
        s++;
    if (*s || !*c->name) cq_diag(l->d, c->at, "the name is empty or holds control characters");
    if (strlen(c->name) > CQ_LONGEST_NAME) {
        cq_diag(l->d, c->at, "the name is longer than %d bytes", CQ_LONGEST_NAME);
    }
    if (c->n_labels > CQ_MOST_LABELS) {
        cq_diag(l->d, c->at, "'%s' has more than %d labels", c->name, CQ_MOST_LABELS);
    }
}

void cq_loading_named(struct cq_loading *l, struct cq_cluster *c)
{
    struct cq_inventory *inv = l->inv;
    uint32_t i = (uint32_t)(c - inv->clusters), there;

    if (!c->name) c->name = cq_endpoint_title(l->pool, &c->endpoints[0]);
    if (!c->name) return;
    check_alone(l, c);
    there = cq_lookup_put(&inv->names, i);
    if (there == CQ_NOWHERE) l->pool->failed = true;
    if (there != i && there != CQ_NOWHERE) {
        cq_diag(l->d, c->at, "'%s' is there twice: every cluster needs a name of its own (%s %s)",
                c->name, "the other one is", cq_place_words(&l->scratch, inv->clusters[there].at));
    }
    if (c->spec->has_place && !cq_is_file_name(c->name)) {
        cq_diag(l->d, c->at, "the name '%s' cannot stand for {cluster} in a path", c->name);
    }
}

void cq_loading_seal(struct cq_loading *l, struct cq_spec *s)
{
    struct cq_spec over = l->a->run;

    if (s->sealed) return;
    (void)cq_spec_inherit(l->pool, &over, s);
    cq_spec_finish(&over);
    *s = over;
    if (l->purpose == CQ_TO_VALIDATE) return;
    /* the option's own value, not a file that a configuration calls "-" */
    if (l->secrets->input.p && s->t.password.text == l->a->password_file) {
        s->t.password =
            (struct cqlcrawl_text){CQLCRAWL_BYTES, l->secrets->input.p, l->secrets->input.n};
    }
    cq_secrets_place(l->secrets, &s->t.password);
}

void cq_loading_origin(struct cq_loading *l, const char *name, const char *form)
{
    struct cq_inventory *inv = l->inv;

    inv->origins = cq_pool_more(l->pool, inv->origins, inv->n_origins, sizeof(*inv->origins));
    if (!inv->origins) {
        inv->n_origins = 0;
        return;
    }
    inv->origins[inv->n_origins++] = (struct cq_origin){.name = name, .form = form, .asked = true};
}

const char *cq_loading_text(struct cq_loading *l, const char *s)
{
    uint32_t i = cq_lookup_find(&l->known, s);
    const char **more;

    if (i != CQ_NOWHERE) return l->texts[i];
    if ((l->n_texts & (l->n_texts - 1)) == 0) { /* full at each power of two */
        more = realloc(l->texts, (l->n_texts ? l->n_texts * 2 : 1) * sizeof(*more));
        if (!more) {
            l->pool->failed = true;
            return NULL;
        }
        l->texts = more;
    }
    s = cq_pool_dup(l->pool, s, strlen(s));
    if (!s) return NULL;
    l->texts[l->n_texts] = s;
    if (cq_lookup_put(&l->known, (uint32_t)l->n_texts++) == CQ_NOWHERE) l->pool->failed = true;
    return s;
}

/* ---- sources ---- */

static void from_config(struct cq_loading *l)
{
    const struct cq_config *c = &l->inv->config;

    if (!c->file || l->pool->failed) return;
    cq_loading_origin(l, c->file, "configuration");
    for (size_t i = 0; i < c->n_clusters && !l->pool->failed; i++) {
        unsigned source = (unsigned)l->inv->n_origins - 1;
        struct cq_cluster *to = cq_loading_more(l);

        if (!to) return;
        *to = c->clusters[i];
        to->source = source;
        cq_loading_seal(l, to->spec);
        cq_loading_named(l, to);
    }
}

static void gather(struct cq_loading *l)
{
    const struct cq_args *a = l->a;

    if (a->n_targets) cq_loading_origin(l, "command line", "arguments");
    for (size_t i = 0; i < a->n_targets && !l->pool->failed; i++)
        cq_load_target(l, CQ_HERE, a->targets[i]);
    if (a->targets_file) cq_load_targets_file(l, a->targets_file);
    if (a->n_targets || a->targets_file) return;
    from_config(l);
    cq_load_discovery(l);
}

/* ---- over all of them ---- */

static void check_login_options(struct cq_loading *l)
{
    if (!l->a->login_option || l->has_free || !l->inv->n_clusters) return;
    cq_diag(l->d, CQ_HERE,
            "--%s is for targets of the command line; of clusters of the configuration "
            "say it there (tls, auth)",
            l->a->login_option);
}

bool cq_accepts_identity(const struct cq_args *a, const char *name)
{
    for (size_t i = 0; i < a->n_accept_identity; i++) {
        if (strcmp(a->accept_identity[i], name) == 0) return true;
    }
    return false;
}

/* A cluster may leave the list of a service later. */
static void check_identities(struct cq_loading *l)
{
    struct cq_diags *d = l->purpose == CQ_TO_SERVE ? &l->inv->notes : l->d;

    for (size_t i = 0; i < l->a->n_accept_identity; i++) {
        if (cq_lookup_find(&l->inv->names, l->a->accept_identity[i]) != CQ_NOWHERE) continue;
        cq_diag(d, CQ_HERE, "--accept-identity: there is no cluster '%s'",
                l->a->accept_identity[i]);
    }
}

static void say_counted(struct cq_loading *l, const struct cq_counted *c, const char *what)
{
    if (c->n) cq_diag(&l->inv->notes, c->first, "%s: %zu (this is the first one)", what, c->n);
}

static void note(struct cq_loading *l)
{
    say_counted(l, &l->empty, "entries without targets, left out");
    say_counted(l, &l->cut, "clusters with more contact points than the 16 that are used");
    cq_note_addresses(l);
}

static void trim(struct cq_inventory *inv)
{
    struct cq_cluster *to = NULL;

    if (inv->n_clusters) to = realloc(inv->clusters, inv->n_clusters * sizeof(*to));
    if (!to) return;
    inv->clusters = to;
    inv->room = inv->n_clusters;
}

/* ---- the whole ---- */

static void read_password(struct cq_diags *d, const struct cq_args *a, struct cq_secrets *s)
{
    const char *why;

    if (!a->password_file || strcmp(a->password_file, "-") != 0 || s->input.p) return;
    why = cq_password_read(&s->input, 0);
    if (why) cq_diag(d, CQ_HERE, "--password-file -: %s", why);
}

static void place_secrets(struct cq_inventory *inv, struct cq_secrets *secrets)
{
    struct cq_config *c = &inv->config;
    struct cq_sink_spec *sinks;

    for (size_t i = 0; i < c->n_discovery; i++) {
        cq_secrets_place(secrets, &c->discovery[i].fetch.token);
        cq_secrets_place(secrets, &c->discovery[i].fetch.password);
    }
    sinks = cq_pool_alloc(&inv->pool, (inv->settings.n_sinks + 1) * sizeof(*sinks));
    for (size_t i = 0; sinks && i < inv->settings.n_sinks; i++) {
        sinks[i] = inv->settings.sinks[i];
        cq_secrets_place(secrets, &sinks[i].s.token);
        cq_secrets_place(secrets, &sinks[i].s.password);
    }
    inv->settings.sinks = sinks;
}

/* known: the text of the configuration; NULL: its file has it. */
static struct cq_inventory *begin(struct cq_diags *d, const struct cq_args *a,
                                  const struct cq_config *known, struct cq_secrets *secrets,
                                  enum cq_purpose purpose)
{
    struct cq_inventory *inv = calloc(1, sizeof(*inv));
    unsigned before = d->n;

    if (!inv) {
        cq_diag(d, CQ_HERE, "out of memory");
        return NULL;
    }
    inv->refs = 1;
    inv->notes.pool = &inv->pool;
    inv->names = (struct cq_lookup){.text = cluster_name, .ctx = inv};
    if (known) {
        (void)cq_config_take(&inv->pool, d, a->config, known->text, known->n_text, &inv->config);
    } else if (a->config) {
        (void)cq_config_load(&inv->pool, d, a->config, &inv->config);
    }
    inv->settings = a->settings;
    cq_settings_inherit(&inv->settings, &inv->config.settings);
    if (purpose != CQ_TO_VALIDATE && d->n == before) place_secrets(inv, secrets);
    if (d->n == before) return inv;
    cq_inventory_unref(inv);
    return NULL;
}

struct cq_inventory *cq_inventory_begin(struct cq_diags *d, const struct cq_args *a,
                                        struct cq_secrets *secrets, enum cq_purpose purpose)
{
    return begin(d, a, NULL, secrets, purpose);
}

struct cq_inventory *cq_inventory_again(struct cq_diags *d, const struct cq_args *a,
                                        const struct cq_inventory *old, struct cq_secrets *secrets,
                                        enum cq_purpose purpose)
{
    return begin(d, a, old->config.text ? &old->config : NULL, secrets, purpose);
}

static void build(struct cq_loading *l)
{
    struct cq_inventory *inv = l->inv;
    unsigned before = l->d->n;

    for (uint32_t i = 0; i < inv->config.n_clusters; i++)
        (void)cq_lookup_put(&l->configured, i);
    gather(l);
    if (l->d->n != before) return;
    if (!inv->n_clusters && !inv->config.n_discovery && l->purpose == CQ_TO_READ) {
        cq_diag(l->d, CQ_HERE, "nobody to read: give a TARGET, --targets FILE or --config FILE");
    }
    check_login_options(l);
    check_identities(l);
    inv->n_found = inv->n_clusters;
    if (l->d->n == before) note(l);
    if (l->d->n == before) cq_choose(l);
    trim(inv);
    if (l->pool->failed && l->d->n == before) cq_diag(l->d, CQ_HERE, "out of memory");
}

struct cq_inventory *cq_inventory_finish(struct cq_inventory *inv, struct cq_diags *d,
                                         const struct cq_args *a, struct cq_secrets *secrets,
                                         enum cq_purpose purpose)
{
    struct cq_loading l = {.inv = inv, .pool = &inv->pool, .d = d, .a = a};
    unsigned before = d->n;

    l.secrets = secrets;
    l.purpose = purpose;
    l.configured = (struct cq_lookup){.text = configured_name, .ctx = &inv->config};
    l.known = (struct cq_lookup){.text = known_text, .ctx = &l};
    if (purpose != CQ_TO_VALIDATE) read_password(d, a, secrets);
    if (d->n == before) build(&l);
    cq_lookup_fini(&l.configured);
    cq_lookup_fini(&l.known);
    cq_pool_free(&l.scratch);
    free(l.texts);
    if (d->n == before) return inv;
    cq_inventory_unref(inv);
    return NULL;
}

struct cq_inventory *cq_inventory_load(struct cq_diags *d, const struct cq_args *a,
                                       struct cq_secrets *secrets, enum cq_purpose purpose)
{
    struct cq_inventory *inv = cq_inventory_begin(d, a, secrets, purpose);
    bool own = a->n_targets || a->targets_file; /* nobody's list is needed */

    if (inv && purpose != CQ_TO_VALIDATE && !own && !cq_http_sd_get(inv, d)) {
        cq_inventory_unref(inv);
        return NULL;
    }
    return inv ? cq_inventory_finish(inv, d, a, secrets, purpose) : NULL;
}

struct cq_inventory *cq_inventory_ref(struct cq_inventory *inv)
{
    inv->refs++;
    return inv;
}

void cq_inventory_unref(struct cq_inventory *inv)
{
    if (!inv || --inv->refs) return;
    cq_lookup_fini(&inv->names);
    free(inv->clusters);
    cq_pool_free(&inv->pool);
    free(inv);
}

const struct cq_cluster *cq_inventory_find(const struct cq_inventory *inv, const char *name)
{
    uint32_t i = cq_lookup_find(&inv->names, name);

    return i == CQ_NOWHERE ? NULL : &inv->clusters[i];
}
