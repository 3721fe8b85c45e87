/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cqlcrawl validate`: configuration and inventory as `crawl` would read them, every target as the
 * library would take it (CAs, certificates and keys are loaded, passwords are not); contacts
 * nobody. Every mistake is said.
 */
#include <unistd.h>

#include "cli/command.h"
#include "cli/inventory.h"
#include "cli/report.h"

static void check_targets(struct cq_pool *pool, struct cq_diags *d, const struct cq_inventory *inv,
                          cqlcrawl *c)
{
    for (size_t i = 0; i < inv->n_clusters; i++) {
        const struct cq_cluster *k = &inv->clusters[i];

        if (cqlcrawl_validate(c, &k->spec.t)) {
            cq_diag(d, k->at, "%s: %s", cq_cluster_title(pool, k), cqlcrawl_last_error(c));
        }
    }
}

static void tell(struct cq_pool *pool, const struct cq_args *a, const struct cq_inventory *inv)
{
    struct cq_text t = {0};

    for (size_t i = 0; i < inv->config.n_later; i++) {
        struct cq_diags d = {.pool = pool};

        cq_diag(&d, inv->config.later[i].at, "%s: not carried out by this version (%s)",
                inv->config.later[i].what, cqlcrawl_version());
        cq_report_message(&t, a->json_log, "note", d.messages[0]);
    }
    cq_text_printf(&t, "valid: %zu cluster%s\n", inv->n_clusters, inv->n_clusters == 1 ? "" : "s");
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
}

int cq_command_validate(struct cq_pool *pool, const struct cq_args *a)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct cq_diags d = {.pool = pool};
    struct cq_inventory inv;
    cqlcrawl *c = NULL;
    int code = CQ_EXIT_OK;

    if (!a->config && !a->targets_file && !a->n_targets) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0},
                "nothing to validate: give --config FILE, "
                "--targets FILE or a TARGET");
        return cq_complain(&d, a->json_log);
    }
    if (cq_inventory_load(pool, &d, a, false, &inv)) {
        if (cqlcrawl_new(&c, &o)) {
            code = CQ_EXIT_INTERNAL;
        } else {
            check_targets(pool, &d, &inv, c);
            cqlcrawl_close(c, NULL, NULL);
        }
    }
    if (d.n) {
        code = cq_complain(&d, a->json_log);
    } else if (!code) {
        tell(pool, a, &inv);
    }
    cq_inventory_fini(&inv);
    return code;
}
