/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things in the merge (crawler/merge.h); what belongs to one object is in gather.c. */
#include "crawler/merge.h"

#include <assert.h>
#include "base/digest.h"

#include "base/err.h"

void cq_merge_init(struct cq_merge *m, const struct cq_mem *mem)
{
    *m = (struct cq_merge){.phase = CQ_MERGE_RANKS};
    cq_names_init(&m->ranks, mem);
    cq_names_init(&m->tables_seen, mem);
    cq_arena_init(&m->arena, mem);
}

void cq_merge_fini(struct cq_merge *m)
{
    cq_names_fini(&m->ranks);
    cq_names_fini(&m->tables_seen);
    cq_arena_fini(&m->arena);
}

static uint32_t n_ranks(const struct cq_merge *m)
{
    return (uint32_t)m->keyspaces->n_hand;
}

/* Every keyspace gets its rank by arrival. Their pages stay until the end. */
static int read_ranks(struct cq_merge *m)
{
    struct cq_cursor *c = m->keyspaces;
    int at;

    while ((at = cq_cursor_peek(c, NULL)) == CQ_AT_ROW) {
        int put = cq_names_put(&m->ranks, c->key.keyspace, n_ranks(m));

        if (put < 0) return put;
        if (put) {
            put = cq_cursor_take(c);
        } else {
            put = cq_findings_add(m->findings, CQ_FOUND_DUPLICATE_ROW, c->table, "keyspace",
                                  c->key.keyspace, CQ_NULL);
            cq_cursor_skip(c);
        }
        if (put < 0) return put;
    }
    if (at < 0) return at;
    if (at == CQ_AT_NEED) return CQ_MERGE_BLOCKED;
    m->have_keyspaces = c->outcome.outcome == CQ_OUTCOME_ROWS;
    m->phase = m->sorted ? CQ_MERGE_SORT : m->have_keyspaces ? CQ_MERGE_KEYSPACE : CQ_MERGE_REST;
    return CQ_MERGE_ON;
}

static struct cq_cursor *cursor_at(const struct cq_merge *m, int i)
{
    struct cq_cursor *const own[] = {m->types, m->functions, m->aggregates, m->tables, m->views};

    return i < 5 ? own[i] : m->child[i - 5];
}

enum { N_CURSORS = 5 + CQ_N_CHILDREN };

static int sort_all(struct cq_merge *m)
{
    for (int i = 0; i < N_CURSORS; i++) {
        struct cq_cursor *c = cursor_at(m, i);
        bool before;
        int err;

        if (!c) continue;
        if (!c->complete) return CQ_MERGE_BLOCKED;
        before = c->unordered;
        err = cq_cursor_sort(c, &m->ranks);
        if (err) return err < 0 ? err : CQ_MERGE_BLOCKED;
        if (before || !c->unordered) continue;
        err = cq_findings_add(m->findings, CQ_FOUND_ORDER_BROKEN, c->table, "table", CQ_NULL,
                              cq_str(cq_table_info(c->table)->name));
        if (err) return err;
    }
    m->phase = m->have_keyspaces ? CQ_MERGE_KEYSPACE : CQ_MERGE_REST;
    return CQ_MERGE_ON;
}

static void fill(struct cq_merge *m, struct cq_object *o)
{
    *o = (struct cq_object){.kind = m->kind, .system = m->system, .virtual_ = m->virtual_};
    o->keyspace = m->keyspace;
    if (m->types && m->types->outcome.outcome == CQ_OUTCOME_ROWS) o->udts = m->udts;
    if (!m->own) return;
    o->name = m->own->key.name;
    o->shape = m->own->shape;
    o->cells = m->own->cells;
    o->alike = m->own->alike;
}

static int give(struct cq_merge *m, struct cq_object *o)
{
    m->given = true;
    m->read[o->kind]++;
    return CQ_MERGE_OBJECT;
}

