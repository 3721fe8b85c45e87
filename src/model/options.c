/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table and view options under their CQL names, alphabetically, with their types, and in front of
 * them a table's flags. An option is there exactly where the server has the column; comment and id
 * stand elsewhere in the record. Most tables of a cluster have the same ones: they are made once
 * (model/memo.h).
 */
#include "model/row.h"

#include <assert.h>

enum how { TEXT, BOOLEAN, INTEGER, DOUBLE, CACHING, CLASS, BLOBS };

struct option {
    struct cq_json_key name;
    enum how how;
    int table_slot, view_slot;
};

#define OPTION(name, how)                                                                          \
    {                                                                                              \
        CQ_KEY_INIT(#name), how, CQ_TABLES_##name, CQ_VIEWS_##name                                 \
    }

static const struct option options[] = {
    OPTION(additional_write_policy, TEXT),
    OPTION(allow_auto_snapshot, BOOLEAN),
    OPTION(bloom_filter_fp_chance, DOUBLE),
    OPTION(caching, CACHING),
    OPTION(cdc, BOOLEAN),
    OPTION(compaction, CLASS),
    OPTION(compression, CLASS),
    OPTION(crc_check_chance, DOUBLE),
    OPTION(dclocal_read_repair_chance, DOUBLE),
    OPTION(default_time_to_live, INTEGER),
    OPTION(extensions, BLOBS),
    OPTION(gc_grace_seconds, INTEGER),
    OPTION(incremental_backups, BOOLEAN),
    OPTION(max_index_interval, INTEGER),
    OPTION(memtable, TEXT),
    OPTION(memtable_flush_period_in_ms, INTEGER),
    OPTION(min_index_interval, INTEGER),
    OPTION(read_repair, TEXT),
    OPTION(read_repair_chance, DOUBLE),
    OPTION(speculative_retry, TEXT),
};

static void put_caching_member(struct cq_json *j, struct cq_json_key key, cq_bytes value)
{
    if (!cq_is_null(value)) cq_json_member(j, key, value);
}

/* {keys, rows_per_partition}; whatever else a server keeps there goes to options. */
static void put_caching(struct cq_model *m, cq_bytes map)
{
    static const char *const own[2] = {"keys", "rows_per_partition"};
    struct cq_json *j = &m->rec->json;
    struct cql_iter it;
    cq_bytes name, value;
    bool others = false;

    cq_json_name(j, CQ_KEY("caching"));
    if (cq_is_null(map)) {
        cq_json_null(j);
        return;
    }
    cql_iter_begin(&it, map);
    while (cql_iter_pair(&it, &name, &value))
        if (!cq_eq(name, cq_str(own[0])) && !cq_eq(name, cq_str(own[1]))) others = true;
    cq_json_open(j, '{');
    put_caching_member(j, CQ_KEY("keys"), cq_map_get(map, own[0]));
    put_caching_member(j, CQ_KEY("rows_per_partition"), cq_map_get(map, own[1]));
    if (others) cq_put_pairs(m, CQ_KEY("options"), map, own, false);
    cq_json_close(j, '}');
}

static void put_option(struct cq_model *m, const struct option *o, const struct cq_row *r, int slot)
{
    static const char *const all[2] = {NULL, NULL};
    struct cq_json *j = &m->rec->json;

    switch (o->how) {
    case TEXT:
        cq_put_text(j, o->name, r, slot);
        break;
    case BOOLEAN:
        cq_put_bool(j, o->name, r, slot);
        break;
    case INTEGER:
        cq_put_int(j, o->name, r, slot);
        break;
    case DOUBLE:
        cq_put_double(j, o->name, r, slot);
        break;
    case CACHING:
        put_caching(m, r->cell[slot]);
        break;
    case CLASS: /* compression named its class sstable_compression before 3.0 */
        cq_put_class(m, o->name, r->cell[slot], "class", "sstable_compression");
        break;
    case BLOBS:
        cq_put_pairs(m, o->name, r->cell[slot], all, true);
        break;
    }
}

enum { N_OPTIONS = sizeof(options) / sizeof(options[0]) };

static int slot_of(const struct option *o, bool is_view)
{
    return is_view ? o->view_slot : o->table_slot;
}

/* In the order of the slots, the same for tables and views, without comment and id. */
static void gather(const cq_bytes *cell, cq_bytes *to)
{
    enum {
        FIRST = CQ_TABLES_additional_write_policy,
        AFTER = CQ_TABLES_speculative_retry + 1,
        BEFORE_COMMENT = CQ_TABLES_comment - FIRST,
        BEFORE_ID = CQ_TABLES_id - FIRST,
    };

    static_assert(AFTER - FIRST - 2 == N_OPTIONS && (int)N_OPTIONS < (int)CQ_MEMO_MAX_CELLS,
                  "all options, and nothing else, are what a memo's key has");
    memcpy(to, cell, BEFORE_COMMENT * sizeof(*to));
    to += BEFORE_COMMENT;
    memcpy(to, cell + BEFORE_COMMENT + 1, (BEFORE_ID - BEFORE_COMMENT - 1) * sizeof(*to));
    to += BEFORE_ID - BEFORE_COMMENT - 1;
    memcpy(to, cell + BEFORE_ID + 1, (AFTER - FIRST - BEFORE_ID - 1) * sizeof(*to));
}

/* Of what tables differ in, where they do. */
static uint64_t hash_of(const struct cq_row *r, bool is_view)
{
    int ttl = is_view ? CQ_VIEWS_default_time_to_live : CQ_TABLES_default_time_to_live;
    int grace = is_view ? CQ_VIEWS_gc_grace_seconds : CQ_TABLES_gc_grace_seconds;
    int compaction = is_view ? CQ_VIEWS_compaction : CQ_TABLES_compaction;
    int32_t seconds = 0, kept = 0;

    (void)cql_get_int(r->cell[ttl], &seconds);
    (void)cql_get_int(r->cell[grace], &kept);
    return (uint32_t)seconds + ((uint64_t)(uint32_t)kept << 32) + r->cell[compaction].n;
}

/* What was found for the table before, which has the same. */
static bool are_known(const struct cq_model *m, uint32_t alike, struct cq_options *o)
{
    o->found.json = m->options;
    return alike && m->alike == alike && m->memo && m->kept == m->memo->kept;
}

void cq_options_find(struct cq_model *m, const struct cq_row *r, uint32_t alike,
                     struct cq_options *o)
{
    bool is_view = r->shape->table == CQ_T_VIEWS;
    int first = is_view ? CQ_VIEWS_additional_write_policy : CQ_TABLES_additional_write_policy;

    if (are_known(m, alike, o)) return;
    m->alike = 0;
    gather(r->cell + first, o->cells);
    o->cells[N_OPTIONS] = is_view ? CQ_NULL : r->cell[CQ_TABLES_flags];
    o->key = (struct cq_memo_key){.shape = r->shape->present | UINT64_C(1) << (is_view ? 63 : 62),
                                  .cells = o->cells,
                                  .n = N_OPTIONS + 1,
                                  .hash = hash_of(r, is_view)};
    o->found.json = CQ_NULL;
    if (!cq_memo_find(m->memo, CQ_MEMO_OPTIONS, &o->key, &o->found)) return;
    m->alike = alike;
    m->kept = m->memo->kept;
    m->options = o->found.json;
}

void cq_put_options(struct cq_model *m, const struct cq_row *r, const struct cq_options *o)
{
    bool is_view = r->shape->table == CQ_T_VIEWS;
    struct cq_json *j = &m->rec->json;
    size_t mark = cq_json_mark(j);
    struct cq_memo_found made;

    if (!cq_is_null(o->found.json)) {
        cq_json_splice(j, o->found.json);
        return;
    }
    if (!is_view) cq_put_texts(j, CQ_KEY("flags"), CQ_KEY("flags_base64"), r, CQ_TABLES_flags);
    cq_json_name(j, CQ_KEY("options"));
    cq_json_open(j, '{');
    for (size_t i = 0; i < N_OPTIONS; i++) {
        int slot = slot_of(&options[i], is_view);

        if (cq_row_has(r, slot)) put_option(m, &options[i], r, slot);
    }
    cq_json_close(j, '}');
    if (j->out->err) return;
    made = (struct cq_memo_found){.json = cq_json_since(j, mark), .structure = CQ_LIT("")};
    cq_memo_keep(m->memo, CQ_MEMO_OPTIONS, &o->key, &made);
}
