/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the merge saw that should not be. Orphans (rows that point to nothing, tables without a
 * whole key) make a read incomplete unless the attempt before this one saw exactly the same under
 * the same version: then they are anomalies. The other findings are anomalies at once. Rows of one
 * object make one finding. At most CQ_MAX_ANOMALIES are kept; the digest and the counts cover all
 * of them.
 */
#ifndef CQ_CRAWLER_FINDINGS_H
#define CQ_CRAWLER_FINDINGS_H

#include "base/arena.h"
#include "model/model.h"

/* name, code, is an orphan, what of it */
#define CQ_FINDINGS(X)                                                                             \
    X(ORPHAN_COLUMNS, "orphan_columns", true, "columns of a table or view that is not there")      \
    X(ORPHAN_INDEX, "orphan_index", true, "indexes of a table that is not there")                  \
    X(ORPHAN_TRIGGER, "orphan_trigger", true, "triggers of a table that is not there")             \
    X(ORPHAN_DROPPED, "orphan_dropped_column", true,                                               \
      "dropped columns of a table that is not there")                                              \
    X(ORPHAN_MASK, "orphan_mask", true, "column masks of a table that is not there")               \
    X(ORPHAN_VIEW, "orphan_view", true, "a view whose base table is not there")                    \
    X(ORPHAN_PARTITION, "orphan_partition", true, "rows of a keyspace that is not there")          \
    X(NO_PARTITION_KEY, "no_partition_key", true, "an object without a partition key column")      \
    X(POSITION_GAP, "position_gap", true, "key columns whose positions have a gap")                \
    X(UNKNOWN_KIND, "unknown_column_kind", false, "a column of a kind never heard of")             \
    X(DUPLICATE_ROW, "duplicate_row", false, "the same key more than once")                        \
    X(ORDER_BROKEN, "order_broken", false, "rows came out of order and were sorted here")          \
    X(PEER_SKIPPED, "peer_skipped", false, "a peer whose row lacks host_id, address, dc or rack")  \
    X(PEER_DUPLICATE, "peer_duplicate", false, "the same node more than once among the peers")

enum cq_finding_code {
#define CQ_FINDING_ENUM(name, code, orphan, text) CQ_FOUND_##name,
    CQ_FINDINGS(CQ_FINDING_ENUM)
#undef CQ_FINDING_ENUM
        CQ_N_FINDINGS
};

struct cq_finding {
    struct cq_finding *next;
    enum cq_finding_code code;
    enum cq_table table;
    const char *about_kind;
    cq_bytes keyspace, name;
    uint64_t rows;
    bool elsewhere; /* some of them in other tables */
};

struct cq_findings {
    struct cq_arena *arena;
    struct cq_finding *first, *last;
    unsigned n;         /* kept */
    uint64_t n_all;     /* seen */
    uint64_t orphans;   /* of them orphans */
    uint8_t digest[16]; /* the sum of all orphans' XXH3-128, in any order */
};

void cq_findings_init(struct cq_findings *f, struct cq_arena *arena);
/* One row. The same code and object as one before adds to that. 0 or CQ_ENOMEM. */
int cq_findings_add(struct cq_findings *f, enum cq_finding_code code, enum cq_table table,
                    const char *about_kind, cq_bytes keyspace, cq_bytes name);
bool cq_finding_is_orphan(const struct cq_finding *f);
/* As an anomaly; views live as long as the finding. */
void cq_finding_anomaly(const struct cq_finding *f, struct cq_anomaly *a);
/* 32 hex digits, or "" without an orphan. */
void cq_findings_digest(const struct cq_findings *f, char out[33]);

#endif