static int begin_keyspace(struct cq_merge *m, struct cq_object *o)
{
    struct cq_rowset keyspaces = cq_cursor_hand(m->keyspaces);

    if (m->rank == n_ranks(m)) {
        m->phase = CQ_MERGE_REST;
        return CQ_MERGE_ON;
    }
    m->own = NULL;
    m->kind = CQ_KIND_KEYSPACE;
    fill(m, o);
    o->shape = keyspaces.shape;
    o->cells = cq_rowset_at(&keyspaces, m->rank);
    o->keyspace = m->keyspace = o->cells[m->keyspaces->slots.slot[0]];
    o->system = m->system = cq_is_system_keyspace(m->keyspace);
    if (m->udts) cq_udts_reset(m->udts);
    m->phase = CQ_MERGE_TYPES;
    return give(m, o);
}

static int duplicate(struct cq_merge *m, struct cq_cursor *c, enum cq_kind kind)
{
    int err = cq_findings_add(m->findings, CQ_FOUND_DUPLICATE_ROW, c->table, cq_kind_name(kind),
                              m->keyspace, c->key.name);

    cq_cursor_skip(c);
    return err ? err : CQ_MERGE_ON;
}

static int take_type(struct cq_merge *m, struct cq_cursor *c)
{
    int err;

    if (c->duplicate) return duplicate(m, c, CQ_KIND_TYPE);
    err = cq_udts_add(m->udts, c->cells);
    if (!err) err = cq_cursor_take(c);
    return err ? err : CQ_MERGE_ON;
}

static int read_types(struct cq_merge *m)
{
    struct cq_cursor *c = m->types;
    bool there = c != NULL;

    while (there) {
        int err = cq_merge_seek(m, c, &there);

        if (err == CQ_MERGE_ON && there) err = take_type(m, c);
        if (err != CQ_MERGE_ON) return err;
    }
    m->at_type = 0;
    m->phase = CQ_MERGE_TYPE_RECORDS;
    return CQ_MERGE_ON;
}

static int one_type(struct cq_merge *m, struct cq_object *o)
{
    struct cq_rowset types = {0};

    if (m->types) types = cq_cursor_hand(m->types);
    if (m->at_type == types.n) {
        if (m->types) cq_cursor_drop(m->types);
        m->phase = CQ_MERGE_FUNCTIONS;
        return CQ_MERGE_ON;
    }
    m->own = NULL;
    m->kind = CQ_KIND_TYPE;
    fill(m, o);
    o->shape = types.shape;
    o->cells = cq_rowset_at(&types, m->at_type++);
    o->name = o->cells[CQ_TYPES_type_name];
    return give(m, o);
}

/* Overloads come in an order of their own: twice the same need not be side by side. 1: it is new;
 * 0: it is not; or CQ_ENOMEM. */
static int see_overload(struct cq_merge *m, const struct cq_key *key, enum cq_kind kind)
{
    uint8_t both[33] = {(uint8_t)kind};

    cq_hash128_bytes(cq_xxh3_128(key->name.n ? key->name : CQ_LIT("")), both + 1);
    cq_hash128_bytes(cq_xxh3_128(key->third.n ? key->third : CQ_LIT("")), both + 17);
    return cq_names_put(&m->tables_seen, (cq_bytes){both, sizeof(both)}, 0);
}

/* Functions, aggregates: an object is one row. */
static int one_row(struct cq_merge *m, struct cq_object *o, struct cq_cursor *c, enum cq_kind kind)
{
    bool there = false;
    int err = c ? cq_merge_seek(m, c, &there) : CQ_MERGE_ON;

    if (err != CQ_MERGE_ON) return err;
    if (!there) {
        m->phase++;
        return CQ_MERGE_ON;
    }
    err = c->duplicate ? 0 : see_overload(m, &c->key, kind);
    if (err < 0) return err;
    if (err == 0) return duplicate(m, c, kind);
    m->own = c;
    m->kind = kind;
    fill(m, o);
    return give(m, o);
}

