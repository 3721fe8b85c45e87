/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cqlcrawl.yaml (docs/configuration.md): run, defaults, groups, clusters, sinks. Unknown and
 * repeated keys, wrong types and secrets written out are refused with file:line:column, all of them
 * in one go.
 */
#ifndef CQ_CLI_CONFIG_H
#define CQ_CLI_CONFIG_H

#include "cli/spec.h"

struct cq_group {
    const char *name;
    struct cq_spec spec;
    const char *const
        *hosts; /* where its credentials may go when targets are discovered; NULL: nowhere */
};

/* Something that the grammar knows and this version does not carry out. */
struct cq_later {
    struct cq_place at;
    const char *what; /* "run.rate" */
};

struct cq_config {
    const char *file;
    uint64_t concurrency; /* 0: not said */
    uint64_t memory_max;
    struct cq_spec defaults;
    struct cq_group *groups;
    size_t n_groups;
    struct cq_cluster *clusters;
    size_t n_clusters;
    struct cq_later *later;
    size_t n_later;
};

/* False with diagnostics. Paths in the text are relative to the folder of `file`. */
bool cq_config_parse(struct cq_pool *pool, struct cq_diags *d, const char *file, const char *text,
                     size_t n, struct cq_config *out);
bool cq_config_load(struct cq_pool *pool, struct cq_diags *d, const char *file,
                    struct cq_config *out);
/* A whole file into the pool, at most max bytes. */
const char *cq_read_file(struct cq_pool *pool, struct cq_diags *d, const char *file, size_t max,
                         size_t *n);

#endif
