/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cell of any type as text (v5.spec 6; proto/value.h says in which form). Containers are walked
 * with a small stack, never by calling itself; a cell that does not fit its type is written as hex
 * as a whole, so that nothing is lost and nothing is guessed.
 */
#include "proto/value.h"

#include "base/bounds.h"
#include "base/err.h"
#include "proto/cql.h"
#include "proto/scalar_text.h"
#include "proto/type_view.h"
#include "proto/wire.h"

struct level {
    struct cql_type_view type;
    struct cql_type_ref element[2]; /* list, set, vector: the first; map: key and value */
    struct cql_reader v;
    uint32_t left;  /* values still to come: not for tuples and UDTs, whose type knows */
    uint32_t done;  /* values written */
    unsigned fixed; /* a vector's elements have this many bytes; 0: each behind its length */
};

struct writer {
    struct cq_buf *out;
    struct level stack[CQ_MAX_TYPE_DEPTH];
    unsigned depth;
    bool bad;
};

static bool is_row(int id)
{
    return id == CQL_TYPE_TUPLE || id == CQL_TYPE_UDT;
}

static bool is_container(int id)
{
    return is_row(id) || id == CQL_TYPE_LIST || id == CQL_TYPE_SET || id == CQL_TYPE_MAP ||
           id == CQL_VIEW_VECTOR;
}

static bool open_vector(struct level *l)
{
    struct cql_type_view element;

    cql_type_open(&element, l->element[0]);
    l->fixed = cql_type_fixed(&element);
    l->left = l->type.dim;
    return l->fixed ? cql_left(&l->v) == (size_t)l->fixed * l->left : cql_left(&l->v) >= l->left;
}

static bool open_level(struct level *l, const struct cql_type_view *type, cq_bytes cell)
{
    unsigned per = type->id == CQL_TYPE_MAP ? 2 : 1;
    cq_bytes field;
    int32_t n;

    *l = (struct level){.type = *type, .v = cql_reader_of(cell)};
    if (is_row(type->id)) return true;
    for (unsigned i = 0; i < per; i++)
        if (!cql_type_child(&l->type, &l->element[i], &field)) return false;
    if (type->id == CQL_VIEW_VECTOR) return open_vector(l);
    n = cql_read_i32(&l->v);
    if (l->v.bad || n < 0 || (size_t)n > cql_left(&l->v) / 4 / per) return false;
    l->left = (uint32_t)n * per;
    return true;
}

/* The brackets of each container, opening and closing. */
static const char *brackets(int id)
{
    if (id == CQL_TYPE_LIST || id == CQL_VIEW_VECTOR) return "[]";
    return id == CQL_TYPE_TUPLE ? "()" : "{}";
}

static void write_value(struct writer *w, struct cql_type_ref ref, cq_bytes cell)
{
    struct cql_type_view type;
    bool nested = w->depth > 0;

    if (cq_is_null(cell)) {
        cq_buf_puts(w->out, "null");
        return;
    }
    if (cell.n == 0) {
        if (nested) cq_buf_puts(w->out, "''");
        return;
    }
    cql_type_open(&type, ref);
    if (!is_container(type.id)) {
        if (!cql_scalar_text(type.id, cell, nested, w->out)) cql_hex_text(cell, w->out);
        return;
    }
    if (w->depth == CQ_MAX_TYPE_DEPTH || !open_level(&w->stack[w->depth], &type, cell)) {
        w->bad = true;
        return;
    }
    w->depth++;
    cq_buf_putc(w->out, brackets(type.id)[0]);
}

static cq_bytes next_cell(struct level *l)
{
    if (l->type.id != CQL_VIEW_VECTOR) return cql_read_bytes(&l->v);
    return cql_read_raw(&l->v, l->fixed ? l->fixed : (size_t)cql_read_uvint(&l->v));
}

/* The next value of the innermost container; false: it has no more. */
static bool next_value(struct writer *w, struct level *l)
{
    bool is_value = l->type.id == CQL_TYPE_MAP && l->done % 2;
    struct cql_type_ref ref = l->element[is_value];
    cq_bytes cell = CQ_NULL, field = CQ_NULL;

    if (is_row(l->type.id)) {
        if (!cql_type_child(&l->type, &ref, &field)) return false;
    } else if (l->left-- == 0) {
        return false;
    }
    if (l->done++) cq_buf_puts(w->out, is_value ? ": " : ", ");
    if (!cq_is_null(field)) {
        cql_write_identifier(w->out, field, l->type.is_class);
        cq_buf_puts(w->out, ": ");
    }
    /* a tuple or UDT written before a field was added ends early: the rest is null */
    if (!is_row(l->type.id) || cql_left(&l->v)) cell = next_cell(l);
    if (l->v.bad)
        w->bad = true;
    else
        write_value(w, ref, cell);
    return true;
}

int cql_value_text(cq_bytes option, cq_bytes cell, struct cq_buf *out)
{
    struct writer w = {.out = out};
    size_t begin = out->n;

    write_value(&w, (struct cql_type_ref){option, false}, cell);
    while (w.depth && !w.bad && !out->err) {
        struct level *l = &w.stack[w.depth - 1];

        if (next_value(&w, l)) continue;
        cq_buf_putc(out, brackets(l->type.id)[1]);
        w.depth--;
    }
    if (w.bad && !out->err) {
        out->n = begin;
        cql_hex_text(cell, out);
    }
    return out->err;
}
