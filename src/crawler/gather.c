/* SPDX-License-Identifier: Apache-2.0 */
/* The merge's work on one table or view: its children, whether it is whole, and what is left over
 * (crawler/merge.h). */
#include <assert.h>

#include "base/err.h"
#include "crawler/merge.h"
#include "model/memo.h"

static const enum cq_finding_code orphan_code[CQ_N_CHILDREN] = {
    CQ_FOUND_ORPHAN_COLUMNS, CQ_FOUND_ORPHAN_INDEX, CQ_FOUND_ORPHAN_TRIGGER,
    CQ_FOUND_ORPHAN_DROPPED, CQ_FOUND_ORPHAN_MASK};

/* Tables and views are known: a server without views has none. */
static bool parents_known(const struct cq_merge *m)
{
    if (m->tables->outcome.outcome != CQ_OUTCOME_ROWS) return false;
    return !m->views || m->views->outcome.outcome == CQ_OUTCOME_ROWS ||
           m->views->outcome.outcome == CQ_OUTCOME_ABSENT;
}

/* *there: c stands on a row of the keyspace in hand (or, in the rest, on any row). Rows of unknown
 * keyspaces are passed. */
int cq_merge_seek(struct cq_merge *m, struct cq_cursor *c, bool *there)
{
    int at;

    while ((at = cq_cursor_peek(c, &m->ranks)) == CQ_AT_ROW && c->key.rank == CQ_RANK_UNKNOWN) {
        int err = 0;

        if (m->have_keyspaces)
            err = cq_findings_add(m->findings, CQ_FOUND_ORPHAN_PARTITION, c->table, "keyspace",
                                  c->key.keyspace, CQ_NULL);
        if (err) return err;
        cq_cursor_skip(c);
    }
    *there = at == CQ_AT_ROW && (m->phase == CQ_MERGE_REST || c->key.rank == m->rank);
    if (at < 0) return at;
    if (at == CQ_AT_NEED) return CQ_MERGE_BLOCKED;
    return at == CQ_AT_FELL ? CQ_MERGE_FELL : CQ_MERGE_ON;
}

/* A child row whose table or view is not there. Where tables or views could not be read, nobody
 * knows. */
static int orphan(struct cq_merge *m, int i)
{
    struct cq_cursor *c = m->child[i];
    int err = 0;

    if (parents_known(m))
        err = cq_findings_add(m->findings, orphan_code[i], c->table, "table", m->keyspace,
                              c->key.name);
    cq_cursor_skip(c);
    return err;
}

static int take_child(struct cq_merge *m, struct cq_cursor *c)
{
    int err;

    if (!c->duplicate) {
        err = cq_cursor_take(c);
        if (!err) cq_cursor_take_run(c);
        return err;
    }
    err = cq_findings_add(m->findings, CQ_FOUND_DUPLICATE_ROW, c->table, cq_kind_name(m->kind),
                          m->keyspace, m->own->key.name);
    cq_cursor_skip(c);
    return err;
}

/* The columns are nearly always those of some table before, in this cluster or another; but masks
 * (which came before them) are written among them. */
static bool take_known(struct cq_merge *m, struct cq_cursor *c)
{
    const struct cq_cursor *masks = m->child[CQ_CHILD_MASKS];

    if (c != m->child[CQ_CHILD_COLUMNS] || c->n_hand || c->duplicate || !m->model->memo)
        return false;
    if (masks && masks->n_hand) return false;
    return cq_cursor_take_list(c, m->model->memo->lists, &m->ranks);
}

/* All rows of child i that belong to the object in hand; those before it belong to nothing. */
static int gather_child(struct cq_merge *m, int i)
{
    struct cq_cursor *c = m->child[i];

    for (;;) {
        int err, order;

        if (cq_cursor_peek(c, &m->ranks) != CQ_AT_ROW || c->key.rank != m->rank) {
            bool there;

            err = cq_merge_seek(m, c, &there);
            if (err != CQ_MERGE_ON || !there) return err;
        }
        /* the row before is in hand: of the same name as this one, and as the object */
        order = c->same && c->n_hand ? 0 : cq_cmp(c->key.name, m->own->key.name);
        if (order > 0 || (order == 0 && take_known(m, c))) return CQ_MERGE_ON;
        err = order < 0 ? orphan(m, i) : take_child(m, c);
        if (err) return err;
    }
}

