/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system tables of one schema, ready to be copied into answers. Either generated (real system
 * keyspaces of the release from a recording, user keyspaces from schema.c) or, in replay, the
 * recording itself. Clusters share data sets: what belongs to one cluster (local, peers) is written
 * by cluster.c.
 *
 * A data set that a content fault spoils belongs to the clusters with that fault.
 */
#ifndef CQSIM_DATASET_H
#define CQSIM_DATASET_H

#include "sim/config.h"
#include "sim/faults.h"
#include "sim/recording.h"

struct cqsim_dataset {
    const struct cqsim_release *release;
    bool recorded; /* local and peers have their recorded rows */
    struct cqsim_buf supported;
    size_t n_tables;
    struct cqsim_table tables[CQSIM_MAX_RECORDED];
    size_t n_user_tables;
};

/* The recordings inside the program; index by release line. */
struct cqsim_slice cqsim_base_bytes(enum cqsim_line line);

struct cqsim_dataset *cqsim_dataset_new(const struct cqsim_release *rel,
                                        const struct cqsim_shape *shape, uint64_t seed,
                                        const struct cqsim_faults *faults);
/* Takes the recording over. */
struct cqsim_dataset *cqsim_dataset_replay(const struct cqsim_release *rel,
                                           struct cqsim_recording *rec);
struct cqsim_dataset *cqsim_dataset_copy(const struct cqsim_dataset *d);
/* The first keyspace of its list that is no system's, or else one of the system's. */
struct cqsim_slice cqsim_dataset_user_keyspace(struct cqsim_dataset *d);
void cqsim_dataset_free(struct cqsim_dataset *d);
struct cqsim_table *cqsim_dataset_find(struct cqsim_dataset *d, const char *keyspace,
                                       const char *name);
bool cqsim_dataset_has_keyspace(struct cqsim_dataset *d, const char *keyspace);

#endif
