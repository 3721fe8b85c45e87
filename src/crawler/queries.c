/* SPDX-License-Identifier: Apache-2.0 */
/* The statements, their page sizes and the meaning of refusals (crawler/queries.h,
 * protocol.md 1.12, 2, 3). */
#include "crawler/queries.h"

#include "proto/cql.h"

/* How long the column lists of model/tables.h are as CQL text, each name with a comma. */
#define NAME(c) #c ","
enum {
    PEERS_V2_COLUMNS = sizeof(CQ_COLS_PEERS_V2(NAME)),
    PEERS_COLUMNS = sizeof(CQ_COLS_PEERS(NAME)),
};
#undef NAME

#define PEERS_V2_NAMED                                                                             \
    "SELECT peer,peer_port,data_center,host_id,native_address,native_port,preferred_ip,"           \
    "preferred_port,rack,release_version,schema_version FROM system.peers_v2"
#define PEERS_NAMED                                                                                \
    "SELECT peer,data_center,host_id,preferred_ip,rack,release_version,rpc_address,"               \
    "schema_version FROM system.peers"

/* The lists above are the columns that the model knows. */
_Static_assert(sizeof(PEERS_V2_NAMED) ==
                   sizeof("SELECT ") + sizeof(" FROM system.peers_v2") + PEERS_V2_COLUMNS - 3,
               "peers_v2: statement and model differ");
_Static_assert(sizeof(PEERS_NAMED) ==
                   sizeof("SELECT ") + sizeof(" FROM system.peers") + PEERS_COLUMNS - 3,
               "peers: statement and model differ");

static const char *const all_texts[] = {
#define TEXT(slot, name, cols, required) [CQ_T_##slot] = "SELECT * FROM " name,
    CQ_TABLES(TEXT)
#undef TEXT
};

cq_bytes cq_query_text(enum cq_table t, enum cq_form form)
{
    if (t == CQ_T_LOCAL && form == CQ_FORM_VERSION)
        return CQ_LIT("SELECT schema_version FROM system.local WHERE key='local'");
    if (t == CQ_T_LOCAL) return CQ_LIT("SELECT * FROM system.local WHERE key='local'");
    if (t == CQ_T_PEERS_V2 && form == CQ_FORM_NAMED) return CQ_LIT(PEERS_V2_NAMED);
    if (t == CQ_T_PEERS && form == CQ_FORM_NAMED) return CQ_LIT(PEERS_NAMED);
    return cq_str(all_texts[t]);
}

uint32_t cq_query_page_rows(enum cq_table t, size_t bytes_per_row, size_t page_bytes)
{
    size_t rows;

    if (bytes_per_row == 0) {
        bytes_per_row = 200;
        if (t == CQ_T_TABLES || t == CQ_T_VIEWS) bytes_per_row = 500;
        if (t == CQ_T_COLUMNS || t == CQ_T_VCOLUMNS) bytes_per_row = 90;
        if (t == CQ_T_PEERS || t == CQ_T_PEERS_V2) return CQ_MAX_PEERS;
    }
    rows = page_bytes / bytes_per_row;
    if (rows < 1) return 1;
    return rows > 10000 ? 10000 : (uint32_t)rows;
}

