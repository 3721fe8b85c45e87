/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From cursors over tables to one object at a time, in one pass. All pages of `keyspaces` come
 * first and give each name its rank (their rows stay in hand); then, keyspace by keyspace:
 *
 *   ranks -> [sort] -> keyspace -> types -> functions -> aggregates -> tables and views by name,
 * each with its children ^                                              |
 *                         +---- next ---- bases of views <--- left-over children                 ->
 * rest -> end
 *
 * It pulls: cq_merge_next gives an object, or says that a page is missing (BLOCKED: call again when
 * one has come), or that the order is not what it relies on (FELL). Views in the object live until
 * the next call. Nothing is kept of an object but findings, and per keyspace the hashes of its
 * tables' names and the bases of its views. A second instance with three cursors reads the virtual
 * keyspaces.
 */
#ifndef CQ_CRAWLER_MERGE_H
#define CQ_CRAWLER_MERGE_H

#include "crawler/cursor.h"
#include "crawler/findings.h"

enum cq_merged { CQ_MERGE_OBJECT, CQ_MERGE_BLOCKED, CQ_MERGE_FELL, CQ_MERGE_END };

enum cq_merge_phase {
    CQ_MERGE_RANKS,
    CQ_MERGE_SORT,
    CQ_MERGE_KEYSPACE,
    CQ_MERGE_TYPES, /* all of a keyspace are known before the first is given: they use each other */
    CQ_MERGE_TYPE_RECORDS,
    CQ_MERGE_FUNCTIONS,
    CQ_MERGE_AGGREGATES,
    CQ_MERGE_PICK,
    CQ_MERGE_CHILDREN,
    CQ_MERGE_LEFT,
    CQ_MERGE_BASES,
    CQ_MERGE_REST,
    CQ_MERGE_OVER,
};

enum cq_child {
    CQ_CHILD_COLUMNS,
    CQ_CHILD_INDEXES,
    CQ_CHILD_TRIGGERS,
    CQ_CHILD_DROPPED,
    CQ_CHILD_MASKS,
    CQ_N_CHILDREN
};

struct cq_view_base {
    struct cq_view_base *next;
    cq_bytes name, base;
};

struct cq_merge {
    /* given; NULL: this instance has no such table */
    struct cq_cursor *keyspaces, *types, *functions, *aggregates, *tables, *views;
    struct cq_cursor *child[CQ_N_CHILDREN];
    struct cq_findings *findings;
    struct cq_model *model;
    struct cq_udts *udts;
    bool virtual_;
    bool sorted;
    /* own */
    enum cq_merge_phase phase;
    struct cq_names ranks;
    bool have_keyspaces;
    uint32_t rank;
    cq_bytes keyspace;
    bool system;
    struct cq_cursor *own; /* whose row is the object given last, or being gathered */
    bool given;
    enum cq_kind kind;
    int at_child;
    size_t at_type;
    bool keyless; /* the table or view given has no partition key: dropped or made just now, or out
                     of order */
    struct cq_names tables_seen; /* of the keyspace in hand; overloads, too */
    struct cq_arena arena;       /* of the keyspace in hand */
    struct cq_view_base *bases;
    uint64_t read[CQ_N_KINDS]; /* objects, written or not */
};

void cq_merge_init(struct cq_merge *m, const struct cq_mem *mem);
void cq_merge_fini(struct cq_merge *m);
/* enum cq_merged, or CQ_ENOMEM, CQ_ETOO_MANY, CQ_ETOO_LARGE, CQ_EMEMORY. */
int cq_merge_next(struct cq_merge *m, struct cq_object *o);

/* gather.c: the children of the object in hand. 0, enum cq_merged (BLOCKED, FELL) or negative. */
enum { CQ_MERGE_ON = CQ_MERGE_END + 1 }; /* nothing stands in the way: go on */
int cq_merge_seek(struct cq_merge *m, struct cq_cursor *c, bool *there);
int cq_merge_gather(struct cq_merge *m);
int cq_merge_left(struct cq_merge *m);
int cq_merge_whole(struct cq_merge *m, struct cq_object *o);
int cq_merge_bases(struct cq_merge *m);

#endif
