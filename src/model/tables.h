/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system tables that a crawl reads and the columns of them that the program knows, by name.
 * `SELECT *` is asked everywhere (peers aside); what a server sends is mapped to these slots by
 * name and type, and every column without a slot is passed on in `extra`. A new system table or
 * column is added here, in the model that writes it, and in a test: nowhere else. Column sets by
 * version: tests/data and docs/design.md.
 */
#ifndef CQ_MODEL_TABLES_H
#define CQ_MODEL_TABLES_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/bytes.h"

/* clang-format off */
#define CQ_COLS_LOCAL(X) X(key) X(bootstrapped) X(broadcast_address) X(broadcast_port) \
    X(cluster_name) X(cql_version) X(data_center) X(gossip_generation) X(host_id) \
    X(listen_address) X(listen_port) X(native_protocol_version) X(partitioner) X(rack) \
    X(release_version) X(rpc_address) X(rpc_port) X(schema_version) X(dse_version)
#define CQ_COLS_PEERS_V2(X) X(peer) X(peer_port) X(data_center) X(host_id) X(native_address) \
    X(native_port) X(preferred_ip) X(preferred_port) X(rack) X(release_version) X(schema_version)
#define CQ_COLS_PEERS(X) X(peer) X(data_center) X(host_id) X(preferred_ip) X(rack) \
    X(release_version) X(rpc_address) X(schema_version)
#define CQ_COLS_KEYSPACES(X) X(keyspace_name) X(durable_writes) X(replication)
#define CQ_COLS_OPTIONS(X) X(additional_write_policy) X(allow_auto_snapshot) \
    X(bloom_filter_fp_chance) X(caching) X(cdc) X(comment) X(compaction) X(compression) \
    X(crc_check_chance) X(dclocal_read_repair_chance) X(default_time_to_live) X(extensions) \
    X(gc_grace_seconds) X(id) X(incremental_backups) X(max_index_interval) X(memtable) \
    X(memtable_flush_period_in_ms) X(min_index_interval) X(read_repair) X(read_repair_chance) \
    X(speculative_retry)
#define CQ_COLS_TABLES(X) X(keyspace_name) X(table_name) CQ_COLS_OPTIONS(X) X(flags)
#define CQ_COLS_VIEWS(X) X(keyspace_name) X(view_name) CQ_COLS_OPTIONS(X) X(base_table_id) \
    X(base_table_name) X(include_all_columns) X(where_clause)
#define CQ_COLS_COLUMNS(X) X(keyspace_name) X(table_name) X(column_name) X(clustering_order) \
    X(column_name_bytes) X(kind) X(position) X(type)
#define CQ_COLS_TYPES(X) X(keyspace_name) X(type_name) X(field_names) X(field_types)
#define CQ_COLS_INDEXES(X) X(keyspace_name) X(table_name) X(index_name) X(kind) X(options)
#define CQ_COLS_FUNCTIONS(X) X(keyspace_name) X(function_name) X(argument_types) \
    X(argument_names) X(body) X(called_on_null_input) X(language) X(return_type)
#define CQ_COLS_AGGREGATES(X) X(keyspace_name) X(aggregate_name) X(argument_types) \
    X(final_func) X(initcond) X(return_type) X(state_func) X(state_type)
#define CQ_COLS_TRIGGERS(X) X(keyspace_name) X(table_name) X(trigger_name) X(options)
#define CQ_COLS_DROPPED(X) X(keyspace_name) X(table_name) X(column_name) X(dropped_time) X(kind) \
    X(type)
#define CQ_COLS_MASKS(X) X(keyspace_name) X(table_name) X(column_name) \
    X(function_argument_nulls) X(function_argument_types) X(function_argument_values) \
    X(function_keyspace) X(function_name)
#define CQ_COLS_VKEYSPACES(X) X(keyspace_name)
#define CQ_COLS_VTABLES(X) X(keyspace_name) X(table_name) X(comment)

