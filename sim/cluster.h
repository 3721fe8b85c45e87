/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated cluster as seen through its contact point: who it is, which data set it shows, what
 * it does wrong, and what was counted. system.local and the peers tables are written here per
 * request, because they belong to one cluster and change (schema_version under the fault torn).
 */
#ifndef CQSIM_CLUSTER_H
#define CQSIM_CLUSTER_H

#include "sim/dataset.h"
#include "sim/envelope.h"

/* Counters of one connection or one cluster. */
struct cqsim_counts {
    uint64_t requests[CQSIM_N_OPCODES];
    uint64_t waits;     /* bursts of requests: the client had every answer and asked again */
    uint64_t bytes_in;  /* CQL bytes, inside TLS */
    uint64_t bytes_out; /* CQL bytes handed to the shell */
    uint64_t wire_in;   /* bytes of the socket */
    uint64_t wire_out;
    uint64_t pages; /* RESULT Rows */
    uint64_t rows;
    uint64_t errors;
    uint64_t events;
    uint64_t tls_full, tls_resumed; /* handshakes that came to their end */
};

enum { CQSIM_MAX_KEPT = 16 }; /* connections kept one by one in the statistics, per cluster */

/* What connections need while an answer is made, one for all of them; and what was made. */
struct cqsim_work {
    struct cqsim_buf scratch;
    struct cqsim_buf answer;
    struct cqsim_memo memo;
};

struct cqsim_cluster {
    const struct cqsim_config *config;
    const struct cqsim_release *release;
    struct cqsim_dataset *data;
    struct cqsim_work *work;
    struct cqsim_faults faults;
    size_t index;
    uint8_t ip[4];
    uint16_t port;
    bool tls;
    bool owns_data; /* its schema has changed: the data set is its own */
    unsigned n_changes;
    uint64_t change_at_ms;
    uint64_t torn_left;
    uint64_t overloaded_left;
    uint64_t bootstrapping_left;
    uint64_t overloaded_startup_left;
    unsigned generation; /* of the schema: schema_version follows it */

    uint64_t n_connections;
    uint64_t n_open;
    struct cqsim_counts total;
    struct cqsim_counts
        *kept; /* of the first connections, CQSIM_MAX_KEPT of them; NULL = none yet */
};

enum { CQSIM_CLUSTER_NAME = 48 };
void cqsim_cluster_name(const struct cqsim_cluster *c, char out[CQSIM_CLUSTER_NAME]);
/* schema_version of a node now. */
void cqsim_cluster_version(const struct cqsim_cluster *c, unsigned node, uint8_t out[16]);
/* Node 0 is the contact point; the others are peers, which never listen. */
void cqsim_cluster_address(const struct cqsim_cluster *c, unsigned node, uint8_t ip[4]);
/* The rows of system.local, peers or peers_v2 now. */
void cqsim_cluster_rows(const struct cqsim_cluster *c, const struct cqsim_table *t,
                        struct cqsim_rows *out);
/* The fault torn: called when the main tables are read. */
void cqsim_cluster_tear(struct cqsim_cluster *c);
void cqsim_counts_add(struct cqsim_counts *sum, const struct cqsim_counts *one);

#endif