struct cq_key_slots cq_query_key(enum cq_table t)
{
    switch (t) {
    case CQ_T_LOCAL:
    case CQ_T_PEERS_V2:
    case CQ_T_PEERS:
        break;
    case CQ_T_KEYSPACES:
        return (struct cq_key_slots){{CQ_KEYSPACES_keyspace_name}, 1, false};
    case CQ_T_VKEYSPACES:
        return (struct cq_key_slots){{CQ_VKEYSPACES_keyspace_name}, 1, false};
    case CQ_T_TABLES:
        return (struct cq_key_slots){{CQ_TABLES_keyspace_name, CQ_TABLES_table_name}, 2, false};
    case CQ_T_VTABLES:
        return (struct cq_key_slots){{CQ_VTABLES_keyspace_name, CQ_VTABLES_table_name}, 2, false};
    case CQ_T_VIEWS:
        return (struct cq_key_slots){{CQ_VIEWS_keyspace_name, CQ_VIEWS_view_name}, 2, false};
    case CQ_T_TYPES:
        return (struct cq_key_slots){{CQ_TYPES_keyspace_name, CQ_TYPES_type_name}, 2, false};
#define THREE(T, name, third, text)                                                                \
    (struct cq_key_slots)                                                                          \
    {                                                                                              \
        {CQ_##T##_keyspace_name, CQ_##T##_##name, CQ_##T##_##third}, 3, text                       \
    }
    case CQ_T_COLUMNS:
    case CQ_T_VCOLUMNS:
        return THREE(COLUMNS, table_name, column_name, true);
    case CQ_T_INDEXES:
        return THREE(INDEXES, table_name, index_name, true);
    case CQ_T_TRIGGERS:
        return THREE(TRIGGERS, table_name, trigger_name, true);
    case CQ_T_DROPPED:
        return THREE(DROPPED, table_name, column_name, true);
    case CQ_T_MASKS:
        return THREE(MASKS, table_name, column_name, true);
    case CQ_T_FUNCTIONS:
        return THREE(FUNCTIONS, function_name, argument_types, false);
    case CQ_T_AGGREGATES:
        return THREE(AGGREGATES, aggregate_name, argument_types, false);
#undef THREE
    case CQ_N_TABLES:
        break;
    }
    return (struct cq_key_slots){{-1, -1, -1}, 0, false};
}

static bool contains(cq_bytes text, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0) return true;
    return false;
}

/* "Undefined column name tokens", "Undefined name x in selection clause" (3.x), "Unrecognized name
 * x" (ScyllaDB) */
static bool names_a_column(cq_bytes text)
{
    return contains(text, "ndefined") || contains(text, "nrecognized name") ||
           contains(text, "nknown identifier");
}

enum cq_refusal cq_query_refusal(int code, cq_bytes text, enum cq_form form, bool later_page)
{
    switch (code) {
    case CQL_ERR_UNAUTHORIZED:
        return CQ_REFUSAL_DENIED;
    case CQL_ERR_OVERLOADED:
        return CQ_REFUSAL_OVERLOADED;
    case CQL_ERR_INVALID:
    case CQL_ERR_SYNTAX:
        if (later_page) return CQ_REFUSAL_FAILED;
        if (form == CQ_FORM_NAMED && names_a_column(text)) return CQ_REFUSAL_FORM;
        return CQ_REFUSAL_ABSENT;
    case CQL_ERR_SERVER:
        /* DSE 6.0.0 to 6.0.2 say so of peers_v2 (protocol.md 3.2) */
        if (!later_page && contains(text, "Unknown keyspace/cf pair")) return CQ_REFUSAL_ABSENT;
        return CQ_REFUSAL_FAILED;
    default:
        return CQ_REFUSAL_FAILED;
    }
}

uint64_t cq_query_retry_ns(cq_bytes text, unsigned tries)
{
    static const char word[] = "RetryAfterMs=";
    const size_t n = sizeof(word) - 1;
    uint64_t ms = 0;
    uint64_t least = tries == 0 ? CQ_OVERLOADED_DELAY_1 : tries == 1 ? CQ_MS(300) : CQ_SEC(1);

    for (size_t i = 0; i + n <= text.n; i++) {
        if (memcmp(text.p + i, word, n) != 0) continue;
        for (i += n; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && ms < 1000000; i++)
            ms = ms * 10 + (uint64_t)(text.p[i] - '0');
        break;
    }
    if (CQ_MS(ms) > CQ_OVERLOADED_DELAY_MAX) return CQ_OVERLOADED_DELAY_MAX;
    return CQ_MS(ms) > least ? CQ_MS(ms) : least;
}
