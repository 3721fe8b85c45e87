/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of releases and of system tables.
 *
 * Columns are written as "name:type" in the order of SELECT *, with "@since" or "@since-until"
 * where not every release has the column. Types: s varchar, i int, b boolean, d double, u uuid, n
 * inet, x blob, t timestamp, M map<varchar,varchar>, X map<varchar,blob>, U map<uuid,blob>, S
 * set<varchar>, L list<varchar>, O list<boolean>. Releases: 30 311 40 41 50.
 */
#include "sim/release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cqsim_release releases[] = {
    {CQSIM_30, "3.0", "3.0.31", "3.4.0", "4", 4, false, "",
     "the lowest supported version is 3 and the greatest is 4"},
    {CQSIM_311, "3.11", "3.11.19", "3.4.4", "4", 5, true, "3/v3 4/v4 5/v5-beta",
     "supported versions are (3/v3, 4/v4, 5/v5-beta)"},
    {CQSIM_40, "4.0", "4.0.19", "3.4.5", "5", 5, false, "3/v3 4/v4 5/v5 6/v6-beta",
     "supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)"},
    {CQSIM_41, "4.1", "4.1.10", "3.4.6", "5", 5, false, "3/v3 4/v4 5/v5 6/v6-beta",
     "supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)"},
    {CQSIM_50, "5.0", "5.0.9", "3.4.7", "5", 5, false, "3/v3 4/v4 5/v5 6/v6-beta",
     "supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)"},
};

#define OPTIONS_TO_COMPRESSION                                                                     \
    "bloom_filter_fp_chance:d caching:M cdc:b@311 comment:s compaction:M compression:M "           \
    "crc_check_chance:d dclocal_read_repair_chance:d default_time_to_live:i extensions:X "
#define OPTIONS_MEMTABLE "memtable:s@41 memtable_flush_period_in_ms:i min_index_interval:i "
#define OPTIONS_END "read_repair:s@40 read_repair_chance:d speculative_retry:s "
#define COLUMNS                                                                                    \
    "keyspace_name:s table_name:s column_name:s clustering_order:s column_name_bytes:x kind:s "    \
    "position:i type:s"

static const struct {
    const char *keyspace, *name;
    unsigned since, n_clustering;
    const char *columns;
} tables[] = {
    {"system", "local", 30, 0,
     "key:s bootstrapped:s broadcast_address:n broadcast_port:i@40 cluster_name:s cql_version:s "
     "data_center:s gossip_generation:i host_id:u listen_address:n listen_port:i@40 "
     "native_protocol_version:s partitioner:s rack:s release_version:s rpc_address:n "
     "rpc_port:i@40 schema_version:u thrift_version:s@30-311 tokens:S truncated_at:U"},
    {"system", "peers", 30, 0,
     "peer:n data_center:s host_id:u preferred_ip:n rack:s release_version:s rpc_address:n "
     "schema_version:u tokens:S"},
    {"system", "peers_v2", 40, 1,
     "peer:n peer_port:i data_center:s host_id:u native_address:n native_port:i preferred_ip:n "
     "preferred_port:i rack:s release_version:s schema_version:u tokens:S"},
    {"system_schema", "keyspaces", 30, 0, "keyspace_name:s durable_writes:b replication:M"},
    {"system_schema", "tables", 30, 1,
     "keyspace_name:s table_name:s additional_write_policy:s@40 "
     "allow_auto_snapshot:b@50 " OPTIONS_TO_COMPRESSION
     "flags:S gc_grace_seconds:i id:u incremental_backups:b@50 "
     "max_index_interval:i " OPTIONS_MEMTABLE OPTIONS_END},
    {"system_schema", "columns", 30, 2, COLUMNS},
    {"system_schema", "types", 30, 1, "keyspace_name:s type_name:s field_names:L field_types:L"},
    {"system_schema", "views", 30, 1,
     "keyspace_name:s view_name:s additional_write_policy:s@40 allow_auto_snapshot:b@50 "
     "base_table_id:u base_table_name:s " OPTIONS_TO_COMPRESSION
     "gc_grace_seconds:i id:u include_all_columns:b incremental_backups:b@50 "
     "max_index_interval:i " OPTIONS_MEMTABLE OPTIONS_END "where_clause:s"},
    {"system_schema", "indexes", 30, 2,
     "keyspace_name:s table_name:s index_name:s kind:s options:M"},
    {"system_schema", "functions", 30, 2,
     "keyspace_name:s function_name:s argument_types:L argument_names:L body:s "
     "called_on_null_input:b language:s return_type:s"},
    {"system_schema", "aggregates", 30, 2,
     "keyspace_name:s aggregate_name:s argument_types:L final_func:s initcond:s return_type:s "
     "state_func:s state_type:s"},
    {"system_schema", "triggers", 30, 2, "keyspace_name:s table_name:s trigger_name:s options:M"},
    {"system_schema", "dropped_columns", 30, 2,
     "keyspace_name:s table_name:s column_name:s dropped_time:t kind:s type:s"},
    {"system_schema", "column_masks", 50, 2,
     "keyspace_name:s table_name:s column_name:s function_argument_nulls:O "
     "function_argument_types:L function_argument_values:L function_keyspace:s function_name:s"},
    {"system_virtual_schema", "keyspaces", 40, 0, "keyspace_name:s"},
    {"system_virtual_schema", "tables", 40, 1, "keyspace_name:s table_name:s comment:s"},
    {"system_virtual_schema", "columns", 40, 2, COLUMNS},
};

