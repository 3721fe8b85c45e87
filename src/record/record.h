/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record: the common keys in their order, then a body, as one line of JSON (docs/records.md). A
 * cq_rec belongs to one attempt of one cluster (a scope): it numbers the lines and holds one buffer
 * that every record is built in.
 *
 *   cq_rec_begin(r, &head) -> body through cq_json_* on &r->json -> cq_rec_end(r, &line)
 *                                                                or cq_rec_abort(r)
 *
 * The hashes stand before the body in the line: room is left and filled at the end. `hash` is
 * XXH3-128 (seed 0) over the bytes of the body as written, an object of its own, without the
 * members that cq_json_mute marked; structure_hash is XXH3-128 over the bytes that the model wrote
 * into r->structure (a canonical JSON array, never sent). No allocation once warm.
 */
#ifndef CQ_RECORD_RECORD_H
#define CQ_RECORD_RECORD_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "record/json.h"

enum cq_kind {
    CQ_KIND_SCOPE_BEGIN,
    CQ_KIND_SCOPE_END,
    CQ_KIND_CLUSTER,
    CQ_KIND_NODE,
    CQ_KIND_KEYSPACE,
    CQ_KIND_TABLE,
    CQ_KIND_VIEW,
    CQ_KIND_TYPE,
    CQ_KIND_FUNCTION,
    CQ_KIND_AGGREGATE,
    CQ_KIND_ANOMALY,
    CQ_KIND_HEARTBEAT, /* stands alone: never in a scope that has a scope_end */
    CQ_N_KINDS,
};

const char *cq_kind_name(enum cq_kind k); /* "table" */
struct cq_json_key cq_kind_key(enum cq_kind k);

struct cq_rec_head {
    enum cq_kind kind;
    bool system;
    bool virtual_;
    bool hashed;     /* has a hash; else null */
    bool structured; /* has a structure hash; else null */
    /* Parts of the id after cluster/kind, each percent-encoded; null parts are left out. */
    cq_bytes part[4];
    /* A function's signature: "(type,type)" goes behind the last part, where has_signature. */
    const cq_bytes *argument_types;
    size_t n_argument_types;
    bool has_signature;
};

struct cq_rec {
    const struct cq_mem *mem;
    struct cq_buf out;       /* the line */
    struct cq_json json;     /* writes into out */
    struct cq_buf structure; /* what structure_hash covers; behind it, scratch */
    /* What is the same in every record of the scope: the id's first part, then from tail_at on
     * ,"cluster":...,"labels":...,"system": */
    struct cq_buf scope;
    size_t tail_at;
    char epoch_text[48]; /* ","epoch":N,"version": */
    size_t epoch_n;
    uint64_t version; /* of the record before, and its digits; version_n 0: there was none */
    uint8_t version_text[24];
    size_t version_n;
    char time_text[28]; /* of time_ms, with quotes, or null; time_n 0: not made yet */
    size_t time_n;
    int64_t time_ms;
    cq_bytes cluster; /* the inventory's name; the caller's */
    cq_bytes labels;  /* a JSON object, rendered once by cq_rec_labels; the caller's */
    uint64_t epoch;
    uint32_t sequence; /* lines written in this scope */
    int64_t wall_ms;   /* observed_at of the next record */
    enum cq_kind kind;
    bool hashed, structured, is_structure_known;
    struct cq_hash128 structure_hash;      /* where it is known */
    size_t hash_at, structure_at, body_at; /* offsets in out */
    uint64_t counts[CQ_N_KINDS];           /* lines written by kind */
    uint64_t sum_high, sum_low;            /* of the objects' hashes: cq_rec_digest */
};

void cq_rec_init(struct cq_rec *r, const struct cq_mem *mem);
void cq_rec_fini(struct cq_rec *r);
/* A new scope: sequence, counts and digest to 0. */
void cq_rec_scope(struct cq_rec *r, cq_bytes cluster, cq_bytes labels, uint64_t epoch);
void cq_rec_begin(struct cq_rec *r, const struct cq_rec_head *head);
/* Instead of what would be written into r->structure: its hash, known from before. */
void cq_rec_structure_hash(struct cq_rec *r, struct cq_hash128 hash);
/*
 * The finished line, LF included; valid until the next begin. 0, CQ_ENOMEM, CQ_ETOO_LARGE
 * (CQ_MAX_RECORD), CQ_ETOO_MANY (2^22 lines in one scope), CQ_EINTERNAL. After an error the line
 * does not exist and was not counted.
 */
int cq_rec_end(struct cq_rec *r, cq_bytes *line);
void cq_rec_abort(struct cq_rec *r);

/*
 * The digest of scope_end over the objects written so far in this scope (keyspace, table, view,
 * type, function, aggregate): the sum of their hashes modulo 2^128, 32 hex digits and NUL. The same
 * whatever the order; hashes cover names, so that equal digests mean equal contents.
 */
void cq_rec_digest(const struct cq_rec *r, char out[33]);

/* version of a record: epoch * 2^22 + sequence */
uint64_t cq_rec_version(uint64_t epoch, uint32_t sequence);
/* The id of design: cluster/kind/part/part..., sealed over CQ_MAX_ID. Appends to out; 0 or
 * out->err. */
int cq_rec_id(cq_bytes cluster, const struct cq_rec_head *head, struct cq_buf *out);
/* Its parts, for a scope that has the first one ready: the cluster and "/"; then, where an id that
 * begins at offset `start` of out has that already, the rest of it. */
void cq_rec_id_cluster(cq_bytes cluster, struct cq_buf *out);
int cq_rec_id_rest(const struct cq_rec_head *head, struct cq_buf *out, size_t start);
/* A kind's name at `to`, where 16 bytes are written: where it ends. */
uint8_t *cq_rec_put_kind(uint8_t *to, enum cq_kind k);
/* XXH3-128 with seed 0 as 32 lower-case hex digits and NUL. */
void cq_rec_hash(cq_bytes bytes, char out[33]);
/* Labels as a JSON object, in the order given. Appends to out. */
struct cq_label {
    cq_bytes name, value;
};
int cq_rec_labels(const struct cq_label *labels, size_t n, struct cq_buf *out);

#endif
