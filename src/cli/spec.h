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
    CQ_KEY_ENDPOINTS,
    CQ_KEY_LABELS,
    CQ_N_KEYS,
};

struct cq_spec {
    unsigned said;            /* a bit per key */
    struct cqlcrawl_target t; /* endpoints and labels are arrays in the pool */
};

/* One cluster of the inventory, or one target of the command line. */
struct cq_cluster {
    const char *name;  /* NULL: host:port */
    const char *group; /* NULL: none */
    struct cq_spec spec;
    struct cq_place at;
    bool chosen;
};

#define CQ_SAID(spec, key) (((spec)->said >> (key)) & 1u)
#define CQ_SAY(spec, key) ((void)((spec)->said |= 1u << (key)))

/* What `over` does not say is taken from `under` (labels: one by one). False: out of memory. */
bool cq_spec_inherit(struct cq_pool *pool, struct cq_spec *over, const struct cq_spec *under);
/* The last step: defaults that follow from other keys, {cluster} in paths. False with diagnostics.
 */
bool cq_spec_finish(struct cq_pool *pool, struct cq_diags *d, struct cq_cluster *c);

#endif
