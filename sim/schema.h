/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded user schemas as rows of system_schema. The plain shape is the project's reference schema:
 * per table one partition key, two clustering columns (the first descending), a list, a map and
 * else regular columns of mixed types. rich.c adds one keyspace with every kind of object.
 */
#ifndef CQSIM_SCHEMA_H
#define CQSIM_SCHEMA_H

#include "sim/dataset.h"
#include "sim/rng.h"

struct cqsim_schema {
    struct cqsim_dataset *data;
    uint64_t seed;
    struct cqsim_rng rng;
    struct cqsim_row row;
};

struct cqsim_column_def {
    const char *name;
    const char *type;
    const char *kind;  /* partition_key, clustering, regular, static */
    int position;      /* -1 for regular and static */
    const char *order; /* asc, desc, none */
};

void cqsim_schema_plain(struct cqsim_schema *s, const struct cqsim_shape *shape);
/* rich.c */
void cqsim_schema_rich(struct cqsim_schema *s);

/* The pieces that both use. begin() gives the row of a system_schema table with its keyspace set,
   or false where this release has no such table; finish with end(). */
bool cqsim_schema_begin(struct cqsim_schema *s, const char *table, const char *keyspace);
void cqsim_schema_end(struct cqsim_schema *s, const char *table);
void cqsim_schema_keyspace(struct cqsim_schema *s, const char *name, const char *const *replication,
                           size_t n_pairs);
/* Options of a table or view at their defaults, id by the generator. */
void cqsim_schema_options(struct cqsim_schema *s, const char *comment);
void cqsim_schema_column(struct cqsim_schema *s, const char *keyspace, const char *table,
                         const struct cqsim_column_def *def);

#endif
