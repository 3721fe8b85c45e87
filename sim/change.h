/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas that move: a cluster's n-th change creates a table, gives it another comment or drops it,
 * in turn, under a new schema_version. From the first change on the cluster has a data set of its
 * own.
 */
#ifndef CQSIM_CHANGE_H
#define CQSIM_CHANGE_H

#include "sim/cluster.h"

/* Makes the next change; appends what it was as a JSON line: time (milliseconds since 1970),
   cluster, target, number, what, keyspace, table, schema_version. */
void cqsim_cluster_change(struct cqsim_cluster *c, uint64_t wall_ms, struct cqsim_buf *log);

#endif
