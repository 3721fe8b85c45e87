/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same bytes as a configuration and, up to the first NUL, as a TARGET, a duration and a size.
 * What is refused must say why; what is taken must be whole: a name and a contact point for every
 * cluster, secrets as references only.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "cli/config.h"
#include "cli/target.h"
#include "cli/words.h"

static void look_at_cluster(struct cq_pool *pool, struct cq_cluster *c)
{
    struct cqlcrawl_target t;

    if (!c->name || !c->n_endpoints || !c->endpoints[0].host) abort();
    if (c->spec->t.password.source == CQLCRAWL_BYTES) abort();
    cq_spec_finish(c->spec);
    if (!cq_is_file_name(c->name)) return;
    if (!cq_cluster_target(pool, c, &t)) {
        if (!pool->failed) abort();
        return;
    }
    if (t.password.source == CQLCRAWL_FILE && strstr(t.password.text, "{cluster}")) abort();
}

static void as_config(const uint8_t *data, size_t size)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_config c;

    if (!cq_config_parse(&pool, &d, "f/c.yaml", (const char *)data, size, &c)) {
        if (!d.n || strncmp(d.messages[0], "f/c.yaml:", 9) != 0) abort();
    } else {
        for (size_t i = 0; i < c.n_clusters; i++)
            look_at_cluster(&pool, &c.clusters[i]);
    }
    cq_pool_free(&pool);
}

static void as_words(const uint8_t *data, size_t size)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_cluster c = {0};
    char *s = cq_pool_dup(&pool, (const char *)data, size);
    uint64_t v;

    if (s && cq_parse_target(&pool, &d, (struct cq_place){0}, s, &c)) {
        if (!c.n_endpoints || (c.spec && c.spec->t.password.source)) abort();
    } else if (s && !d.n && !pool.failed) {
        abort();
    }
    if (s && cq_parse_duration(s, &v) && (v == 0 || v > 86400000)) abort();
    if (s && cq_parse_size(s, &v) && v == 0) abort();
    cq_pool_free(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_config(data, size);
    as_words(data, size);
    return 0;
}
