/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of about 256 KiB by the rows' usual size: 500 bytes of a table or view, 90 of a column, 200
 * of anything else. */
#include "null/statements.h"

enum { TABLES = 262144 / 500, COLUMNS = 262144 / 90, OTHERS = 262144 / 200, PEERS = 10000 };

#define PEERS_V2                                                                                   \
    "SELECT peer,peer_port,data_center,host_id,native_address,native_port,preferred_ip,"           \
    "preferred_port,rack,release_version,schema_version FROM system.peers_v2"
#define SCHEMA(name, rows)                                                                         \
    {                                                                                              \
        NULL_WRITE_MAIN, "SELECT * FROM system_schema." name, rows                                 \
    }
#define VIRTUAL(name, rows)                                                                        \
    {                                                                                              \
        NULL_WRITE_MAIN, "SELECT * FROM system_virtual_schema." name, rows                         \
    }

const struct null_statement null_statements[] = {
    {NULL_WRITE_BEFORE, "SELECT * FROM system.local WHERE key='local'", OTHERS},
    {NULL_WRITE_BEFORE, PEERS_V2, PEERS},
    SCHEMA("keyspaces", OTHERS),
    SCHEMA("tables", TABLES),
    SCHEMA("columns", COLUMNS),
    SCHEMA("types", OTHERS),
    SCHEMA("views", TABLES),
    SCHEMA("indexes", OTHERS),
    SCHEMA("functions", OTHERS),
    SCHEMA("aggregates", OTHERS),
    SCHEMA("triggers", OTHERS),
    SCHEMA("dropped_columns", OTHERS),
    SCHEMA("column_masks", OTHERS),
    VIRTUAL("keyspaces", OTHERS),
    VIRTUAL("tables", OTHERS),
    VIRTUAL("columns", COLUMNS),
    {NULL_WRITE_AFTER, "SELECT schema_version FROM system.local WHERE key='local'", OTHERS},
    {NULL_WRITE_AFTER, PEERS_V2, PEERS},
};

const unsigned null_n_statements = sizeof(null_statements) / sizeof(null_statements[0]);