/*   slot prefix  full name                  columns               required for a complete read */
#define CQ_TABLES(X) \
    X(LOCAL,      "system.local",                    CQ_COLS_LOCAL,        true)  \
    X(PEERS_V2,   "system.peers_v2",                 CQ_COLS_PEERS_V2,     false) \
    X(PEERS,      "system.peers",                    CQ_COLS_PEERS,        false) \
    X(KEYSPACES,  "system_schema.keyspaces",         CQ_COLS_KEYSPACES,    true)  \
    X(TABLES,     "system_schema.tables",            CQ_COLS_TABLES,       true)  \
    X(COLUMNS,    "system_schema.columns",           CQ_COLS_COLUMNS,      true)  \
    X(TYPES,      "system_schema.types",             CQ_COLS_TYPES,        false) \
    X(VIEWS,      "system_schema.views",             CQ_COLS_VIEWS,        false) \
    X(INDEXES,    "system_schema.indexes",           CQ_COLS_INDEXES,      false) \
    X(FUNCTIONS,  "system_schema.functions",         CQ_COLS_FUNCTIONS,    false) \
    X(AGGREGATES, "system_schema.aggregates",        CQ_COLS_AGGREGATES,   false) \
    X(TRIGGERS,   "system_schema.triggers",          CQ_COLS_TRIGGERS,     false) \
    X(DROPPED,    "system_schema.dropped_columns",   CQ_COLS_DROPPED,      false) \
    X(MASKS,      "system_schema.column_masks",      CQ_COLS_MASKS,        false) \
    X(VKEYSPACES, "system_virtual_schema.keyspaces", CQ_COLS_VKEYSPACES,   false) \
    X(VTABLES,    "system_virtual_schema.tables",    CQ_COLS_VTABLES,      false) \
    X(VCOLUMNS,   "system_virtual_schema.columns",   CQ_COLS_COLUMNS,      false)
/* clang-format on */

enum cq_table {
#define CQ_TABLE_ENUM(slot, name, cols, required) CQ_T_##slot,
    CQ_TABLES(CQ_TABLE_ENUM)
#undef CQ_TABLE_ENUM
        CQ_N_TABLES
};

#define CQ_SLOT_LOCAL_(c) CQ_LOCAL_##c,
#define CQ_SLOT_PEERS_V2_(c) CQ_PEERS_V2_##c,
#define CQ_SLOT_PEERS_(c) CQ_PEERS_##c,
#define CQ_SLOT_KEYSPACES_(c) CQ_KEYSPACES_##c,
#define CQ_SLOT_TABLES_(c) CQ_TABLES_##c,
#define CQ_SLOT_VIEWS_(c) CQ_VIEWS_##c,
#define CQ_SLOT_COLUMNS_(c) CQ_COLUMNS_##c,
#define CQ_SLOT_TYPES_(c) CQ_TYPES_##c,
#define CQ_SLOT_INDEXES_(c) CQ_INDEXES_##c,
#define CQ_SLOT_FUNCTIONS_(c) CQ_FUNCTIONS_##c,
#define CQ_SLOT_AGGREGATES_(c) CQ_AGGREGATES_##c,
#define CQ_SLOT_TRIGGERS_(c) CQ_TRIGGERS_##c,
#define CQ_SLOT_DROPPED_(c) CQ_DROPPED_##c,
#define CQ_SLOT_MASKS_(c) CQ_MASKS_##c,
#define CQ_SLOT_VKEYSPACES_(c) CQ_VKEYSPACES_##c,
#define CQ_SLOT_VTABLES_(c) CQ_VTABLES_##c,

/* Slots: CQ_TABLES_comment is the slot of system_schema.tables.comment. Tables and views share the
 * option slots' order but not their numbers. VCOLUMNS uses the slots of COLUMNS. */
