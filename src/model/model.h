/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rows to records: takes one object at a time as views into pages (its own row and the rows of
 * its children, taken apart) and writes one record (docs/records.md). No object model of a cluster,
 * no allocation per row: what is needed between two calls is scratch that grows and stays. Reads
 * cells with proto/value.h and proto/type.h, knows no connection and no cursor.
 */
#ifndef CQ_MODEL_MODEL_H
#define CQ_MODEL_MODEL_H

#include "base/arena.h"
#include "model/tables.h"
#include "record/record.h"

/* Rows of one child table that belong to the object in hand, in the order of the server: n times
 * cq_shape_cells(shape) cells. shape NULL: the table is absent, and its key is left out of the
 * record. */
struct cq_rowset {
    const struct cq_shape *shape;
    const cq_bytes *cells;
    size_t n;
};

/* The cells of row i. */
static inline const cq_bytes *cq_rowset_at(const struct cq_rowset *set, size_t i)
{
    return set->cells + i * cq_shape_cells(set->shape);
}

struct cq_udts; /* the user types of the keyspace in hand */
struct cq_memo; /* JSON made before */
struct cq_list; /* columns of a whole table made before */

struct cq_object {
    enum cq_kind kind; /* TABLE, VIEW, KEYSPACE, TYPE, FUNCTION, AGGREGATE */
    bool system;
    bool virtual_;
    cq_bytes keyspace;
    cq_bytes name;                /* null for a keyspace */
    const struct cq_shape *shape; /* of the object's own row */
    const cq_bytes *cells;
    struct cq_rowset columns, indexes, triggers, dropped, masks; /* tables and views */
    bool keys_checked; /* cq_model_check_keys saw these columns, and no others since */
    /* The columns come by name, which the caller has proven, and the cells of each are views of its
     * row as it was sent (but for nulls): one behind the other, a length of four bytes before each.
     */
    bool as_sent;
    /* The columns were known by their bytes (model/lists.h): columns.cells is NULL. Else NULL. */
    const struct cq_list *list;
    uint32_t alike; /* of the same number: of the same cells, but for names, comment, id; 0: none */
    uint64_t sketch;            /* not 0: of columns as sent that could be known the next time */
    const struct cq_udts *udts; /* NULL: the types table is absent */
};

/* What the columns of a table or view say about its being whole: the merge turns it into reasons
 * and anomalies. */
struct cq_key_check {
    bool no_partition_key;
    bool position_gap; /* positions of partition or clustering columns are not 0..n-1 */
    bool unknown_kind; /* a column of a kind never heard of: written as it is, order unknown */
};

struct cq_model {
    const struct cq_mem *mem;
    struct cq_rec *rec;
    struct cq_memo *memo; /* the caller's (model/memo.h); NULL: none */
    /* The options of the table before, while the memo keeps no others (options.c). */
    uint32_t alike;
    unsigned kept;
    cq_bytes options;
    bool is_own; /* a column of the table in hand says what others may say otherwise (columns.c) */
    /* scratch: cleared by whoever uses it */
    struct cq_buf keys;      /* key columns of the table in hand (columns.c) */
    struct cq_buf rows;      /* the order of all its columns */
    const cq_bytes *checked; /* cells of the columns whose keys cq_model_check_keys collected */
    size_t n_checked;
    struct cq_buf masks; /* its masks by column name (masks.c) */
    struct cq_buf items; /* map entries, list elements, index targets */
    struct cq_buf marks; /* user types reached (udts.c) */
    struct cq_buf work;  /* user types to look into */
    struct cq_buf text;  /* one name or value */
};

/* m->memo is the caller's to set, at any time. */
void cq_model_init(struct cq_model *m, const struct cq_mem *mem, struct cq_rec *rec);
void cq_model_fini(struct cq_model *m);

/* Looks at keys only; cheap; also for objects that are not written. 0 or CQ_ENOMEM. */
int cq_model_check_keys(struct cq_model *m, const struct cq_rowset *columns,
                        struct cq_key_check *check);
/* Keeps what is worth keeping of a table or view that is not written. */
void cq_model_learn(struct cq_model *m, const struct cq_object *o);
/* One record of any object kind. *line is valid until the next record. 0 or what cq_rec_end says.
 */
int cq_model_object(struct cq_model *m, const struct cq_object *o, cq_bytes *line);

/* ---- user types: drained and indexed per keyspace before its first table ---- */
int cq_udts_new(struct cq_udts **out, const struct cq_mem *mem);
void cq_udts_free(struct cq_udts *u);
void cq_udts_reset(struct cq_udts *u);
/* A row of CQ_T_TYPES; copies what it needs. 0, CQ_ENOMEM, CQ_ETOO_MANY. */
int cq_udts_add(struct cq_udts *u, const cq_bytes *cells);

/* ---- cluster and nodes ---- */
struct cq_cluster_facts {
    const struct cq_shape *shape; /* of system.local; NULL: denied or absent */
    const cq_bytes *cells;
    int protocol;            /* chosen: 4 or 5; 0: not yet */
    const cq_bytes *offered; /* PROTOCOL_VERSIONS of SUPPORTED, in order; n_offered 0: not said */
    size_t n_offered;
    const char *compression;   /* "lz4" or "none" */
    const char *authenticator; /* class, "" = none asked for */
    const struct cq_product *product;
    const struct cq_tls_facts *tls; /* NULL: plaintext */
};