static const struct {
    char letter;
    uint8_t n;
    uint8_t option[6];
} types[] = {
    {'s', 2, {0, 0x0d}},
    {'i', 2, {0, 0x09}},
    {'b', 2, {0, 0x04}},
    {'d', 2, {0, 0x07}},
    {'u', 2, {0, 0x0c}},
    {'n', 2, {0, 0x10}},
    {'x', 2, {0, 0x03}},
    {'t', 2, {0, 0x0b}},
    {'M', 6, {0, 0x21, 0, 0x0d, 0, 0x0d}},
    {'X', 6, {0, 0x21, 0, 0x0d, 0, 0x03}},
    {'U', 6, {0, 0x21, 0, 0x0c, 0, 0x03}},
    {'S', 4, {0, 0x22, 0, 0x0d}},
    {'L', 4, {0, 0x20, 0, 0x0d}},
    {'O', 4, {0, 0x20, 0, 0x04}},
};

const struct cqsim_release *cqsim_release_find(const char *name)
{
    for (size_t i = 0; i < sizeof releases / sizeof *releases; i++)
        if (strcmp(releases[i].name, name) == 0) return &releases[i];
    return NULL;
}

static enum cqsim_line parse_line(unsigned n)
{
    switch (n) {
    case 311:
        return CQSIM_311;
    case 40:
        return CQSIM_40;
    case 41:
        return CQSIM_41;
    case 50:
        return CQSIM_50;
    default:
        return CQSIM_30;
    }
}

size_t cqsim_release_type(char letter, uint8_t out[CQSIM_MAX_OPTION])
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].letter != letter) continue;
        memcpy(out, types[i].option, types[i].n);
        return types[i].n;
    }
    return 0;
}

static void add_column(struct cqsim_table *t, enum cqsim_line line, const char *spec, size_t n)
{
    char text[CQSIM_MAX_NAME + 16];
    cqsim_copy_text(text, sizeof text, (struct cqsim_slice){(const uint8_t *)spec, n});
    char *colon = strchr(text, ':');
    unsigned since = 30, until = 50;
    char *at = strchr(text, '@');
    if (at != NULL) {
        char *dash = NULL;
        since = (unsigned)strtoul(at + 1, &dash, 10);
        if (*dash == '-') until = (unsigned)strtoul(dash + 1, NULL, 10);
    }
    if (line < parse_line(since) || line > parse_line(until)) return;
    *colon = 0;
    uint8_t option[CQSIM_MAX_OPTION];
    size_t n_option = cqsim_release_type(colon[1], option);
    cqsim_table_add(t, text, option, n_option);
}

bool cqsim_release_table(const struct cqsim_release *rel, const char *keyspace, const char *name,
                         struct cqsim_table *out)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (strcmp(tables[i].keyspace, keyspace) != 0 || strcmp(tables[i].name, name) != 0)
            continue;
        if (rel->line < parse_line(tables[i].since)) return false;
        *out = (struct cqsim_table){.n_clustering = tables[i].n_clustering};
        cqsim_copy_text(out->keyspace, sizeof out->keyspace, cqsim_text(keyspace));
        cqsim_copy_text(out->name, sizeof out->name, cqsim_text(name));
        for (const char *p = tables[i].columns; *p != 0;) {
            size_t n = strcspn(p, " ");
            add_column(out, rel->line, p, n);
            p += n + strspn(p + n, " ");
        }
        return true;
    }
    return false;
}

bool cqsim_release_nth(size_t i, const char **keyspace, const char **name)
{
    if (i >= sizeof tables / sizeof *tables) return false;
    *keyspace = tables[i].keyspace;
    *name = tables[i].name;
    return true;
}

void cqsim_release_absent(const struct cqsim_release *rel, bool keyspace_exists,
                          const char *keyspace, const char *name, struct cqsim_error *out)
{
    out->code = CQSIM_E_INVALID;
    bool old = rel->line <= CQSIM_311;
    if (!keyspace_exists)
        snprintf(out->text, sizeof out->text, "%seyspace %s does not exist", old ? "K" : "k",
                 keyspace);
    else
        snprintf(out->text, sizeof out->text, "%stable %s%s", old ? "unconfigured " : "", name,
                 old ? "" : " does not exist");
}
