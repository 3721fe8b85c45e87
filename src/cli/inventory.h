/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is to be read: the clusters of the configuration, the targets of the command line and of
 * --targets, those of lists of Prometheus, each with everything that is said of it. Names are
 * unique. Once it is there it does not change; who looks at it later holds a reference.
 *
 *   begin (arguments, configuration) -> the lists of http_sd, by whom has a loop -> finish
 *   load: all of it, waiting for the lists
 *
 * Memory: one pool of its own, about 130 bytes for a target that is a line.
 */
#ifndef CQ_CLI_INVENTORY_H
#define CQ_CLI_INVENTORY_H

#include "cli/args.h"
#include "cli/config.h"
#include "cli/lookup.h"
#include "cli/password.h"

enum cq_purpose {
    CQ_TO_VALIDATE, /* nobody is asked for a list; secrets stay where they are */
    CQ_TO_READ,     /* nobody to read is a fault */
    CQ_TO_SERVE,    /* an empty list is one; a source that fails keeps what it said last */
};

/* Where targets came from. */
struct cq_origin {
    const char *name; /* a file, a URL, "arguments" */
    const char *form; /* "lines", "file_sd", "http_sd", "configuration", "command line" */
    const char *why;  /* of a file: why it was taken for this; NULL */
    size_t n;         /* clusters found in it */
    bool asked;       /* false: a URL that nobody has asked */
};

struct cq_inventory {
    unsigned refs;
    struct cq_pool pool;
    struct cq_config config;     /* file NULL: none was given */
    struct cq_settings settings; /* the command line over the configuration */
    struct cq_cluster *clusters; /* in the order of the sources, after --select and --shard */
    size_t n_clusters, room;
    size_t n_found; /* before --select and --shard */
    struct cq_origin *origins;
    size_t n_origins;
    struct cq_lookup names; /* of clusters */
    struct cq_diags notes;  /* what is allowed and should be known */
};

/*
 * NULL with diagnostics (in the pool of d, which outlives the inventory). The secrets outlive every
 * inventory that was made with them.
 */
struct cq_inventory *cq_inventory_load(struct cq_diags *d, const struct cq_args *a,
                                       struct cq_secrets *secrets, enum cq_purpose purpose);
/* In two steps: between them every http_sd of config.discovery gets its answer (http_sd.h). */
struct cq_inventory *cq_inventory_begin(struct cq_diags *d, const struct cq_args *a,
                                        struct cq_secrets *secrets, enum cq_purpose purpose);
/* The same of the configuration that `old` was made from, whatever its file says now. */
struct cq_inventory *cq_inventory_again(struct cq_diags *d, const struct cq_args *a,
                                        const struct cq_inventory *old, struct cq_secrets *secrets,
                                        enum cq_purpose purpose);
/* Takes inv: it is the result, or it is gone and the result is NULL. */
struct cq_inventory *cq_inventory_finish(struct cq_inventory *inv, struct cq_diags *d,
                                         const struct cq_args *a, struct cq_secrets *secrets,
                                         enum cq_purpose purpose);
struct cq_inventory *cq_inventory_ref(struct cq_inventory *inv);
void cq_inventory_unref(struct cq_inventory *inv); /* NULL: nothing */

/* The cluster of that name, or NULL. */
const struct cq_cluster *cq_inventory_find(const struct cq_inventory *inv, const char *name);
/* Whether --accept-identity names it. */
bool cq_accepts_identity(const struct cq_args *a, const char *name);

/* What a new inventory means for who works by an old one. Indices of clusters. */
struct cq_difference {
    uint32_t *added, *changed; /* of the new one */
    uint32_t *removed;         /* of the old one */
    size_t n_added, n_changed, n_removed;
};

/* By name; changed: anything that is said of the cluster is another, its contact points and labels
 * too. In the pool. False: out of memory. */
bool cq_inventory_compare(struct cq_pool *pool, const struct cq_inventory *old,
                          const struct cq_inventory *now, struct cq_difference *out);

/* Clusters of each group of the configuration, in its order; NULL: out of memory. */
size_t *cq_inventory_groups(struct cq_pool *pool, const struct cq_inventory *inv);

#endif
