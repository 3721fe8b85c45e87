/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user types of one keyspace: copies of their rows' lists, by name; which of them a type text
 * names, and which of them a table reaches (a work list, no recursion: types may nest as deep as
 * they like, and a damaged server may even send a circle).
 */
#include "model/row.h"
#include "proto/type.h"

struct udt {
    cq_bytes name, fields, types; /* lists as the server sent them */
};

struct cq_udts {
    const struct cq_mem *mem;
    struct cq_arena arena;
    struct cq_buf list; /* of struct udt, by name */
};

enum { MAX_UDTS = CQ_MAX_OBJECT_ROWS };

int cq_udts_new(struct cq_udts **out, const struct cq_mem *mem)
{
    struct cq_udts *u = cq_alloc(mem, sizeof(*u));

    *out = u;
    if (!u) return CQ_ENOMEM;
    u->mem = mem;
    cq_arena_init(&u->arena, mem);
    cq_buf_init(&u->list, mem, MAX_UDTS * sizeof(struct udt));
    return 0;
}

void cq_udts_free(struct cq_udts *u)
{
    if (!u) return;
    cq_arena_fini(&u->arena);
    cq_buf_fini(&u->list);
    cq_free(u->mem, u);
}

void cq_udts_reset(struct cq_udts *u)
{
    cq_arena_reset(&u->arena);
    cq_buf_clear(&u->list);
}

static struct udt *udts_of(const struct cq_udts *u)
{
    return (struct udt *)(void *)u->list.p;
}

static size_t count(const struct cq_udts *u)
{
    return u ? u->list.n / sizeof(struct udt) : 0;
}

