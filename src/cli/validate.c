/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cqlcrawl validate`: configuration and inventory as `crawl` would read them, every target as the
 * library would take it (CAs, certificates and keys are loaded, passwords are not); contacts
 * nobody, and asks nobody for a list. Every mistake is said.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/inventory.h"
#include "cli/report.h"

/* What one spec says is checked once, unless paths in it depend on the cluster. */
static void check_targets(struct cq_diags *d, const struct cq_inventory *inv, cqlcrawl *c)
{
    struct cq_pool scratch = {0};
    struct cqlcrawl_target t;

    for (size_t i = 0; i < inv->n_clusters; i++) {
        const struct cq_cluster *k = &inv->clusters[i];

        if (k->spec->checked && !k->spec->has_place) continue;
        k->spec->checked = true;
        cq_pool_reset(&scratch);
        if (!cq_cluster_target(&scratch, k, &t)) {
            cq_diag(d, k->at, "out of memory");
        } else if (cqlcrawl_validate(c, &t)) {
            cq_diag(d, k->at, "%s: %s", k->name, cqlcrawl_last_error(c));
        }
    }
    cq_pool_free(&scratch);
}

/* As the library would take them, but for their secrets, which are not read. */
static void check_sinks(struct cq_diags *d, const struct cq_settings *s, cqlcrawl *c)
{
    for (size_t i = 0; i < s->n_sinks; i++) {
        struct cqlcrawl_sink k = s->sinks[i].s;

        k.token = k.password = (struct cqlcrawl_text){CQLCRAWL_UNSET, NULL, 0};
        k.user = NULL;
        if (cqlcrawl_sink_add(c, &k, NULL)) {
            cq_diag(d, s->sinks[i].at, "sink %s: %s", k.name, cqlcrawl_last_error(c));
        }
    }
}

static size_t without_slashes(const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

/* Whether the folder is there, or could be made. */
static void check_state(struct cq_diags *d, struct cq_pool *pool, const char *path)
{
    struct cq_place at = {path, 0, 0};
    const char *slash, *parent = ".";
    struct stat st;

    if (!path) return;
    if (stat(path, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            cq_diag(d, at, "the state's folder is not a folder");
        else if (access(path, W_OK | X_OK))
            cq_diag(d, at, "the state: %s", strerror(errno));
        return;
    }
    path = cq_pool_dup(pool, path, without_slashes(path));
    slash = path ? strrchr(path, '/') : NULL;
    if (slash) parent = cq_pool_dup(pool, path, slash == path ? 1 : (size_t)(slash - path));
    if (parent && access(parent, W_OK | X_OK)) {
        cq_diag(d, at, "the state's folder cannot be made: %s", strerror(errno));
    }
}

static const char *s_of(size_t n)
{
    return n == 1 ? "" : "s";
}

static void tell_origins(struct cq_text *t, const struct cq_inventory *inv)
{
    for (size_t i = 0; i < inv->n_origins; i++) {
        const struct cq_origin *o = &inv->origins[i];

        cq_text_puts(t, "  ");
        cq_text_escaped(t, o->name);
        if (o->asked) {
            cq_text_printf(t, " (%s): %zu cluster%s\n", o->form, o->n, s_of(o->n));
        } else {
            cq_text_printf(t, " (%s): not asked, nobody is contacted\n", o->form);
        }
    }
}

static void tell_groups(struct cq_text *t, struct cq_pool *pool, const struct cq_inventory *inv)
{
    const size_t *n = cq_inventory_groups(pool, inv);

    for (size_t i = 0; n && i < inv->config.n_groups; i++) {
        cq_text_puts(t, "  group ");
        cq_text_escaped(t, inv->config.groups[i].name);
        cq_text_printf(t, ": %zu cluster%s\n", n[i], s_of(n[i]));
    }
}

static void tell_settings(struct cq_text *t, const struct cq_inventory *inv)
{
    const struct cq_settings *s = &inv->settings;

    for (size_t i = 0; i < s->n_sinks; i++) {
        cq_text_puts(t, "  sink ");
        cq_text_escaped(t, s->sinks[i].s.name);
        cq_text_puts(t, ": not contacted\n");
    }
    if (s->state) {
        cq_text_puts(t, "  state ");
        cq_text_escaped(t, s->state);
        cq_text_puts(t, ": not opened\n");
    }
    if (s->shards > 1) cq_text_printf(t, "  shard %u of %u\n", s->shard, s->shards);
    if (inv->n_found != inv->n_clusters) {
        cq_text_printf(t, "  chosen: %zu of %zu\n", inv->n_clusters, inv->n_found);
    }
}

static void tell(struct cq_pool *pool, const struct cq_inventory *inv)
{
    struct cq_text t = {0};

    cq_text_printf(&t, "valid: %zu cluster%s\n", inv->n_clusters, s_of(inv->n_clusters));
    tell_origins(&t, inv);
    tell_groups(&t, pool, inv);
    tell_settings(&t, inv);
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
}

int cq_command_validate(struct cq_pool *pool, const struct cq_args *a)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct cq_diags d = {.pool = pool};
    struct cq_secrets secrets = {0};
    struct cq_inventory *inv;
    cqlcrawl *c = NULL;
    int code = CQ_EXIT_OK;

    if (!a->config && !a->targets_file && !a->n_targets) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0},
                "nothing to validate: give --config FILE, "
                "--targets FILE or a TARGET");
        return cq_complain(&d, a->json_log);
    }
    inv = cq_inventory_load(&d, a, &secrets, CQ_TO_VALIDATE);
    if (inv && cqlcrawl_new(&c, &o)) {
        code = CQ_EXIT_INTERNAL;
    } else if (inv) {
        check_targets(&d, inv, c);
        check_sinks(&d, &inv->settings, c);
        check_state(&d, pool, inv->settings.state);
        cqlcrawl_close(c, NULL, NULL);
        cq_warn(&inv->notes, a->json_log);
    }
    if (d.n) {
        code = cq_complain(&d, a->json_log);
    } else if (!code) {
        tell(pool, inv);
    }
    cq_inventory_unref(inv);
    cq_secrets_fini(&secrets);
    return code;
}
