/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cqlcrawl.yaml (docs/configuration.md): run, defaults, groups, clusters, discovery, sinks. Unknown
 * and repeated keys, wrong types and secrets written out are refused with file:line:column, all of
 * them in one go.
 */
#ifndef CQ_CLI_CONFIG_H
#define CQ_CLI_CONFIG_H

#include "cli/discovery.h"
#include "cli/settings.h"
#include "cli/spec.h"

struct cq_group {
    const char *name;
    struct cq_spec spec;
    /* where its credentials may go when targets are discovered; n_hosts 0: nowhere */
    const struct cq_host_rule *hosts;
    size_t n_hosts;
};

struct cq_config {
    const char *file;
    const char *text; /* all of it, to make the same once more */
    size_t n_text;
    struct cq_settings settings; /* run, sinks */
    struct cq_spec base;         /* run.retries: below the defaults */
    struct cq_spec defaults;
    struct cq_group *groups;
    size_t n_groups;
    struct cq_cluster *clusters;
    size_t n_clusters;
    struct cq_discovery *discovery;
    size_t n_discovery;
};

/* NULL: there is none of that name. */
struct cq_group *cq_config_group(const struct cq_config *c, const char *name);
/* False with diagnostics. Paths in the text are relative to the folder of `file`. */
bool cq_config_parse(struct cq_pool *pool, struct cq_diags *d, const char *file, const char *text,
                     size_t n, struct cq_config *out);
/* The same, and the text is kept. */
bool cq_config_take(struct cq_pool *pool, struct cq_diags *d, const char *file, const char *text,
                    size_t n, struct cq_config *out);
bool cq_config_load(struct cq_pool *pool, struct cq_diags *d, const char *file,
                    struct cq_config *out);
/* A whole file, at most max bytes, for free(); NULL with a diagnostic. */
char *cq_read_file(struct cq_diags *d, const char *file, size_t max, size_t *n);

#endif
