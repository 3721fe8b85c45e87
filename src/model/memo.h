/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON that repeats from table to table, kept with the cells that it was made of: a table's options
 * (nearly always those of the table before), and what stands behind a column's name (type, kind,
 * position, order: a few dozen different ones in a cluster). It is found again by every byte of all
 * its cells and by nothing else, so that it does not matter whose they were: one memo serves all
 * crawls of a loop. Who cannot find something makes it, and may keep it; without a memo (NULL)
 * nothing is ever found. What depends on more than its cells must not be kept (a type that names a
 * user type means what its keyspace says). Bounded: what is longer than its place is not kept, and
 * each place holds what was kept there last.
 */
#ifndef CQ_MODEL_MEMO_H
#define CQ_MODEL_MEMO_H

#include "base/bounds.h"
#include "base/short.h"
#include "base/mem.h"

struct cq_lists;

enum cq_memo_of { CQ_MEMO_OPTIONS, CQ_MEMO_COLUMN, CQ_N_MEMOS };

enum { CQ_MEMO_MAX_CELLS = 21, CQ_MEMO_WAYS = 4 };

struct cq_memo_key {
    uint64_t shape; /* not 0: which cells these are, and which of them the server has at all */
    uint64_t hash;  /* of anything in it: it says where to look */
    const cq_bytes *cells;
    size_t n; /* the same for the same shape */
};

/* Valid until the next keep. */
struct cq_memo_found {
    cq_bytes json, structure;
};

/* A hash names CQ_MEMO_WAYS places. bytes: those of the cells, then both pieces. */
struct cq_memo_place {
    uint64_t shape; /* 0: empty */
    uint64_t hash;
    uint32_t nulls; /* bit i: cell i is null, not empty */
    uint16_t length[CQ_MEMO_MAX_CELLS];
    uint16_t n_cells, n_json, n_structure;
    uint8_t bytes[];
};

struct cq_memo {
    const struct cq_mem *mem;
    uint8_t *places[CQ_N_MEMOS];
    struct cq_lists *lists; /* model/lists.h */
    unsigned next;          /* way that is used next */
    unsigned kept;          /* times that something was */
};

int cq_memo_new(struct cq_memo **out, const struct cq_mem *mem); /* 0, CQ_ENOMEM */
void cq_memo_free(struct cq_memo *memo);
/* Copies; only what was not found. */
void cq_memo_keep(struct cq_memo *memo, enum cq_memo_of of, const struct cq_memo_key *key,
                  const struct cq_memo_found *made);

/* Bytes of a place, and of all places that one hash names. */
static inline size_t cq_memo_place_size(enum cq_memo_of of)
{
    return of == CQ_MEMO_COLUMN ? CQ_MEMO_COLUMN_BYTES : CQ_MEMO_OPTION_BYTES;
}

/* Places that a memo has. */
static inline size_t cq_memo_places(enum cq_memo_of of)
{
    return of == CQ_MEMO_COLUMN ? CQ_MEMO_COLUMNS_KEPT : CQ_MEMO_OPTIONS_KEPT;
}

/* The first of the places for a hash. */
static inline uint8_t *cq_memo_at(const struct cq_memo *memo, enum cq_memo_of of, uint64_t hash)
{
    size_t set = hash & (cq_memo_places(of) / CQ_MEMO_WAYS - 1);

    return memo->places[of] + set * CQ_MEMO_WAYS * cq_memo_place_size(of);
}

static inline bool cq_memo_is_at(const struct cq_memo_place *p, const struct cq_memo_key *key)
{
    const uint8_t *bytes = p->bytes;

    if (p->hash != key->hash || p->shape != key->shape) return false;
    for (size_t i = 0; i < key->n; i++) {
        cq_bytes cell = key->cells[i];

        if (p->length[i] != cell.n) return false;
        if (cell.n == 0 && cq_is_null(cell) != (p->nulls >> i & 1)) return false;
        if (cell.n && !cq_same_bytes(cell.p, bytes, cell.n)) return false;
        bytes += cell.n;
    }
    return true;
}

/* Inline, for `of` and the number of cells are known wherever it is called. */
static inline bool cq_memo_find(const struct cq_memo *memo, enum cq_memo_of of,
                                const struct cq_memo_key *key, struct cq_memo_found *found)
{
    const uint8_t *at, *end;

    if (!memo) return false;
    at = cq_memo_at(memo, of, key->hash);
    for (end = at + CQ_MEMO_WAYS * cq_memo_place_size(of); at < end; at += cq_memo_place_size(of)) {
        const struct cq_memo_place *p = (const struct cq_memo_place *)(const void *)at;
        const uint8_t *json;

        if (!cq_memo_is_at(p, key)) continue;
        json = p->bytes + p->n_cells;
        found->json = (cq_bytes){json, p->n_json};
        found->structure = (cq_bytes){json + p->n_json, p->n_structure};
        return true;
    }
    return false;
}

/* cq_memo_find for keys of one cell, of sixteen bytes or more. */
static inline bool cq_memo_find_one(const struct cq_memo *memo, enum cq_memo_of of,
                                    const struct cq_memo_key *key, cq_bytes cell,
                                    struct cq_memo_found *found)
{
    const uint8_t *at, *end;

    if (!memo) return false;
    at = cq_memo_at(memo, of, key->hash);
    for (end = at + CQ_MEMO_WAYS * cq_memo_place_size(of); at < end; at += cq_memo_place_size(of)) {
        const struct cq_memo_place *p = (const struct cq_memo_place *)(const void *)at;
        const uint8_t *json = p->bytes + cell.n;

        if (p->hash != key->hash || p->shape != key->shape || p->n_cells != cell.n) continue;
        if (!cq_same_long(cell.p, p->bytes, cell.n)) continue;
        found->json = (cq_bytes){json, p->n_json};
        found->structure = (cq_bytes){json + p->n_json, p->n_structure};
        return true;
    }
    return false;
}

enum { CQ_MEMO_COPY = 48 }; /* so many bytes may be read behind each of the two pieces */

/* A copy in steps of that size: of fewer instructions than a call, for what has few bytes. Where it
 * ends; there has to be room for a step more. */
static inline uint8_t *cq_memo_copy(uint8_t *to, cq_bytes piece)
{
    memcpy(to, piece.p, CQ_MEMO_COPY);
    for (size_t i = CQ_MEMO_COPY; i < piece.n; i += CQ_MEMO_COPY)
        memcpy(to + i, piece.p + i, CQ_MEMO_COPY);
    return to + piece.n;
}

#endif
