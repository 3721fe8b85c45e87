/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells into members (model/row.h). All readers are total: a cell of another length than its type
 * has is written null. A row with a map or list that is cut short makes no record at all (model.c).
 */
#include "model/row.h"

#include "base/digest.h"
#include "model/sort.h"
#include "proto/type.h"

bool cq_row_is_whole(const struct cq_row *r)
{
    const struct cq_shape *shape = r->shape;

    for (uint64_t left = shape->lists | shape->maps; left; left &= left - 1) {
        int slot = __builtin_ctzll(left);
        struct cql_iter it;
        cq_bytes a, b;

        cql_iter_begin(&it, r->cell[slot]);
        if (shape->maps >> slot & 1)
            while (cql_iter_pair(&it, &a, &b)) {
            }
        else
            while (cql_iter_next(&it, &a)) {
            }
        if (it.bad) return false;
    }
    return true;
}

void cq_put_text(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    if (cq_row_has(r, slot)) cq_json_member(j, key, r->cell[slot]);
}

void cq_put_bool(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    bool v;

    if (!cq_row_has(r, slot)) return;
    cq_json_name(j, key);
    if (cql_get_bool(r->cell[slot], &v)) {
        cq_json_bool(j, v);
    } else {
        cq_json_null(j);
    }
}

void cq_put_int(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    int32_t v;

    if (!cq_row_has(r, slot)) return;
    cq_json_name(j, key);
    if (cql_get_int(r->cell[slot], &v)) {
        cq_json_int(j, v);
    } else {
        cq_json_null(j);
    }
}

void cq_put_double(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    double v;

    if (!cq_row_has(r, slot)) return;
    cq_json_name(j, key);
    if (cql_get_double(r->cell[slot], &v)) {
        cq_json_double(j, v);
    } else {
        cq_json_null(j);
    }
}

void cq_put_uuid(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    char text[39];

    if (!cq_row_has(r, slot)) return;
    cq_json_name(j, key);
    text[0] = '"';
    if (!cql_get_uuid(r->cell[slot], text + 1)) {
        cq_json_null(j);
        return;
    }
    text[37] = '"'; /* over the NUL; nothing in it has to be escaped */
    cq_json_splice(j, (cq_bytes){(const uint8_t *)text, 38});
}

void cq_put_inet(struct cq_json *j, struct cq_json_key key, const struct cq_row *r, int slot)
{
    char text[46];

    if (!cq_row_has(r, slot)) return;
    cq_json_name(j, key);
    cq_json_text(j, cql_get_inet(r->cell[slot], text) ? cq_str(text) : CQ_NULL);
}

static bool texts(struct cq_json *j, cq_bytes list)
{
    struct cql_iter it;
    cq_bytes one;
    bool valid = true;

    cq_json_open(j, '[');
    cql_iter_begin(&it, list);
    while (cql_iter_next(&it, &one))
        if (!cq_json_text(j, one)) valid = false;
    cq_json_close(j, ']');
    return valid;
}

void cq_put_texts(struct cq_json *j, struct cq_json_key key, struct cq_json_key twin,
                  const struct cq_row *r, int slot)
{
    struct cql_iter it;
    cq_bytes one;

    if (!cq_row_has(r, slot)) return;
    cq_json_name(j, key);
    if (cq_is_null(r->cell[slot])) {
        cq_json_null(j);
        return;
    }
    if (texts(j, r->cell[slot])) return;
    cq_json_name(j, twin);
    cq_json_open(j, '[');
    cql_iter_begin(&it, r->cell[slot]);
    while (cql_iter_next(&it, &one))
        cq_json_base64(j, one);
    cq_json_close(j, ']');
}

cq_bytes cq_map_get(cq_bytes map, const char *key)
{
    struct cql_iter it;
    cq_bytes name, value, want = cq_str(key);

    cql_iter_begin(&it, map);
    while (cql_iter_pair(&it, &name, &value))
        if (cq_eq(name, want)) return value;
    return CQ_NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct cq_pair *x = a, *y = b;

    return cq_cmp(x->name, y->name);
}

