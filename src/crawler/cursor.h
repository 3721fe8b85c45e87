/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the rows of one system table over its pages, in the order of the server.
 *
 *   a body comes: cq_cursor_room (more than once while it grows),
 *                 then cq_cursor_page | cq_cursor_refuse | cq_cursor_fail
 *   rows go:      cq_cursor_peek says ROW: look at .key, .cells,
 *                 then cq_cursor_skip, or cq_cursor_take (keeps it in hand)
 *                 and after that cq_cursor_take_run (those like it, too),
 *                 or cq_cursor_take_list (columns that are known)
 *   a page goes:  peek says NEED; the owner asks for the next one (cq_cursor_wants_page)
 *
 * Pages stay whole in one block until their rows are used; the block is then used again for the
 * next page. A row is taken apart once, when it is come to: its cells, and those of the rows in
 * hand, are views. Where their page ends before the object is done, the bytes are copied aside and
 * the views moved (bounded by CQ_MAX_CARRY). A cursor checks the order that the merge relies on:
 * ranks may only rise, and within a keyspace names; a fall is FELL. With `collect` pages are kept
 * (the keyspaces, and everything in sorted mode: cq_cursor_sort).
 *
 * What goes wrong with one table ends that table (outcome failed, why), never the connection.
 */
#ifndef CQ_CRAWLER_CURSOR_H
#define CQ_CRAWLER_CURSOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "crawler/budget.h"
#include "crawler/names.h"
#include "crawler/queries.h"
#include "model/model.h"
#include "proto/rows.h"

#define CQ_RANK_UNKNOWN UINT32_MAX /* of a keyspace that the keyspaces table does not have */

struct cq_lists;
struct cq_shapes;

struct cq_key {
    uint32_t rank;
    cq_bytes keyspace, name, third; /* null where the table has no such part */
};

struct cq_page {
    uint8_t *block;
    size_t cap;
    struct cql_rows rows; /* behind the metadata */
};

struct cq_sorted {
    struct cq_key key;
    cq_bytes row;
    size_t at; /* in order of arrival */
};

enum cq_at { CQ_AT_ROW, CQ_AT_NEED, CQ_AT_END, CQ_AT_FELL };

/* What all cursors of a crawl share. */
struct cq_shared {
    const struct cq_mem *mem;    /* small things */
    const struct cq_mem *blocks; /* what the budget is asked for: pages, indexes of rows */
    struct cq_arena *arena;      /* shapes and texts, until the crawl ends */
    struct cq_budget *budget;
    struct cq_shapes *shapes; /* of all crawls (crawler/shape.h); NULL: none */
};

struct cq_cursor {
    struct cq_shared *shared;
    enum cq_table table;
    struct cq_key_slots slots;
    struct cq_table_outcome outcome;
    const char *why;              /* outcome absent, denied, failed: the server's or our words */
    int err;                      /* outcome failed: CQ_E* */
    const struct cq_shape *shape; /* NULL until the first page */
    uint64_t metadata_hash;
    bool collect;
    bool complete; /* no further page will come */
    /* arriving, or kept for the next page */
    uint8_t *block;
    size_t cap;
    /* received */
    struct cq_buf pages; /* of struct cq_page */
    size_t n_pages, at_page;
    struct cq_buf paging_state;
    uint32_t empty_pages; /* in a row */
    size_t row_bytes;     /* as measured on the first page with rows */
    /* the row to look at */
    bool have;
    bool same;      /* it is of the same keyspace and name as the row before, whose rank is known */
    bool duplicate; /* its key is that of the row before */
    bool fell;
    bool at_end;           /* peek said END */
    const cq_bytes *cells; /* as cq_shape_cells says; until the next peek or drop */
    const uint8_t *from;   /* of it, in its page */
    struct cql_like like;  /* n_free 0: rows are not like one another */
    cq_bytes before;       /* the row whose cells `cells` has, raw; p NULL: its page is gone */
    uint32_t alike; /* the number of the row that this one, but for its free cells, is; 0: none */
    struct cq_key key;
    bool is_headed;      /* keyspace and name are a row's first cells, of all that order counts */
    const uint8_t *head; /* of the row before: these cells, raw; NULL: gone with its page */
    size_t head_bytes;
    bool has_last;
    bool last_kept;     /* last's names are in `names`, not in a page */
    struct cq_key last; /* of the row before */
    struct cq_buf names;
    /* rows in hand, and behind them the row to look at: cq_shape_cells each */
    struct cq_buf hand;
    size_t n_hand, n_carried;
    const struct cq_list *list; /* instead of rows in hand: they are known */
    unsigned n_before;          /* number of the list before; 0: there was none */
    uint64_t sketch;            /* of the rows in hand; 0: they are none that could be known */
    const uint8_t *uncarried;   /* the first row in hand that is a view into the page */
    struct cq_arena carry;
    size_t carry_bytes;
    /* sorted mode */
    struct cq_sorted *sorted;
    size_t n_sorted, at_sorted;
    bool unordered; /* sorting had something to do */
};

