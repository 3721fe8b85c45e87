/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children of a table that have a name and a map of options: secondary indexes of all kinds, and
 * triggers with them; dropped columns. A row without class or target is written with nulls.
 */
#include "model/row.h"

#include <stdio.h>

#include "model/sort.h"

static bool is_word(cq_bytes text, const char *lower)
{
    size_t i = 0;

    for (; i < text.n && lower[i]; i++) {
        uint8_t c = text.p[i];

        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c + 'a' - 'A');
        if (c != (uint8_t)lower[i]) return false;
    }
    return i == text.n && !lower[i];
}

/* "2i", "sai", "sasi", NULL: by kind, or by the last part of the class, which stays as it was typed
 * (an alias, a short name, a full one). */
static const char *using_of(cq_bytes kind, cq_bytes class)
{
    size_t at = class.n;

    if (cq_eq(kind, CQ_LIT("KEYS")) || cq_eq(kind, CQ_LIT("COMPOSITES"))) return "2i";
    while (at > 0 && class.p[at - 1] != '.')
        at--;
    class = (cq_bytes){class.p + at, class.n - at};
    if (is_word(class, "storageattachedindex") || is_word(class, "sai")) return "sai";
    if (is_word(class, "sasiindex") || is_word(class, "sasi")) return "sasi";
    if (is_word(class, "legacy_local_table")) return "2i";
    return NULL;
}

static void put_index(struct cq_model *m, const struct cq_row *r)
{
    static const char *const own[2] = {"target", "class_name"};
    struct cq_json *j = &m->rec->json;
    cq_bytes options = r->cell[CQ_INDEXES_options];
    cq_bytes target = cq_map_get(options, own[0]);
    cq_bytes class = cq_map_get(options, own[1]);

    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("name"), r->cell[CQ_INDEXES_index_name]);
    cq_put_text(j, CQ_KEY("kind"), r, CQ_INDEXES_kind);
    cq_json_member(j, CQ_KEY("target"), target);
    cq_json_member(j, CQ_KEY("class"), class);
    cq_json_name(j, CQ_KEY("using"));
    cq_json_text(j, cq_str(using_of(r->cell[CQ_INDEXES_kind], class)));
    cq_put_target_columns(m, CQ_KEY("columns"), target);
    cq_put_pairs(m, CQ_KEY("options"), options, own, false);
    cq_put_extra(m, r, false);
    cq_json_close(j, '}');
}

void cq_put_indexes(struct cq_model *m, const struct cq_rowset *indexes)
{
    struct cq_row r;

    if (!indexes->shape) return;
    if (indexes->n == 0) {
        cq_json_splice(&m->rec->json, CQ_LIT("\"indexes\":[]"));
        return;
    }
    cq_json_name(&m->rec->json, CQ_KEY("indexes"));
    cq_json_open(&m->rec->json, '[');
    for (size_t i = 0; i < indexes->n; i++) {
        r = cq_row_of(indexes, i);
        put_index(m, &r);
    }
    cq_json_close(&m->rec->json, ']');
}

static int by_bytes(const void *a, const void *b)
{
    const cq_bytes *x = a, *y = b;

    return cq_cmp(*x, *y);
}

void cq_structure_indexes(struct cq_model *m, struct cq_json *j, const struct cq_rowset *indexes)
{
    const cq_bytes *targets;
    struct cq_row r;
    size_t n;

    cq_buf_clear(&m->items);
    for (size_t i = 0; i < indexes->n; i++) {
        cq_bytes target;

        r = cq_row_of(indexes, i);
        target = cq_map_get(r.cell[CQ_INDEXES_options], "target");
        if (!cq_is_null(target)) cq_buf_put(&m->items, &target, sizeof(target));
    }
    cq_model_fail(m, m->items.err);
    n = m->items.n / sizeof(*targets);
    cq_sort(m->items.p, n, sizeof(*targets), by_bytes);
    targets = (const cq_bytes *)(const void *)m->items.p;
    cq_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        cq_json_text(j, targets[i]);
    cq_json_close(j, ']');
}

static void put_trigger(struct cq_model *m, const struct cq_row *r)
{
    static const char *const own[2] = {"class", NULL};
    struct cq_json *j = &m->rec->json;
    cq_bytes options = r->cell[CQ_TRIGGERS_options];

    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("name"), r->cell[CQ_TRIGGERS_trigger_name]);
    cq_json_member(j, CQ_KEY("class"), cq_map_get(options, own[0]));
    cq_put_pairs(m, CQ_KEY("options"), options, own, false);
    cq_put_extra(m, r, false);
    cq_json_close(j, '}');
}

void cq_put_triggers(struct cq_model *m, const struct cq_rowset *triggers)
{
    struct cq_row r;

    if (!triggers->shape) return;
    if (triggers->n == 0) {
        cq_json_splice(&m->rec->json, CQ_LIT("\"triggers\":[]"));
        return;
    }
    cq_json_name(&m->rec->json, CQ_KEY("triggers"));
    cq_json_open(&m->rec->json, '[');
    for (size_t i = 0; i < triggers->n; i++) {
        r = cq_row_of(triggers, i);
        put_trigger(m, &r);
    }
    cq_json_close(&m->rec->json, ']');
}

/* When it was dropped differs between clusters with the same schema: not part of the hash. The raw
 * number (milliseconds) is kept, for servers write some that no calendar has. */
static void put_dropped_at(struct cq_json *j, cq_bytes cell)
{
    char text[25], raw[24];
    int64_t ms;
    bool known = cql_get_bigint(cell, &ms);

    cq_json_mute_begin(j);
    cq_json_name(j, CQ_KEY("dropped_at"));
    cq_json_text(j, known && cq_rfc3339(ms, text) ? cq_str(text) : CQ_NULL);
    if (known) snprintf(raw, sizeof(raw), "%lld", (long long)ms);
    cq_json_name(j, CQ_KEY("dropped_at_raw"));
    cq_json_text(j, known ? cq_str(raw) : CQ_NULL);
    cq_json_mute_end(j);
}

void cq_put_dropped(struct cq_model *m, const struct cq_rowset *dropped)
{
    struct cq_json *j = &m->rec->json;
    struct cq_row r;

    if (!dropped->shape) return;
    if (dropped->n == 0) {
        cq_json_splice(&m->rec->json, CQ_LIT("\"dropped_columns\":[]"));
        return;
    }
    cq_json_name(j, CQ_KEY("dropped_columns"));
    cq_json_open(j, '[');
    for (size_t i = 0; i < dropped->n; i++) {
        r = cq_row_of(dropped, i);
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), r.cell[CQ_DROPPED_column_name]);
        cq_put_text(j, CQ_KEY("type"), &r, CQ_DROPPED_type);
        cq_put_text(j, CQ_KEY("kind"), &r, CQ_DROPPED_kind);
        if (cq_has(dropped->shape, CQ_DROPPED_dropped_time)) {
            put_dropped_at(j, r.cell[CQ_DROPPED_dropped_time]);
        }
        cq_put_extra(m, &r, false);
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}
