/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of columns: what is kept, what goes for it, and how it is written (model/lists.h). */
#include "model/lists.h"

#include <assert.h>

#include "base/err.h"
#include "model/row.h"

static_assert((CQ_LISTS_KEPT & (CQ_LISTS_KEPT - 1)) == 0, "a sketch's bits name a place");
static_assert((CQ_LISTS_SEEN & (CQ_LISTS_SEEN - 1)) == 0, "and a mark");

int cq_lists_new(struct cq_lists **out, const struct cq_mem *mem)
{
    *out = cq_calloc(mem, 1, sizeof(**out));
    if (!*out) return CQ_ENOMEM;
    (*out)->mem = mem;
    return 0;
}

static void drop(struct cq_lists *lists, size_t i)
{
    if (!lists->list[i]) return;
    lists->bytes -= lists->list[i]->bytes;
    cq_free(lists->mem, lists->list[i]);
    lists->list[i] = NULL;
}

void cq_lists_free(struct cq_lists *lists)
{
    if (!lists) return;
    for (size_t i = 0; i < CQ_LISTS_KEPT; i++)
        drop(lists, i);
    cq_free(lists->mem, lists);
}

static uint32_t *mark_of(struct cq_lists *lists, uint64_t sketch)
{
    return &lists->seen[sketch >> 8 & (CQ_LISTS_SEEN - 1)];
}

bool cq_lists_wants(struct cq_lists *lists, uint64_t sketch)
{
    uint32_t *mark = mark_of(lists, sketch), is = (uint32_t)(sketch >> 32);

    if (*mark == is) return true;
    if (*mark != ~is) *mark = is;
    return false;
}

void cq_lists_refuse(struct cq_lists *lists, uint64_t sketch)
{
    *mark_of(lists, sketch) = ~(uint32_t)(sketch >> 32);
}

/* Of a row as it was sent: where it begins, and what is behind its first two cells. */
static const uint8_t *row_begin(const cq_bytes *cell)
{
    return cell[CQ_COLUMNS_keyspace_name].p - CQL_CELL_HEADER;
}

static cq_bytes row_tail(const cq_bytes *cell)
{
    cq_bytes name = cell[CQ_COLUMNS_table_name], type = cell[CQ_COLUMNS_type];
    const uint8_t *p = name.p + name.n;

    return (cq_bytes){p, (size_t)(type.p + type.n - p)};
}

/* Bytes of all tails; 0: these are not rows as they were sent, of one page. */
static size_t tails_length(const struct cq_rowset *columns)
{
    const uint8_t *end = NULL;
    size_t n = 0;

    for (size_t i = 0; i < columns->n; i++) {
        const cq_bytes *cell = cq_rowset_at(columns, i);
        cq_bytes tail;

        if (!cell[CQ_COLUMNS_type].p || (end && row_begin(cell) != end)) return 0;
        tail = row_tail(cell);
        if (tail.n > UINT16_MAX) return 0;
        end = tail.p + tail.n;
        n += tail.n;
    }
    return n;
}

/* A place, and room for so many bytes more. */
static struct cq_list **make_room(struct cq_lists *lists, uint64_t sketch, size_t bytes)
{
    size_t first = cq_lists_first(sketch), at = first;

    while (at < first + CQ_LIST_WAYS && lists->list[at])
        at++;
    if (at == first + CQ_LIST_WAYS) at = first + lists->next++ % CQ_LIST_WAYS;
    drop(lists, at);
    while (lists->bytes + bytes > CQ_LISTS_BYTES)
        drop(lists, lists->next++ % CQ_LISTS_KEPT);
    return &lists->list[at];
}

/* ["table",[COLUMNS],[],[]]: no types, no indexes. At `to`, which has room for it. */
static struct cq_hash128 table_hash(uint8_t *to, cq_bytes structure)
{
    uint8_t *end = cq_bytes_put(cq_bytes_put(cq_bytes_put(to, CQ_LIT("[\"table\",[")), structure),
                                CQ_LIT("],[],[]]"));

    return cq_xxh3_128((cq_bytes){to, (size_t)(end - to)});
}

static void fill(struct cq_list *l, const struct cq_rowset *columns, cq_bytes json,
                 cq_bytes structure)
{
    uint16_t *length = (uint16_t *)(void *)(l + 1);
    uint8_t *to = (uint8_t *)(length + columns->n);

    l->tails = (struct cql_tails){columns->n, length, to};
    for (size_t i = 0; i < columns->n; i++) {
        cq_bytes tail = row_tail(cq_rowset_at(columns, i));

        length[i] = (uint16_t)tail.n;
        to = cq_bytes_put(to, tail);
    }
    l->json = (cq_bytes){to, json.n};
    to = cq_bytes_put(to, json);
    l->structure = (cq_bytes){to, structure.n};
    to = cq_bytes_put(to, structure);
    l->table_hash = table_hash(to, structure);
}

void cq_lists_keep(struct cq_lists *lists, uint64_t sketch, const struct cq_rowset *columns,
                   cq_bytes json, cq_bytes structure)
{
    enum { AROUND = 32 }; /* what table_hash puts around the structure */
    size_t tails = tails_length(columns), bytes = sizeof(struct cq_list) + AROUND;
    struct cq_list **place, *l;

    bytes += columns->n * sizeof(uint16_t) + tails + json.n + 2 * structure.n;
    if (tails == 0 || bytes > CQ_LIST_BYTES) return;
    place = make_room(lists, sketch, bytes);
    l = cq_alloc(lists->mem, bytes);
    if (!l) return;
    l->sketch = sketch;
    l->bytes = bytes;
    fill(l, columns, json, structure);
    lists->bytes += bytes;
    l->number = (unsigned)(place - lists->list) + 1;
    *place = l;
}

void cq_put_list(struct cq_model *m, const struct cq_object *o, struct cq_json *structure)
{
    struct cq_json *j = &m->rec->json;

    cq_udts_begin(m, o->udts);
    cq_json_name(j, CQ_KEY("columns"));
    cq_json_open(j, '[');
    cq_json_splice(j, o->list->json);
    cq_json_close(j, ']');
    if (structure) {
        cq_json_open(structure, '[');
        cq_json_splice(structure, o->list->structure);
        cq_json_close(structure, ']');
    }
    cq_udts_end(m, o->udts);
}

/* Came before, and is nothing that is never kept. */
static bool is_wanted(const struct cq_model *m, const struct cq_object *o)
{
    return o->sketch && m->memo && !o->masks.n && o->as_sent &&
           cq_lists_wants(m->memo->lists, o->sketch);
}

void cq_list_keep(struct cq_model *m, const struct cq_object *o, cq_bytes json, cq_bytes structure)
{
    if (!is_wanted(m, o)) return;
    if (m->is_own)
        cq_lists_refuse(m->memo->lists, o->sketch);
    else
        cq_lists_keep(m->memo->lists, o->sketch, &o->columns, json, structure);
}

void cq_model_learn(struct cq_model *m, const struct cq_object *o)
{
    struct cq_json structure;

    if (!is_wanted(m, o)) return;
    cq_rec_abort(m->rec);
    cq_buf_clear(&m->rec->structure);
    cq_json_init(&structure, &m->rec->structure, m->mem);
    cq_put_columns(m, o, &structure);
    cq_rec_abort(m->rec);
}