/* The next table or view by name. */
static int pick(struct cq_merge *m)
{
    bool table = false, view = false;
    int err = cq_merge_seek(m, m->tables, &table);

    if (err == CQ_MERGE_ON && m->views) err = cq_merge_seek(m, m->views, &view);
    if (err != CQ_MERGE_ON) return err;
    if (!table && !view) {
        m->at_child = 0;
        m->phase = CQ_MERGE_LEFT;
        return CQ_MERGE_ON;
    }
    if (table && view) view = cq_cmp(m->views->key.name, m->tables->key.name) < 0;
    m->own = view ? m->views : m->tables;
    m->kind = view ? CQ_KIND_VIEW : CQ_KIND_TABLE;
    if (m->own->duplicate) return duplicate(m, m->own, m->kind);
    m->at_child = 0;
    m->phase = CQ_MERGE_CHILDREN;
    return CQ_MERGE_ON;
}

static int gather(struct cq_merge *m, struct cq_object *o)
{
    struct cq_rowset *set[CQ_N_CHILDREN] = {&o->columns, &o->indexes, &o->triggers, &o->dropped,
                                            &o->masks};
    int err = cq_merge_gather(m);

    if (err != CQ_MERGE_ON) return err;
    fill(m, o);
    for (int i = 0; i < CQ_N_CHILDREN; i++)
        if (m->child[i]) *set[i] = cq_cursor_hand(m->child[i]);
    err = cq_merge_whole(m, o);
    return err ? err : give(m, o);
}

/* What is left anywhere: rows of keyspaces that are not there, and everything if there are none. */
static int rest(struct cq_merge *m)
{
    for (int i = 0; i < N_CURSORS; i++) {
        struct cq_cursor *c = cursor_at(m, i);
        bool there = true;

        while (c && there) {
            int err = cq_merge_seek(m, c, &there);

            if (err != CQ_MERGE_ON) return err;
            if (there) cq_cursor_skip(c);
        }
        if (c) cq_cursor_rest(c);
    }
    m->phase = CQ_MERGE_OVER;
    return CQ_MERGE_END;
}

/* The object given by the call before is done with. */
static void let_go(struct cq_merge *m)
{
    if (!m->given) return;
    m->given = false;
    if (m->phase == CQ_MERGE_CHILDREN) {
        for (int i = 0; i < CQ_N_CHILDREN; i++)
            if (m->child[i] && (m->child[i]->n_hand || m->child[i]->list))
                cq_cursor_drop(m->child[i]);
        m->phase = CQ_MERGE_PICK;
    }
    if (m->own) cq_cursor_skip(m->own);
    m->own = NULL;
}

static int step(struct cq_merge *m, struct cq_object *o)
{
    switch (m->phase) {
    case CQ_MERGE_RANKS:
        return read_ranks(m);
    case CQ_MERGE_SORT:
        return sort_all(m);
    case CQ_MERGE_KEYSPACE:
        return begin_keyspace(m, o);
    case CQ_MERGE_TYPES:
        return read_types(m);
    case CQ_MERGE_TYPE_RECORDS:
        return one_type(m, o);
    case CQ_MERGE_FUNCTIONS:
        return one_row(m, o, m->functions, CQ_KIND_FUNCTION);
    case CQ_MERGE_AGGREGATES:
        return one_row(m, o, m->aggregates, CQ_KIND_AGGREGATE);
    case CQ_MERGE_PICK:
        return pick(m);
    case CQ_MERGE_CHILDREN:
        return gather(m, o);
    case CQ_MERGE_LEFT:
        return cq_merge_left(m);
    case CQ_MERGE_BASES:
        return cq_merge_bases(m);
    case CQ_MERGE_REST:
        return rest(m);
    case CQ_MERGE_OVER:
        return CQ_MERGE_END;
    }
    return CQ_EINTERNAL;
}

int cq_merge_next(struct cq_merge *m, struct cq_object *o)
{
    int r;

    let_go(m);
    do
        r = step(m, o);
    while (r == CQ_MERGE_ON);
    return r;
}