int cq_merge_gather(struct cq_merge *m)
{
    for (; m->at_child < CQ_N_CHILDREN; m->at_child++) {
        int i = (m->at_child + 1) % CQ_N_CHILDREN; /* the columns last */
        const struct cq_cursor *c = m->child[i];
        int err;

        if (!c || cq_cursor_is_past(c, m->rank)) continue;
        err = gather_child(m, i);
        if (err != CQ_MERGE_ON) return err;
    }
    return CQ_MERGE_ON;
}

/* Children of the keyspace in hand behind its last table. */
int cq_merge_left(struct cq_merge *m)
{
    while (m->at_child < CQ_N_CHILDREN) {
        bool there = false;
        int err = CQ_MERGE_ON;

        if (m->child[m->at_child]) err = cq_merge_seek(m, m->child[m->at_child], &there);
        if (err != CQ_MERGE_ON) return err;
        if (there) err = orphan(m, m->at_child);
        if (err < 0) return err;
        if (!there) m->at_child++;
    }
    m->phase = CQ_MERGE_BASES;
    return CQ_MERGE_ON;
}

static int remember_base(struct cq_merge *m, const struct cq_object *o)
{
    struct cq_view_base *b;

    if (!cq_has(o->shape, CQ_VIEWS_base_table_name)) return 0;
    b = cq_arena_alloc(&m->arena, sizeof(*b));
    if (!b) return CQ_ENOMEM;
    *b = (struct cq_view_base){.next = m->bases};
    b->name = cq_arena_dup(&m->arena, o->name);
    b->base = cq_arena_dup(&m->arena, o->cells[CQ_VIEWS_base_table_name]);
    m->bases = b;
    return b->name.p && b->base.p ? 0 : CQ_ENOMEM;
}

/* Keys of the object in hand; its name, or its base, for the end of the keyspace. 0 or negative. */
int cq_merge_whole(struct cq_merge *m, struct cq_object *o)
{
    const struct cq_cursor *columns = m->child[CQ_CHILD_COLUMNS];
    const char *kind = cq_kind_name(o->kind);
    struct cq_key_check check = {0};
    int err = 0;

    m->keyless = false;
    if (o->kind == CQ_KIND_VIEW) err = remember_base(m, o);
    if (o->kind == CQ_KIND_TABLE && m->views) err = cq_names_put(&m->tables_seen, o->name, 0);
    if (err < 0) return err;
    if (columns->outcome.outcome != CQ_OUTCOME_ROWS) return 0;
    o->list = columns->list;
    if (o->list) return 0; /* nothing is to be said of its keys */
    err = cq_model_check_keys(m->model, &o->columns, &check);
    if (err) return err;
    o->keys_checked = true;
    o->as_sent = columns->slots.third_is_text; /* the cursor saw to the order */
    m->keyless = check.no_partition_key;
    if (columns->n_hand && !check.no_partition_key && !check.position_gap && !check.unknown_kind)
        o->sketch = columns->sketch;
    if (check.no_partition_key)
        err = cq_findings_add(m->findings, CQ_FOUND_NO_PARTITION_KEY, columns->table, kind,
                              o->keyspace, o->name);
    if (!err && check.position_gap)
        err = cq_findings_add(m->findings, CQ_FOUND_POSITION_GAP, columns->table, kind, o->keyspace,
                              o->name);
    if (!err && check.unknown_kind)
        err = cq_findings_add(m->findings, CQ_FOUND_UNKNOWN_KIND, columns->table, kind, o->keyspace,
                              o->name);
    return err;
}

/* The keyspace is through: every view needs its base. */
int cq_merge_bases(struct cq_merge *m)
{
    for (const struct cq_view_base *b = m->bases; b; b = b->next) {
        uint32_t unused;
        int err;

        if (!parents_known(m) || cq_names_get(&m->tables_seen, b->base, &unused)) continue;
        err = cq_findings_add(m->findings, CQ_FOUND_ORPHAN_VIEW, m->views->table, "view",
                              m->keyspace, b->name);
        if (err) return err;
    }
    m->bases = NULL;
    cq_arena_reset(&m->arena);
    cq_names_clear(&m->tables_seen);
    m->rank++;
    m->phase = CQ_MERGE_KEYSPACE;
    return CQ_MERGE_ON;
}