/* What kind of server it is: from SUPPORTED keys, system.local's columns, table sets. */
struct cq_product {
    /* "Apache Cassandra", "ScyllaDB", "DataStax Enterprise", "Amazon Keyspaces", ... */
    const char *name;
    char version[64];   /* "" unknown */
    const char *source; /* where that was seen: "release_version", "dse_version", "SUPPORTED" */
};

struct cq_tls_facts {
    const char *version, *cipher, *subject, *issuer;
    int64_t not_after_ms; /* -1: none */
};

int cq_model_cluster(struct cq_model *m, const struct cq_cluster_facts *f, cq_bytes *line);
/*
 * One node from a row of local (observed: we spoke to it), peers_v2 or peers (shape->table says
 * which). default_port: of rows that carry none. CQ_ENOT_FOUND: the row names no host_id and no
 * address (the caller writes an anomaly).
 */
int cq_model_node(struct cq_model *m, const struct cq_shape *shape, const cq_bytes *cells,
                  uint16_t default_port, cq_bytes *line);

/* ---- anomalies ---- */
struct cq_anomaly {
    const char *code; /* "orphan_columns", "orphan_index", "order_broken", "peer_skipped", ... */
    const char *about_kind; /* "table", "view", "node", ... */
    cq_bytes keyspace, name;
    char text[256];
};
int cq_model_anomaly(struct cq_model *m, const struct cq_anomaly *a, cq_bytes *line);

/* ---- scope ---- */
enum cq_read { CQ_READ_COMPLETE, CQ_READ_INCOMPLETE, CQ_READ_FAILED };
enum cq_proof { CQ_PROOF_NONE, CQ_PROOF_VERSION, CQ_PROOF_SETTLED };
enum cq_outcome {
    CQ_OUTCOME_PENDING,
    CQ_OUTCOME_ROWS,
    CQ_OUTCOME_ABSENT,
    CQ_OUTCOME_DENIED,
    CQ_OUTCOME_FAILED,
};

enum { CQ_MAX_REASONS = 16, CQ_MAX_VERSIONS = 16 };

struct cq_reason {
    const char *code;  /* "denied", "failed", "torn", "orphans", "absent", ... */
    const char *table; /* "system_schema.columns"; NULL: none in particular */
    char text[256];
};

struct cq_table_outcome {
    enum cq_outcome outcome;
    uint64_t rows;
    uint32_t pages;
};

struct cq_scope {
    unsigned attempt; /* 1.. */
    int64_t started_ms, finished_ms;
    enum cq_read read;
    enum cq_proof proof;
    unsigned n_reasons;
    struct cq_table_outcome tables[CQ_N_TABLES]; /* PENDING ones are left out (never asked) */
    bool agreement_known, agreed;
    unsigned n_versions;
    unsigned n_nodes;
    char version_before[37], version_after[37], version_settled[37]; /* "" : null */
    char digest[33];       /* of the objects written (cq_rec_digest); "" : null */
    char filters_hash[33]; /* of include, exclude, --system; "" : null */
    /* cost */
    uint32_t waits, requests, connections;
    uint64_t bytes_in, bytes_out;
    uint64_t ns_resolve, ns_connect, ns_tls, ns_protocol, ns_login;
    uint64_t ns_before, ns_main, ns_after, ns_total;
    uint64_t ns_first_byte; /* since the attempt began; not written */
    uint64_t cpu_us;
    /* read failed: */
    int err; /* 0 or CQ_E*: gives class, code, remedy */
    /* last: 4 KB that hold what the numbers above say, and are not cleared beyond that */
    char text[CQ_MAX_ERRMSG];
    struct cq_reason reasons[CQ_MAX_REASONS];
    char versions[CQ_MAX_VERSIONS][37]; /* distinct schema versions seen, local and peers */
};

/* As nothing is known yet. */
static inline void cq_scope_init(struct cq_scope *s)
{
    memset(s, 0, offsetof(struct cq_scope, text));
    s->text[0] = 0;
    s->reasons[0] = (struct cq_reason){0};
}

enum { CQ_HASH_V = 1 };

int cq_model_scope_begin(struct cq_model *m, const struct cq_scope *s, cq_bytes *line);
int cq_model_scope_end(struct cq_model *m, const struct cq_scope *s, cq_bytes *line);

/* One line instead of a schema that has not changed. */
struct cq_heartbeat {
    uint64_t since_epoch; /* of the complete read that it stands for */
    int64_t since_ms;
    const uint64_t *counts; /* lines of that read, by kind, up to CQ_KIND_HEARTBEAT */
};

/* s: version_before, proof, digest, agreement, cost. */
int cq_model_heartbeat(struct cq_model *m, const struct cq_scope *s, const struct cq_heartbeat *h,
                       cq_bytes *line);

/* "system", "system_...", or a vendor's own keyspace (docs/records.md, "System keyspaces"). */
bool cq_is_system_keyspace(cq_bytes keyspace);

#endif