static size_t collect(struct cq_model *m, cq_bytes map, const char *const without[2])
{
    struct cql_iter it;
    struct cq_pair p;

    cq_buf_clear(&m->items);
    cql_iter_begin(&it, map);
    while (cql_iter_pair(&it, &p.name, &p.value)) {
        if (without[0] && cq_eq(p.name, cq_str(without[0]))) continue;
        if (without[1] && cq_eq(p.name, cq_str(without[1]))) continue;
        cq_buf_put(&m->items, &p, sizeof(p));
    }
    cq_model_fail(m, m->items.err);
    return m->items.n / sizeof(p);
}

static void put_hex(struct cq_model *m, struct cq_json_key key, cq_bytes blob)
{
    uint8_t *to;

    cq_json_name(&m->rec->json, key);
    if (cq_is_null(blob)) {
        cq_json_null(&m->rec->json);
        return;
    }
    cq_buf_clear(&m->text);
    cq_buf_puts(&m->text, "0x");
    to = cq_buf_room(&m->text, 2 * blob.n);
    if (to) {
        cq_hex(blob.p, blob.n, (char *)to);
        m->text.n += 2 * blob.n;
    }
    cq_model_fail(m, m->text.err);
    cq_json_text(&m->rec->json, cq_buf_view(&m->text));
}

void cq_put_pairs(struct cq_model *m, struct cq_json_key key, cq_bytes map,
                  const char *const without[2], bool hex)
{
    struct cq_json *j = &m->rec->json;
    const struct cq_pair *p;
    size_t n;

    cq_json_name(j, key);
    if (cq_is_null(map)) {
        cq_json_null(j);
        return;
    }
    n = collect(m, map, without);
    p = (const struct cq_pair *)(const void *)m->items.p;
    cq_sort(m->items.p, n, sizeof(*p), by_name);
    cq_json_open(j, '[');
    for (size_t i = 0; i < n; i++) {
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), p[i].name);
        if (hex) {
            put_hex(m, CQ_KEY("value"), p[i].value);
        } else {
            cq_json_member(j, CQ_KEY("value"), p[i].value);
        }
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

void cq_put_class(struct cq_model *m, struct cq_json_key key, cq_bytes map, const char *class_key,
                  const char *other_key)
{
    struct cq_json *j = &m->rec->json;
    const char *used = class_key;
    cq_bytes name = cq_map_get(map, class_key);

    cq_json_name(j, key);
    if (cq_is_null(map)) {
        cq_json_null(j);
        return;
    }
    if (cq_is_null(name) && other_key) {
        name = cq_map_get(map, other_key);
        used = other_key;
    }
    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("class"), name);
    cq_put_pairs(m, CQ_KEY("options"), map, (const char *const[2]){used, NULL}, false);
    cq_json_close(j, '}');
}

void cq_put_extra(struct cq_model *m, const struct cq_row *r, bool always)
{
    struct cq_json *j = &m->rec->json;

    if (r->shape->n_extra == 0) {
        if (always) cq_json_splice(j, CQ_LIT("\"extra\":[]"));
        return;
    }
    cq_json_name(j, CQ_KEY("extra"));
    cq_json_open(j, '[');
    for (uint32_t i = 0; i < r->shape->n_extra; i++) {
        const struct cq_extra_column *column = &r->shape->extra[i];
        cq_bytes cell = r->cell[r->shape->n_known + i];

        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), column->name);
        cq_buf_clear(&m->text);
        cq_model_fail(m, cql_type_text(column->type, &m->text));
        cq_json_member(j, CQ_KEY("type"), cq_buf_view(&m->text));
        cq_buf_clear(&m->text);
        if (!cq_is_null(cell)) cq_model_fail(m, cql_value_text(column->type, cell, &m->text));
        cq_json_member(j, CQ_KEY("value"), cq_is_null(cell) ? CQ_NULL : cq_buf_view(&m->text));
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}
