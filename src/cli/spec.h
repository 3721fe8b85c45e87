/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a cluster, at whatever level it is said: defaults, a group, the cluster, the
 * command line. Each key knows whether it was said; the nearest level wins, and a level that turns
 * something off (tls.mode disable, auth.mechanism none) takes what belongs to it along.
 */
#ifndef CQ_CLI_SPEC_H
#define CQ_CLI_SPEC_H

#include "cqlcrawl.h"

#include "cli/diag.h"
#include "cli/hosts.h"

enum cq_key {
    CQ_KEY_TLS_MODE,
    CQ_KEY_TLS_SNI,
    CQ_KEY_TLS_NAME,
    CQ_KEY_TLS_CACERT,
    CQ_KEY_TLS_CERT,
    CQ_KEY_TLS_KEY,
    CQ_KEY_TLS_MIN,
    CQ_KEY_MECHANISM,
    CQ_KEY_USER,
    CQ_KEY_PASSWORD,
    CQ_KEY_PLAINTEXT,
    CQ_KEY_AUTHENTICATORS,
    CQ_KEY_PROTOCOL,
    CQ_KEY_COMPRESSION,
    CQ_KEY_TIMEOUT,
    CQ_KEY_CONNECT_TIMEOUT,
    CQ_KEY_INCLUDE,
    CQ_KEY_EXCLUDE,
    CQ_KEY_SYSTEM,
    CQ_KEY_PROOF,
    CQ_KEY_RETRIES,
    CQ_KEY_MAX_IN_FLIGHT,
    CQ_KEY_INTERVAL,
    CQ_KEY_JITTER,
    CQ_KEY_ENDPOINTS,
    CQ_KEY_LABELS,
    CQ_N_KEYS,
};

#define CQ_MOST_POINTS 16
#define CQ_MOST_LABELS 64
#define CQ_LONGEST_NAME 255
#define CQ_MOST_RETRIES 100u
#define CQ_MOST_IN_FLIGHT 64u
#define CQ_DEFAULT_INTERVAL_MS 3600000u
#define CQ_DEFAULT_JITTER 10u /* per cent */

struct cq_spec {
    unsigned said;            /* a bit per key */
    struct cqlcrawl_target t; /* endpoints and labels are arrays in the pool */
    uint64_t interval_ms;     /* serve: from the begin of one read to that of the next */
    unsigned jitter;          /* serve: per cent of the interval, by which a read may come later */
    bool sealed;              /* finished, under the command line's words */
    bool has_place;           /* {cluster} stands in a path */
    bool checked;             /* the library would take a target with it */
    bool guarded;             /* credentials of the configuration, for hosts of its group alone */
};

/* One cluster of the inventory, or one target of the command line: small, because there may be a
 * million of them. What many have in common is one spec. */
struct cq_cluster {
    const char *name;     /* in an inventory never NULL: else host:port */
    const char *group;    /* NULL: none */
    struct cq_spec *spec; /* shared; while reading NULL: the target says nothing but its address */
    const struct cqlcrawl_endpoint *endpoints;
    const struct cqlcrawl_pair *labels; /* its own and those of all levels */
    unsigned short n_endpoints, n_labels;
    unsigned source; /* index of cq_inventory.origins */
    struct cq_place at;
};

#define CQ_SAID(spec, key) (((spec)->said >> (key)) & 1u)
#define CQ_SAY(spec, key) ((void)((spec)->said |= 1u << (key)))

/* What `over` does not say is taken from `under` (labels: one by one). False: out of memory. */
bool cq_spec_inherit(struct cq_pool *pool, struct cq_spec *over, const struct cq_spec *under);
/* The labels of `under` first, with the values of the nearer ones where they have them, then those.
 * False: out of memory. */
bool cq_labels_inherit(struct cq_pool *pool, const struct cqlcrawl_pair **labels, size_t *n,
                       const struct cqlcrawl_pair *under, size_t n_under);
/* The last step: defaults that follow from other keys. */
void cq_spec_finish(struct cq_spec *s);
/* Whether {cluster} stands in a path of it. */
bool cq_spec_has_place(const struct cq_spec *s);
/* Whether a name may stand for {cluster}: a plain file name. */
bool cq_is_file_name(const char *name);
/* Everything of a finished cluster as the library wants it, {cluster} replaced. What it points to
 * lives as long as the cluster and the pool. False: out of memory. */
bool cq_cluster_target(struct cq_pool *pool, const struct cq_cluster *c,
                       struct cqlcrawl_target *out);
/* The same settings, wherever they were said. */
bool cq_spec_equal(const struct cq_spec *a, const struct cq_spec *b);

#endif