enum cq_local_slot { CQ_COLS_LOCAL(CQ_SLOT_LOCAL_) CQ_LOCAL_N };
enum cq_peers_v2_slot { CQ_COLS_PEERS_V2(CQ_SLOT_PEERS_V2_) CQ_PEERS_V2_N };
enum cq_peers_slot { CQ_COLS_PEERS(CQ_SLOT_PEERS_) CQ_PEERS_N };
enum cq_keyspaces_slot { CQ_COLS_KEYSPACES(CQ_SLOT_KEYSPACES_) CQ_KEYSPACES_N };
enum cq_tables_slot { CQ_COLS_TABLES(CQ_SLOT_TABLES_) CQ_TABLES_N };
enum cq_views_slot { CQ_COLS_VIEWS(CQ_SLOT_VIEWS_) CQ_VIEWS_N };
enum cq_columns_slot { CQ_COLS_COLUMNS(CQ_SLOT_COLUMNS_) CQ_COLUMNS_N };
enum cq_types_slot { CQ_COLS_TYPES(CQ_SLOT_TYPES_) CQ_TYPES_N };
enum cq_indexes_slot { CQ_COLS_INDEXES(CQ_SLOT_INDEXES_) CQ_INDEXES_N };
enum cq_functions_slot { CQ_COLS_FUNCTIONS(CQ_SLOT_FUNCTIONS_) CQ_FUNCTIONS_N };
enum cq_aggregates_slot { CQ_COLS_AGGREGATES(CQ_SLOT_AGGREGATES_) CQ_AGGREGATES_N };
enum cq_triggers_slot { CQ_COLS_TRIGGERS(CQ_SLOT_TRIGGERS_) CQ_TRIGGERS_N };
enum cq_dropped_slot { CQ_COLS_DROPPED(CQ_SLOT_DROPPED_) CQ_DROPPED_N };
enum cq_masks_slot { CQ_COLS_MASKS(CQ_SLOT_MASKS_) CQ_MASKS_N };
enum cq_vkeyspaces_slot { CQ_COLS_VKEYSPACES(CQ_SLOT_VKEYSPACES_) CQ_VKEYSPACES_N };
enum cq_vtables_slot { CQ_COLS_VTABLES(CQ_SLOT_VTABLES_) CQ_VTABLES_N };

enum { CQ_MAX_KNOWN_COLUMNS = 40, CQ_MAX_CELLS = CQ_MAX_KNOWN_COLUMNS + CQ_MAX_RESULT_COLUMNS };

struct cq_table_info {
    const char *name;           /* "system_schema.tables" */
    const char *const *columns; /* known names in slot order */
    int n_columns;
    bool required;
};

const struct cq_table_info *cq_table_info(enum cq_table t);

/*
 * How the rows of one result are laid out: filled from the metadata of the first page, the same for
 * all pages of that table. A row is cq_shape_cells cells in slot order: known columns at their
 * slots (null where the server did not send one), the others behind them (n_known + i = extra[i]).
 * cql_rows_next_cells takes rows apart like that.
 */
struct cq_extra_column {
    cq_bytes name;
    cq_bytes type; /* raw [option] */
};

struct cq_shape {
    enum cq_table table;
    uint32_t n_columns; /* of the result */
    int16_t slot[CQ_MAX_RESULT_COLUMNS];
    bool is_straight;     /* slot[i] == i everywhere */
    uint64_t present;     /* bit s: the server sent known column s */
    uint64_t lists, maps; /* of them */
    uint32_t n_known;
    uint32_t n_extra;
    const struct cq_extra_column *extra; /* owner: the crawl's arena */
};

/* Of one row, at most CQ_MAX_CELLS. */
static inline uint32_t cq_shape_cells(const struct cq_shape *s)
{
    return s->n_known + s->n_extra;
}

/* The slots as cql_rows_next_cells wants them. */
static inline const int16_t *cq_shape_slots(const struct cq_shape *s)
{
    return s->is_straight ? NULL : s->slot;
}

static inline bool cq_has(const struct cq_shape *s, int slot)
{
    return (s->present >> slot & 1) != 0;
}

/*
 * begin, then one add per column of the result in its order. A column counts as known where its
 * name and its type are as expected; a known name with another type goes to extra, so that nothing
 * is misread. Names and types of extra columns are copied into the arena. add: 0, CQ_ENOMEM,
 * CQ_ETOO_MANY (more than n_columns or CQ_MAX_RESULT_COLUMNS).
 */
void cq_shape_begin(struct cq_shape *s, enum cq_table table, uint32_t n_columns);
int cq_shape_add(struct cq_shape *s, uint32_t i, cq_bytes name, cq_bytes type, struct cq_arena *a);

#endif