void cq_cursor_init(struct cq_cursor *c, struct cq_shared *shared, enum cq_table table);
/* Gives back every block. Not before the connection that may still fill one is gone. */
void cq_cursor_fini(struct cq_cursor *c);

/* A block of at least `need` bytes for the body that arrives, what has arrived kept; of `total`,
 * which the server claims, where the reservation has that anyway. NULL: not now (the budget says
 * whether it is starved), or no memory (*err). */
uint8_t *cq_cursor_room(struct cq_cursor *c, size_t need, uint64_t total, int *err);
/* The body is whole. 0 or CQ_ENOMEM; a body that is no result of that table fails the table. */
int cq_cursor_page(struct cq_cursor *c, cq_bytes body, int version);
void cq_cursor_refuse(struct cq_cursor *c, enum cq_outcome outcome, cq_bytes text);
void cq_cursor_fail(struct cq_cursor *c, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* More pages are to be had, and there is nothing left to read (or all pages are wanted). */
bool cq_cursor_wants_page(const struct cq_cursor *c);

/* ranks NULL: rows without a keyspace to order by. Negative: CQ_ENOMEM, CQ_ETOO_LARGE (carry, cells
 * of the rows in hand). */
int cq_cursor_next(struct cq_cursor *c, const struct cq_names *ranks);
static inline int cq_cursor_peek(struct cq_cursor *c, const struct cq_names *ranks)
{
    return c->have && !c->fell ? CQ_AT_ROW : cq_cursor_next(c, ranks);
}
/* Nothing is left, or only rows behind this rank: what most tables find of most kinds of children.
 */
static inline bool cq_cursor_is_past(const struct cq_cursor *c, uint32_t rank)
{
    return c->at_end ||
           (c->have && !c->fell && c->key.rank > rank && c->key.rank != CQ_RANK_UNKNOWN);
}
void cq_cursor_skip(struct cq_cursor *c);
int cq_cursor_take(struct cq_cursor *c); /* 0, CQ_ETOO_MANY */
/* Behind a take: the rows that are certainly of the same keyspace and name, in order, and new. */
void cq_cursor_take_run(struct cq_cursor *c);
/*
 * At the first row of a table's columns, instead of take: takes all of them where they are known by
 * their bytes, and no further row is of this table; false: they are not. Until the next drop.
 */
bool cq_cursor_take_list(struct cq_cursor *c, struct cq_lists *lists, const struct cq_names *ranks);
/* The rows in hand; shape NULL where the table did not end well. Valid until the next take or drop.
 */
struct cq_rowset cq_cursor_hand(struct cq_cursor *c);
void cq_cursor_drop(struct cq_cursor *c); /* the hand is empty again */
/* No row will be taken any more: gives back the room for them. */
void cq_cursor_rest(struct cq_cursor *c);

/* Sorted mode: all pages are there; orders them by rank, name, third. 0, CQ_ENOMEM, CQ_EMEMORY; 1:
 * wait for memory. */
int cq_cursor_sort(struct cq_cursor *c, const struct cq_names *ranks);

/* Shared by cursor.c, cursor_list.c and sorted.c. */
/* The first two cells of the row to look at, raw: of cursors that are headed. */
static inline cq_bytes cq_cursor_head(const struct cq_cursor *c)
{
    return (cq_bytes){c->from, (size_t)(c->key.name.p - c->from) + c->key.name.n};
}

static inline struct cq_page *cq_cursor_page_at(const struct cq_cursor *c, size_t i)
{
    return (struct cq_page *)(void *)c->pages.p + i;
}

int cq_cursor_compare(const struct cq_cursor *c, const struct cq_key *a, const struct cq_key *b);
bool cq_cursor_falls(const struct cq_cursor *c, const struct cq_key *a, const struct cq_key *b);
/* A walk of its own over the first page, which uses nothing up. False: there is none. */
bool cq_cursor_look(const struct cq_cursor *c, struct cql_rows *rows);
/* The next row of the pages that are there, into cells, without a look at the order. False: none
 * (c->outcome may have changed). */
bool cq_cursor_raw(struct cq_cursor *c, cq_bytes *cells, struct cq_key *key, cq_bytes *row);

#endif
