/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes as a list of Prometheus that somebody else wrote, under a group with a password. What
 * is refused must say why; what is taken must be whole, and no contact point outside of the
 * group's hosts may be together with the password.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "cli/inventory.h"
#include "cli/yaml.h"

static const char config[] =
    "groups:\n"
    "  g: {auth: {user: u, password: {file: p}}, hosts: [.a, 10.0.0.0/8]}\n"
    "  h: {labels: {x: y}}\n"
    "discovery: [{http_sd: {url: \"http://127.0.0.1:1/\", group: g}}]\n";

static void look_at(const struct cq_inventory *inv, const struct cq_cluster *c)
{
    const struct cq_group *g = cq_config_group(&inv->config, "g");

    if (!c->name || !*c->name || !c->n_endpoints) abort();
    if (cq_inventory_find(inv, c->name) != c) abort();
    for (size_t i = 0; i < c->n_endpoints; i++) {
        if (!c->endpoints[i].host) abort();
        if (!c->spec->t.password.source) continue;
        if (!cq_host_matches(g->hosts, g->n_hosts, c->endpoints[i].host)) abort();
    }
    for (size_t i = 0; i < c->n_labels; i++) {
        if (strncmp(c->labels[i].name, "__", 2) == 0 || !*c->labels[i].value) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_args a = {.command = CQ_CMD_SERVE};
    struct cq_secrets secrets = {0};
    struct cq_inventory *inv = cq_inventory_begin(&d, &a, &secrets, CQ_TO_SERVE);
    char *text = cq_pool_dup(&pool, (const char *)data, size);

    if (!inv || !text) return 0;
    if (!cq_config_parse(&inv->pool, &d, "c.yaml", config, sizeof(config) - 1, &inv->config)) {
        abort();
    }
    inv->config.discovery[0].n_body = cq_yaml_from_json(text, size);
    inv->config.discovery[0].body = text;
    inv = cq_inventory_finish(inv, &d, &a, &secrets, CQ_TO_SERVE);
    if (!inv && !d.n) abort();
    for (size_t i = 0; inv && i < inv->n_clusters; i++)
        look_at(inv, &inv->clusters[i]);
    cq_inventory_unref(inv);
    cq_pool_free(&pool);
    return 0;
}
