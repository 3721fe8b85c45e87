/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line asked for: read by options.c, never changed afterwards. */
#ifndef CQSIM_CONFIG_H
#define CQSIM_CONFIG_H

#include "sim/chaos.h"
#include "sim/release.h"

enum { CQSIM_MAX_FAULT_SPECS = 64, CQSIM_MAX_MIX = 8 };

enum cqsim_auth { CQSIM_AUTH_NONE, CQSIM_AUTH_PASSWORD, CQSIM_AUTH_MTLS };

struct cqsim_shape {
    unsigned keyspaces;
    unsigned tables;
    unsigned columns;
    bool rich;
    unsigned weight; /* in a mix */
    bool words;      /* names that read like a company's own */
    bool distinct;   /* columns' names that no other table has */
};

/* PEM files of a TLS server, and the highest version it speaks. */
struct cqsim_tls_files {
    const char *cert, *key, *client_ca;
    bool require_client_cert;
    const char *max; /* "1.2", "1.3"; NULL = 1.3 */
};

struct cqsim_config {
    size_t n_clusters;
    uint8_t ip[4];
    uint16_t port;
    bool spread_port;
    uint8_t peer_ip[4]; /* where the never listening peers begin */
    uint64_t seed;
    size_t n_schemas; /* different schemas; clusters share them by index */
    struct cqsim_shape mix[CQSIM_MAX_MIX];
    size_t n_mix;
    const struct cqsim_release *release;
    unsigned n_nodes;
    unsigned min_protocol; /* 5 = older ones are rejected (allow_older_protocols: false) */
    bool in_order;
    uint32_t page_rows; /* 0 = as the client asks */
    bool empty_pages;
    enum cqsim_auth auth;
    const char *user;
    char password[CQSIM_MAX_TEXT];
    const char *authenticator;
    bool tls;
    const char *tls_for; /* "I" or "I/N": TLS for those only; NULL = as tls says */
    const char *made_ca; /* where the CA of certificates made here is written; NULL = nowhere */
    struct cqsim_chaos *chaos; /* NULL = none */
    struct cqsim_tls_files tls_files;
    const char *replay, *replay_c2s;
    const char *targets_file, *peers_file, *pid_file, *stats_file;
    const char *targets_json, *targets_yaml, *faults_file, *changes_file;
    bool print_targets;
    uint64_t duration_s;
    const char *faults[CQSIM_MAX_FAULT_SPECS];
    size_t n_faults;
};

#endif
