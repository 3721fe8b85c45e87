/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table and view options under their CQL names, alphabetically, with their types. An option is
 * there exactly where the server has the column; comment and id stand elsewhere in the record.
 */
#include "model/row.h"

enum how { TEXT, BOOLEAN, INTEGER, DOUBLE, CACHING, CLASS, BLOBS };

struct option {
    const char *name;
    enum how how;
    int table_slot, view_slot;
};

#define OPTION(name, how)                                                                          \
    {                                                                                              \
#name, how, CQ_TABLES_##name, CQ_VIEWS_##name                                              \
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

static void put_caching_member(struct cq_json *j, const char *key, cq_bytes map)
{
    cq_bytes value = cq_map_get(map, key);

    if (!cq_is_null(value)) cq_json_member_text(j, key, value);
}

/* {keys, rows_per_partition}; whatever else a server keeps there goes to options. */
static void put_caching(struct cq_model *m, cq_bytes map)
{
    static const char *const own[2] = {"keys", "rows_per_partition"};
    struct cq_json *j = &m->rec->json;
    struct cql_iter it;
    cq_bytes name, value;
    bool others = false;

    cq_json_key(j, "caching");
    if (cq_is_null(map)) {
        cq_json_null(j);
        return;
    }
    cql_iter_begin(&it, map);
    while (cql_iter_pair(&it, &name, &value))
        if (!cq_eq(name, cq_str(own[0])) && !cq_eq(name, cq_str(own[1]))) others = true;
    cq_json_open(j, '{');
    put_caching_member(j, own[0], map);
    put_caching_member(j, own[1], map);
    if (others) cq_put_pairs(m, "options", map, own, false);
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

void cq_put_options(struct cq_model *m, const struct cq_row *r)
{
    bool is_view = r->shape->table == CQ_T_VIEWS;

    cq_json_key(&m->rec->json, "options");
    cq_json_open(&m->rec->json, '{');
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int slot = is_view ? options[i].view_slot : options[i].table_slot;

        if (cq_row_has(r, slot)) put_option(m, &options[i], r, slot);
    }
    cq_json_close(&m->rec->json, '}');
}
