/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types on the wire (v5.spec 4.2.5.2) and in the texts of system_schema. Walks with a small stack
 * of its own, never by calling itself; depth and number of nodes are bounded (CQ_ETOO_MANY). An id
 * whose shape nobody knows is CQ_EPROTOCOL: where it ends cannot be told.
 */
#include "proto/type.h"

#include "base/bounds.h"
#include "base/err.h"
#include "proto/cql.h"
#include "proto/type_view.h"
#include "proto/wire.h"

struct level {
    uint32_t left; /* children still to come */
    bool named;    /* each behind a field name */
};

/* Reads one node but not its children; what it has of them goes to *below. */
static int read_node(struct cql_reader *r, struct level *below)
{
    int id = cql_read_u16(r);

    *below = (struct level){0, false};
    switch (id) {
    case CQL_TYPE_CUSTOM:
        cql_read_string(r);
        break;
    case CQL_TYPE_LIST:
    case CQL_TYPE_SET:
        below->left = 1;
        break;
    case CQL_TYPE_MAP:
        below->left = 2;
        break;
    case CQL_TYPE_UDT:
        cql_read_string(r);
        cql_read_string(r);
        *below = (struct level){cql_read_u16(r), true};
        break;
    case CQL_TYPE_TUPLE:
        below->left = cql_read_u16(r);
        break;
    default:
        if (!cql_type_simple_name(id)) return CQ_EPROTOCOL;
    }
    return r->bad ? CQ_EPROTOCOL : 0;
}

long cql_type_length(cq_bytes b)
{
    struct cql_reader r = cql_reader_of(b);
    const uint8_t *from = r.p;
    struct level stack[CQ_MAX_TYPE_DEPTH];
    unsigned depth = 0;

    for (unsigned nodes = 0; nodes < CQ_MAX_TYPE_NODES; nodes++) {
        struct level below;
        int err;

        if (depth && stack[depth - 1].named) cql_read_string(&r);
        err = read_node(&r, &below);
        if (err) return err;
        if (depth) stack[depth - 1].left--;
        if (below.left) {
            if (depth == CQ_MAX_TYPE_DEPTH) return CQ_ETOO_MANY;
            stack[depth++] = below;
        }
        while (depth && stack[depth - 1].left == 0)
            depth--;
        if (depth == 0) return (long)(r.p - from);
    }
    return CQ_ETOO_MANY;
}

int cql_type_id(cq_bytes option)
{
    return option.n < 2 ? CQL_TYPE_CUSTOM : cql_load_u16(option.p);
}

/* Writes what stands before a node's children. True: children and a closing bracket follow. */
static bool write_opening(const struct cql_type_view *v, struct cq_buf *out)
{
    const char *name = cql_type_simple_name(v->id);

    if (v->is_frozen) cq_buf_puts(out, "frozen<");
    if (name) {
        cq_buf_puts(out, name);
    } else if (v->id == CQL_TYPE_UDT) {
        cql_write_identifier(out, v->name, v->is_class);
    } else if (v->id == CQL_VIEW_OPAQUE) {
        cq_buf_putc(out, '\'');
        cq_buf_put(out, v->name.p, v->name.n);
        cq_buf_putc(out, '\'');
    } else if (v->id == CQL_VIEW_UNKNOWN) {
        cq_buf_printf(out, "'unknown(0x%04x)'", (unsigned)v->wire_id);
    } else {
        static const char *const container[] = {"list<", "map<", "set<"};
        bool is_basic = v->id >= CQL_TYPE_LIST && v->id <= CQL_TYPE_SET;

        cq_buf_puts(out, is_basic                   ? container[v->id - CQL_TYPE_LIST]
                         : v->id == CQL_VIEW_VECTOR ? "vector<"
                                                    : "tuple<");
        return true;
    }
    if (v->is_frozen) cq_buf_putc(out, '>');
    return false;
}

static void write_closing(const struct cql_type_view *v, struct cq_buf *out)
{
    if (v->id == CQL_VIEW_VECTOR) cq_buf_printf(out, ", %u", (unsigned)v->dim);
    cq_buf_puts(out, v->is_frozen ? ">>" : ">");
}

int cql_type_text(cq_bytes option, struct cq_buf *out)
{
    struct cql_type_view stack[CQ_MAX_TYPE_DEPTH];
    struct cql_type_view v;
    unsigned depth = 0, nodes = 0;
    bool first = true;

    cql_type_open(&v, (struct cql_type_ref){option, false});
    if (write_opening(&v, out)) stack[depth++] = v;
    while (depth && !out->err) {
        struct cql_type_ref child;
        cq_bytes field;

        if (!cql_type_child(&stack[depth - 1], &child, &field)) {
            write_closing(&stack[--depth], out);
            first = false;
            continue;
        }
        if (!first) cq_buf_puts(out, ", ");
        if (++nodes > CQ_MAX_TYPE_NODES) return out->err = CQ_ETOO_MANY;
        cql_type_open(&v, child);
        first = write_opening(&v, out);
        if (!first) continue;
        if (depth == CQ_MAX_TYPE_DEPTH) return out->err = CQ_ETOO_MANY;
        stack[depth++] = v;
    }
    return out->err;
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_built_in(cq_bytes word)
{
    static const char *const others[] = {"varchar", "list",   "set",    "map",
                                         "tuple",   "frozen", "vector", "empty"};

    for (int id = CQL_TYPE_ASCII; id <= CQL_TYPE_DURATION; id++)
        if (cq_eq(word, cq_str(cql_type_simple_name(id)))) return true;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (cq_eq(word, cq_str(others[i]))) return true;
    return word.n == 0 || (word.p[0] >= '0' && word.p[0] <= '9');
}

static bool is_too_deep(cq_bytes text)
{
    size_t depth = 0;
    uint8_t quote = 0;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (quote || c == '"' || c == '\'')
            quote = quote == c ? 0 : quote ? quote : c;
        else if (c == '<' && ++depth > CQ_MAX_TYPE_DEPTH)
            return true;
        else if (c == '>' && depth)
            depth--;
    }
    return false;
}

/* Reads a quoted run that begins at *at; a doubled quote stands for itself. out may be NULL. */
static void read_quoted(cq_bytes text, size_t *at, struct cq_buf *out)
{
    uint8_t quote = text.p[(*at)++];

    for (; *at < text.n; (*at)++) {
        if (text.p[*at] == quote) {
            if (*at + 1 >= text.n || text.p[*at + 1] != quote) break;
            (*at)++;
        }
        if (out) cq_buf_putc(out, (char)text.p[*at]);
    }
    if (*at < text.n) (*at)++;
}

int cql_type_names(cq_bytes text, size_t *at, struct cq_buf *out)
{
    cq_buf_clear(out);
    if (*at == 0 && is_too_deep(text)) return CQ_ETOO_MANY;
    while (*at < text.n) {
        size_t from = *at;

        if (text.p[from] == '\'') {
            read_quoted(text, at, NULL);
        } else if (text.p[from] == '"') {
            read_quoted(text, at, out);
            return out->err ? out->err : 1;
        } else if (is_word(text.p[from])) {
            cq_bytes word = {text.p + from, 0};

            while (*at < text.n && is_word(text.p[*at]))
                (*at)++;
            word.n = *at - from;
            if (is_built_in(word)) continue;
            cq_buf_put(out, word.p, word.n);
            return out->err ? out->err : 1;
        } else {
            (*at)++;
        }
    }
    return 0;
}
