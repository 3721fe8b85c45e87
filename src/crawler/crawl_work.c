/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an attempt has from its first statement on (struct cq_work): made in one piece out of its
 * reservation, freed with the crawl. Its asks are made ready when they are wanted. Without memory
 * for it the crawl ends; without even that for its last lines, DONE says so and no scope is
 * written.
 */
#include "crawler/crawl_impl.h"

static void link_cursors(struct cq_crawl *c)
{
    struct cq_work *w = c->w;
    struct cq_merge *m = &w->schema;

#define CURSOR(t) (&w->asks[CQ_T_##t].cursor)
    m->keyspaces = CURSOR(KEYSPACES);
    m->types = CURSOR(TYPES);
    m->functions = CURSOR(FUNCTIONS);
    m->aggregates = CURSOR(AGGREGATES);
    m->tables = CURSOR(TABLES);
    m->views = CURSOR(VIEWS);
    m->child[CQ_CHILD_COLUMNS] = CURSOR(COLUMNS);
    m->child[CQ_CHILD_INDEXES] = CURSOR(INDEXES);
    m->child[CQ_CHILD_TRIGGERS] = CURSOR(TRIGGERS);
    m->child[CQ_CHILD_DROPPED] = CURSOR(DROPPED);
    m->child[CQ_CHILD_MASKS] = CURSOR(MASKS);
    m->udts = w->udts;
    m = &w->virtual_;
    m->keyspaces = CURSOR(VKEYSPACES);
    m->tables = CURSOR(VTABLES);
    m->child[CQ_CHILD_COLUMNS] = CURSOR(VCOLUMNS);
#undef CURSOR
    m->virtual_ = true;
    for (int i = 0; i < 2; i++) {
        m = i ? &w->virtual_ : &w->schema;
        m->findings = &w->findings;
        m->model = &w->model;
        m->sorted = c->o->sorted;
    }
}

static enum cq_table table_of(int ask)
{
    if (ask < CQ_N_TABLES) return (enum cq_table)ask;
    if (ask == CQ_ASK_AFTER_LOCAL || ask == CQ_ASK_SETTLED_LOCAL) return CQ_T_LOCAL;
    return CQ_T_PEERS_V2; /* or peers, once that is known */
}

static bool collects(const struct cq_crawl *c, int ask)
{
    if (ask < CQ_T_KEYSPACES) return false;
    return c->o->sorted || ask >= CQ_N_TABLES || ask == CQ_T_KEYSPACES || ask == CQ_T_VKEYSPACES;
}

static void ready_to(struct cq_crawl *c, int n)
{
    struct cq_work *w = c->w;

    for (; w->n_asks < n; w->n_asks++) {
        struct cq_ask *a = &w->asks[w->n_asks];

        memset(a, 0, sizeof(*a));
        cq_cursor_init(&a->cursor, &w->shared, table_of(w->n_asks));
        a->cursor.collect = collects(c, w->n_asks);
    }
}

void cq_crawl_work_rest(struct cq_crawl *c)
{
    ready_to(c, CQ_N_ASKS);
}

/* As the crawl's own, with the size in front of each block. */
static void *resize(void *ctx, void *p, size_t n)
{
    enum { HEAD = 16 };
    struct cq_work *w = ctx;
    uint8_t *block = p ? (uint8_t *)p - HEAD : NULL;
    size_t before = 0;

    if (block) memcpy(&before, block, sizeof(before));
    if (n == 0) {
        cq_free(w->under, block);
        w->scratch -= before;
        return NULL;
    }
    n += HEAD;
    block = cq_realloc(w->under, block, n);
    if (!block) return NULL;
    memcpy(block, &n, sizeof(n));
    w->scratch += n - before;
    return block + HEAD;
}

static void init(struct cq_crawl *c, struct cq_work *w)
{
    const struct cq_mem *mem = &w->mem;

    w->mem = (struct cq_mem){resize, w};
    w->under = c->o->mem;
    w->scratch = sizeof(*w);
    cq_arena_init(&w->arena, mem);
    w->shared = (struct cq_shared){mem, c->o->mem, &w->arena, &c->budget, c->o->shapes};
    ready_to(c, CQ_N_FIRST_ASKS);
    cq_rec_init(&w->rec, mem);
    cq_model_init(&w->model, mem, &w->rec);
    w->model.memo = c->o->memo;
    cq_merge_init(&w->schema, mem);
    cq_merge_init(&w->virtual_, mem);
    cq_names_init(&w->peers_seen, mem);
    cq_findings_init(&w->findings, &w->arena);
}

int cq_crawl_work_new(struct cq_crawl *c)
{
    const struct cq_crawl_options *o = c->o;
    struct cq_work *w = cq_alloc(o->mem, sizeof(*w));

    if (!w) return CQ_ENOMEM;
    memset(w, 0, offsetof(struct cq_work, scope));
    cq_scope_init(&w->scope);
    w->unwritten[0] = w->text[0] = 0;
    c->w = w;
    init(c, w);
    if (cq_udts_new(&w->udts, &w->mem) != 0) {
        cq_crawl_work_free(c);
        return CQ_ENOMEM;
    }
    link_cursors(c);
    cq_far_init(&w->far);
    w->scope.attempt = o->attempt;
    w->scope.started_ms = c->started_ms;
    memcpy(w->scope.filters_hash, o->filters_hash, sizeof(w->scope.filters_hash));
    cq_rec_scope(&w->rec, o->cluster, o->labels, o->epoch);
    w->rec.wall_ms = c->wall_ms;
    return 0;
}

void cq_crawl_work_free(struct cq_crawl *c)
{
    struct cq_work *w = c->w;

    if (!w) return;
    for (int i = 0; i < w->n_asks; i++)
        cq_cursor_fini(&w->asks[i].cursor);
    cq_merge_fini(&w->schema);
    cq_merge_fini(&w->virtual_);
    cq_names_fini(&w->peers_seen);
    cq_udts_free(w->udts);
    cq_model_fini(&w->model);
    cq_rec_fini(&w->rec);
    cq_arena_fini(&w->arena);
    cq_budget_give(&c->budget, w->charged);
    cq_free(c->o->mem, w);
    c->w = NULL;
}

void cq_crawl_work_charge(struct cq_crawl *c)
{
    struct cq_work *w = c->w;

    if (!w || w->scratch == w->charged) return;
    if (w->scratch > w->charged)
        cq_budget_add(&c->budget, w->scratch - w->charged);
    else
        cq_budget_give(&c->budget, w->charged - w->scratch);
    w->charged = w->scratch;
}
