/* SPDX-License-Identifier: Apache-2.0 */
/* A row of `detail` as store.c's LOOK gives it. */
#include "state/store_row.h"

static void get_text(const struct cq_sql *sql, sqlite3_stmt *q, int at, char *out, size_t n)
{
    const unsigned char *text = sql->column_text(q, at);
    size_t have = text ? (size_t)sql->column_bytes(q, at) : 0;

    if (have > n - 1) have = n - 1;
    if (have) memcpy(out, text, have);
    out[have] = 0;
}

static void get_counts(const struct cq_sql *sql, sqlite3_stmt *q, int at,
                       uint64_t counts[CQ_KNOWN_COUNTS])
{
    const unsigned char *p = sql->column_text(q, at);

    for (int i = 0; p && *p && i < CQ_KNOWN_COUNTS; i++) {
        for (; *p >= '0' && *p <= '9'; p++)
            counts[i] = counts[i] * 10 + (uint64_t)(*p - '0');
        p = *p == ' ' ? p + 1 : (const unsigned char *)"";
    }
}

static void get_hosts(const struct cq_sql *sql, sqlite3_stmt *q, int at, struct cq_identity *i)
{
    const uint8_t *p = sql->column_blob(q, at);
    int n = sql->column_bytes(q, at);

    for (int k = 0; p && k + 16 <= n; k += 16)
        cq_identity_add(i, (cq_bytes){p + k, 16});
}

static void get_greeting(const struct cq_sql *sql, sqlite3_stmt *q, int at, struct cq_greeting *g)
{
    const uint8_t *p = sql->column_blob(q, at);
    cq_bytes body = {p, (size_t)sql->column_bytes(q, at)};
    const char *release = (const char *)sql->column_text(q, at + 1);

    if (!cq_greeting_make(g, body, cq_str(release ? release : ""), sql->column_int64(q, at + 2)))
        *g = (struct cq_greeting){0};
}

void cq_store_get(const struct cq_sql *sql, sqlite3_stmt *q, struct cq_known *k)
{
    struct cq_complete *c = &k->complete;

    c->epoch = (uint64_t)sql->column_int64(q, 0);
    c->finished_ms = sql->column_int64(q, 1);
    c->proof = sql->column_int(q, 2);
    c->hash_v = (unsigned)sql->column_int(q, 3);
    get_text(sql, q, 4, c->schema_version, sizeof(c->schema_version));
    get_text(sql, q, 5, c->digest, sizeof(c->digest));
    get_text(sql, q, 6, c->filters_hash, sizeof(c->filters_hash));
    get_text(sql, q, 7, c->settings, sizeof(c->settings));
    get_counts(sql, q, 8, c->counts);
    get_text(sql, q, 9, k->identity.cluster_name, sizeof(k->identity.cluster_name));
    get_text(sql, q, 10, k->identity.partitioner, sizeof(k->identity.partitioner));
    get_hosts(sql, q, 11, &k->identity);
    k->identity.whole = sql->column_int(q, 12) != 0;
    k->memory = (uint64_t)sql->column_int64(q, 13);
    get_greeting(sql, q, 14, &k->greeting);
}
