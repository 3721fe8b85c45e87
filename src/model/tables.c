/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of model/tables.h as data, and shapes. The type that a known column must have follows
 * from its name, the same in every system table (protocol.md 2.2, columns.md): whatever is not
 * listed in `types` is text.
 */
#include "model/tables.h"

#include "base/err.h"
#include "proto/cql.h"
#include "proto/type.h"

#define NAME(c) #c,
#define NAMES(slot, name, cols, required) static const char *const names_##slot[] = {cols(NAME)};
CQ_TABLES(NAMES)

#define INFO(slot, name, cols, required)                                                           \
    {name, names_##slot, (int)(sizeof(names_##slot) / sizeof(names_##slot[0])), required},

static const struct cq_table_info infos[CQ_N_TABLES] = {CQ_TABLES(INFO)};

const struct cq_table_info *cq_table_info(enum cq_table t)
{
    return &infos[t];
}

/* id, and of a collection the ids of what is in it; CQL_TYPE_VARCHAR stands for ascii and text too.
 */
struct column_type {
    const char *name;
    size_t n;
    uint16_t id, first, second;
};

#define TYPE(name, id, first, second)                                                              \
    {                                                                                              \
#name, sizeof(#name) - 1, id, first, second                                                \
    }
#define IS(name, id) TYPE(name, CQL_TYPE_##id, 0, 0)
#define OF(name, id, first) TYPE(name, CQL_TYPE_##id, CQL_TYPE_##first, 0)
#define MAP(name, value) TYPE(name, CQL_TYPE_MAP, CQL_TYPE_VARCHAR, CQL_TYPE_##value)

/* clang-format off */
static const struct column_type types[] = {
    IS(allow_auto_snapshot, BOOLEAN), OF(argument_names, LIST, VARCHAR),
    OF(argument_types, LIST, VARCHAR), IS(base_table_id, UUID), IS(bloom_filter_fp_chance, DOUBLE),
    IS(broadcast_address, INET), IS(broadcast_port, INT), MAP(caching, VARCHAR),
    IS(called_on_null_input, BOOLEAN), IS(cdc, BOOLEAN), IS(column_name_bytes, BLOB),
    MAP(compaction, VARCHAR), MAP(compression, VARCHAR), IS(crc_check_chance, DOUBLE),
    IS(dclocal_read_repair_chance, DOUBLE), IS(default_time_to_live, INT),
    IS(dropped_time, TIMESTAMP), IS(durable_writes, BOOLEAN), MAP(extensions, BLOB),
    OF(field_names, LIST, VARCHAR), OF(field_types, LIST, VARCHAR), OF(flags, SET, VARCHAR),
    OF(function_argument_nulls, LIST, BOOLEAN), OF(function_argument_types, LIST, VARCHAR),
    OF(function_argument_values, LIST, VARCHAR), IS(gc_grace_seconds, INT),
    IS(gossip_generation, INT), IS(host_id, UUID), IS(id, UUID), IS(include_all_columns, BOOLEAN),
    IS(incremental_backups, BOOLEAN), IS(listen_address, INET), IS(listen_port, INT),
    IS(max_index_interval, INT), IS(memtable_flush_period_in_ms, INT), IS(min_index_interval, INT),
    IS(native_address, INET), IS(native_port, INT), MAP(options, VARCHAR), IS(peer, INET),
    IS(peer_port, INT), IS(position, INT), IS(preferred_ip, INET), IS(preferred_port, INT),
    IS(read_repair_chance, DOUBLE), MAP(replication, VARCHAR), IS(rpc_address, INET),
    IS(rpc_port, INT), IS(schema_version, UUID),
};
/* clang-format on */

static bool is_type(cq_bytes option, uint16_t want)
{
    int id = cql_type_id(option);

    if (want == CQL_TYPE_VARCHAR) {
        return id == CQL_TYPE_VARCHAR || id == CQL_TYPE_TEXT || id == CQL_TYPE_ASCII;
    }
    return id == want || (want == CQL_TYPE_UUID && id == CQL_TYPE_TIMEUUID);
}

static bool fits(const struct column_type *want, cq_bytes option)
{
    uint16_t inner[2] = {want->first, want->second};

    if (option.n < 2 || !is_type(option, want->id)) return false;
    for (size_t i = 0; i < 2 && inner[i]; i++) {
        if (option.n < 4 + 2 * i) return false;
        if (!is_type((cq_bytes){option.p + 2 + 2 * i, 2}, inner[i])) return false;
    }
    return true;
}

static bool is_expected(cq_bytes name, cq_bytes option)
{
    static const struct column_type text = {"", 0, CQL_TYPE_VARCHAR, 0, 0};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (name.n != types[i].n || memcmp(name.p, types[i].name, name.n) != 0) continue;
        return fits(&types[i], option);
    }
    return fits(&text, option);
}

void cq_shape_begin(struct cq_shape *s, enum cq_table table, uint32_t n_columns)
{
    *s = (struct cq_shape){.table = table,
                           .n_columns = n_columns,
                           .is_straight = true,
                           .n_known = (uint32_t)infos[table].n_columns};
}

static int find_slot(const struct cq_shape *s, cq_bytes name, cq_bytes type)
{
    const struct cq_table_info *info = &infos[s->table];
    int n = info->n_columns, i = s->present ? 63 - __builtin_clzll(s->present) : n - 1;

    for (int k = 0; k < n; k++) { /* columns come in order: the one behind the last is likely */
        const char *column;

        i = i + 1 < n ? i + 1 : 0;
        column = info->columns[i];
        if (!name.n || name.p[0] != (uint8_t)column[0] || !cq_eq(name, cq_str(column))) continue;
        return !cq_has(s, i) && is_expected(name, type) ? i : -1;
    }
    return -1;
}

int cq_shape_add(struct cq_shape *s, uint32_t i, cq_bytes name, cq_bytes type, struct cq_arena *a)
{
    struct cq_extra_column *extra;
    int slot;

    if (s->n_columns > CQ_MAX_RESULT_COLUMNS || i >= s->n_columns) return CQ_ETOO_MANY;
    slot = find_slot(s, name, type);
    s->slot[i] = (int16_t)(slot >= 0 ? slot : (int)cq_shape_cells(s));
    if (s->slot[i] != (int)i) s->is_straight = false;
    if (slot >= 0) {
        s->present |= UINT64_C(1) << slot;
        if (is_type(type, CQL_TYPE_MAP)) s->maps |= UINT64_C(1) << slot;
        if (is_type(type, CQL_TYPE_LIST) || is_type(type, CQL_TYPE_SET))
            s->lists |= UINT64_C(1) << slot;
        return 0;
    }
    extra = (struct cq_extra_column *)s->extra;
    if (!extra) extra = cq_arena_alloc(a, (s->n_columns - i) * sizeof(*extra));
    if (!extra) return CQ_ENOMEM;
    s->extra = extra;
    extra += s->n_extra++;
    extra->name = cq_arena_dup(a, name);
    extra->type = cq_arena_dup(a, type);
    return extra->name.p && extra->type.p ? 0 : CQ_ENOMEM;
}
