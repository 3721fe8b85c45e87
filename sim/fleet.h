/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All simulated clusters of one process: their data sets (shared where shape, seed and content
 * faults are the same), their addresses, and the statistics as JSON. No I/O but the files it is
 * told to write.
 */
#ifndef CQSIM_FLEET_H
#define CQSIM_FLEET_H

#include "sim/cluster.h"

struct cqsim_fleet {
    const struct cqsim_config *config;
    struct cqsim_cluster *clusters;
    size_t n_clusters;
    struct cqsim_dataset **datasets;
    size_t n_datasets;
    struct cqsim_work work;
    uint8_t *chaos; /* per cluster 0, or 1 + the item of config->chaos; NULL = none */
};

/* NULL and a text when a fault or a recording cannot be read. */
struct cqsim_fleet *cqsim_fleet_new(const struct cqsim_config *config, char *error, size_t n_error);
void cqsim_fleet_free(struct cqsim_fleet *fleet);
/* Faults come and go: to be called at the times that next() names, milliseconds after the start. */
void cqsim_fleet_faults_at(struct cqsim_fleet *fleet, uint64_t now_ms);
uint64_t cqsim_fleet_faults_next(const struct cqsim_fleet *fleet, uint64_t now_ms);
/* "127.0.0.1:9042" */
void cqsim_fleet_target(const struct cqsim_cluster *c, unsigned node, char *out, size_t n);

/* Files appear whole: temporary name, then rename. false when that failed. */
bool cqsim_fleet_write_targets(const struct cqsim_fleet *fleet, const char *path);
bool cqsim_fleet_write_peers(const struct cqsim_fleet *fleet, const char *path);
/* inventory.c: every file that the configuration asks for, the targets' last. */
bool cqsim_fleet_write_files(const struct cqsim_fleet *fleet);
/* The counters of open connections are `open`, one entry per connection, n_open of them. */
struct cqsim_conn;
bool cqsim_fleet_write_stats(const struct cqsim_fleet *fleet, const struct cqsim_conn *const *open,
                             size_t n_open, const char *path);

#endif
