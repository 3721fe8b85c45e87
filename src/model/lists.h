/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of a whole table, kept as they were written, beside the bytes that the server sent
 * for them: of every row what stands behind the names of keyspace and table. Where the same bytes
 * come for another table (of this cluster or of another one: system tables are the same everywhere,
 * and a fleet is often one schema many times), nothing of them is taken apart, ordered, checked or
 * written again. Like model/memo it is found by every byte and by nothing else, so that one serves
 * all crawls of a loop.
 *
 * Only what says the same in every keyspace, and of whose keys nothing is to be reported, is kept,
 * and only when it has come a second time: a fleet of tables that are all different leaves marks of
 * four bytes and costs no copies. Bounded: CQ_LISTS_BYTES in all.
 */
#ifndef CQ_MODEL_LISTS_H
#define CQ_MODEL_LISTS_H

#include "base/digest.h"
#include "model/model.h"
#include "proto/rows.h"

enum { CQ_LIST_WAYS = 4 };

/* One table's columns. Owner: the lists, until the next keep. */
struct cq_list {
    uint64_t sketch; /* cql_rows_sketch of the rows */
    unsigned number; /* 1.. */
    struct cql_tails tails;
    cq_bytes json, structure;     /* what is between the brackets */
    struct cq_hash128 table_hash; /* structure hash of a table that has nothing else in it */
    size_t bytes;                 /* of all this */
};

struct cq_lists {
    const struct cq_mem *mem;
    struct cq_list *list[CQ_LISTS_KEPT];
    uint32_t seen[CQ_LISTS_SEEN]; /* marks of sketches that came once */
    uint16_t
        follows[CQ_LISTS_KEPT + 1]; /* the number of the list that came behind one (0: first) */
    size_t bytes;
    unsigned next; /* way that is used next, and list that goes next for its bytes */
};

int cq_lists_new(struct cq_lists **out, const struct cq_mem *mem); /* 0, CQ_ENOMEM */
void cq_lists_free(struct cq_lists *lists);

/* The first of the places that a sketch names. */
static inline size_t cq_lists_first(uint64_t sketch)
{
    return (sketch >> 8 & (CQ_LISTS_KEPT / CQ_LIST_WAYS - 1)) * CQ_LIST_WAYS;
}

/* Candidates: way 0..CQ_LIST_WAYS-1, NULL where there is none. */
static inline const struct cq_list *cq_lists_at(const struct cq_lists *lists, uint64_t sketch,
                                                size_t way)
{
    const struct cq_list *l = lists->list[cq_lists_first(sketch) + way];

    return l && l->sketch == sketch ? l : NULL;
}

/* What came behind list number n the last time; NULL: it is gone. */
static inline const struct cq_list *cq_lists_next(const struct cq_lists *lists, unsigned n)
{
    return lists->follows[n] ? lists->list[lists->follows[n] - 1] : NULL;
}

static inline void cq_lists_follow(struct cq_lists *lists, unsigned n, const struct cq_list *next)
{
    lists->follows[n] = (uint16_t)next->number;
}

/* It came before, and is worth keeping now; else it has a mark now. */
bool cq_lists_wants(struct cq_lists *lists, uint64_t sketch);
/* What it was found to be is never kept: it is not wanted any more, as long as its mark is there.
 */
void cq_lists_refuse(struct cq_lists *lists, uint64_t sketch);
/*
 * Keeps what was made of these columns, whose rows have to stand one behind the other as they were
 * sent (else, and where there is no memory, nothing happens). json and structure are copied.
 */
void cq_lists_keep(struct cq_lists *lists, uint64_t sketch, const struct cq_rowset *columns,
                   cq_bytes json, cq_bytes structure);

/* Keeps what was made of an object's columns, if they came before and say the same in every
 * keyspace (m->is_own: they do not). */
void cq_list_keep(struct cq_model *m, const struct cq_object *o, cq_bytes json, cq_bytes structure);
/* cq_put_columns of an object with a list: no type in it names a user type. */
void cq_put_list(struct cq_model *m, const struct cq_object *o, struct cq_json *structure);

#endif
