/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is to be read: the clusters of the configuration (all of them, those named, those selected),
 * the targets of the command line and of --targets, each with everything that is said of it. Names
 * are unique.
 */
#ifndef CQ_CLI_INVENTORY_H
#define CQ_CLI_INVENTORY_H

#include "cli/args.h"
#include "cli/config.h"
#include "cli/password.h"

/* A variable that held a password. */
struct cq_taken {
    const char *name;
    struct cq_password password;
};

struct cq_inventory {
    struct cq_config config; /* file NULL: none was given */
    struct cq_cluster *clusters;
    size_t n_clusters;
    struct cq_password password; /* of standard input */
    struct cq_taken *taken;
    size_t n_taken;
};

/* False with diagnostics. for_reading: what a later version carries out is refused, too; else the
 * caller says so. */
bool cq_inventory_load(struct cq_pool *pool, struct cq_diags *d, const struct cq_args *a,
                       bool for_reading, struct cq_inventory *out);
void cq_inventory_fini(struct cq_inventory *inv);
/* "prod-eu-1", or host:port. */
const char *cq_cluster_title(struct cq_pool *pool, const struct cq_cluster *c);

#endif