/* Where the name is or belongs. */
static size_t lower_bound(const struct cq_udts *u, cq_bytes name)
{
    size_t low = 0, high = count(u);

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (cq_cmp(udts_of(u)[mid].name, name) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static long find(const struct cq_udts *u, cq_bytes name)
{
    size_t i = lower_bound(u, name);

    return i < count(u) && cq_eq(udts_of(u)[i].name, name) ? (long)i : -1;
}

static bool copy(struct cq_arena *a, cq_bytes from, cq_bytes *to)
{
    *to = cq_is_null(from) ? CQ_NULL : cq_arena_dup(a, from);
    return cq_is_null(from) || !cq_is_null(*to);
}

int cq_udts_add(struct cq_udts *u, const cq_bytes *cells)
{
    struct udt one;
    size_t at, n = count(u);

    if (n >= MAX_UDTS) return CQ_ETOO_MANY;
    if (!copy(&u->arena, cells[CQ_TYPES_type_name], &one.name) ||
        !copy(&u->arena, cells[CQ_TYPES_field_names], &one.fields) ||
        !copy(&u->arena, cells[CQ_TYPES_field_types], &one.types)) {
        return CQ_ENOMEM;
    }
    if (find(u, one.name) >= 0) return 0; /* a duplicate row: the merge reports it */
    at = lower_bound(u, one.name);
    cq_buf_put(&u->list, &one, sizeof(one));
    if (u->list.err) return u->list.err;
    memmove(udts_of(u) + at + 1, udts_of(u) + at, (n - at) * sizeof(one));
    udts_of(u)[at] = one;
    return 0;
}

void cq_put_uses(struct cq_model *m, const struct cq_udts *u, cq_bytes type)
{
    struct cq_json *j = &m->rec->json;
    long seen[CQ_MAX_TYPE_NODES];
    size_t n = 0, at = 0;

    if (count(u) == 0 || cq_is_null(type)) return;
    while (n < CQ_MAX_TYPE_NODES && cql_type_names(type, &at, &m->text) == 1) {
        long i = find(u, cq_buf_view(&m->text));
        size_t k = 0;

        while (k < n && seen[k] != i)
            k++;
        if (i < 0 || k < n) continue;
        if (n == 0) {
            cq_json_name(j, CQ_KEY("uses"));
            cq_json_open(j, '[');
        }
        seen[n++] = i;
        cq_json_text(j, udts_of(u)[i].name);
    }
    cq_model_fail(m, m->text.err);
    if (n) cq_json_close(j, ']');
}

void cq_put_fields(struct cq_model *m, const struct cq_udts *u, cq_bytes names, cq_bytes types)
{
    struct cq_json *j = &m->rec->json;
    struct cql_iter name_it, type_it;

    cq_json_name(j, CQ_KEY("fields"));
    cq_json_open(j, '[');
    cql_iter_begin(&name_it, names);
    cql_iter_begin(&type_it, types);
    for (;;) {
        cq_bytes name = CQ_NULL, type = CQ_NULL;
        bool any = cql_iter_next(&name_it, &name);

        if (!cql_iter_next(&type_it, &type) && !any) break;
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), name);
        cq_json_member(j, CQ_KEY("type"), type);
        cq_put_uses(m, u, type);
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

void cq_structure_fields(struct cq_json *j, cq_bytes names, cq_bytes types)
{
    struct cql_iter name_it, type_it;

    cq_json_open(j, '[');
    cql_iter_begin(&name_it, names);
    cql_iter_begin(&type_it, types);
    for (;;) {
        cq_bytes name = CQ_NULL, type = CQ_NULL;
        bool any = cql_iter_next(&name_it, &name);

        if (!cql_iter_next(&type_it, &type) && !any) break;
        cq_json_open(j, '[');
        cq_json_text(j, name);
        cq_json_text(j, type);
        cq_json_close(j, ']');
    }
    cq_json_close(j, ']');
}

bool cq_type_is_named(struct cq_model *m, cq_bytes type)
{
    size_t at = 0;

    return !cq_is_null(type) && cql_type_names(type, &at, &m->text) != 0;
}

/* The types that one text names: marked, and put on the work list the first time. */
void cq_udts_reach(struct cq_model *m, const struct cq_udts *u, cq_bytes type)
{
    size_t at = 0;

    if (m->marks.n == 0) return;
    while (!cq_is_null(type) && cql_type_names(type, &at, &m->text) == 1) {
        long i = find(u, cq_buf_view(&m->text));

        if (i < 0 || m->marks.p[i]) continue;
        m->marks.p[i] = 1;
        cq_buf_put(&m->work, &i, sizeof(i));
    }
    cq_model_fail(m, m->text.err);
}

void cq_udts_begin(struct cq_model *m, const struct cq_udts *u)
{
    uint8_t *marks;

    cq_buf_clear(&m->marks);
    cq_buf_clear(&m->work);
    if (count(u) == 0) return;
    marks = cq_buf_room(&m->marks, count(u));
    cq_model_fail(m, m->marks.err);
    if (!marks) return;
    memset(marks, 0, count(u));
    m->marks.n = count(u);
}

void cq_udts_end(struct cq_model *m, const struct cq_udts *u)
{
    cq_bytes type;
    long i;

    while (m->work.n >= sizeof(i)) {
        struct cql_iter it;

        m->work.n -= sizeof(i);
        memcpy(&i, m->work.p + m->work.n, sizeof(i));
        cql_iter_begin(&it, udts_of(u)[i].types);
        while (cql_iter_next(&it, &type))
            cq_udts_reach(m, u, type);
    }
    cq_model_fail(m, m->work.err);
}

void cq_put_types(struct cq_model *m, const struct cq_udts *u)
{
    struct cq_json *j = &m->rec->json;

    if (m->marks.n == 0) {
        cq_json_splice(j, CQ_LIT("\"types\":[]"));
        return;
    }
    cq_json_name(j, CQ_KEY("types"));
    cq_json_open(j, '[');
    for (size_t i = 0; i < m->marks.n; i++) {
        const struct udt *one = &udts_of(u)[i];

        if (!m->marks.p[i]) continue;
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), one->name);
        cq_put_fields(m, u, one->fields, one->types);
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

void cq_structure_types(struct cq_model *m, struct cq_json *j, const struct cq_udts *u)
{
    cq_json_open(j, '[');
    for (size_t i = 0; i < m->marks.n; i++) {
        const struct udt *one = &udts_of(u)[i];

        if (!m->marks.p[i]) continue;
        cq_json_open(j, '[');
        cq_json_text(j, one->name);
        cq_structure_fields(j, one->fields, one->types);
        cq_json_close(j, ']');
    }
    cq_json_close(j, ']');
}
