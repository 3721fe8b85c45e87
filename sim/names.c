/* SPDX-License-Identifier: Apache-2.0 */
/* Words (names.h). */
#include "sim/names.h"

#include <stdio.h>
#include <string.h>

static const char *const domains[] = {
    "shop",     "billing", "inventory", "telemetry", "messaging", "accounts", "search",  "fraud",
    "shipping", "pricing", "catalog",   "audit",     "sessions",  "media",    "loyalty", "support"};
static const char *const things[] = {"orders",    "payments", "events",   "devices",
                                     "invoices",  "profiles", "readings", "tickets",
                                     "shipments", "messages", "carts",    "reviews"};
static const char *const keys[] = {"customer", "day",      "region", "status",
                                   "device",   "merchant", "account"};

static const struct {
    const char *type, *names[3];
} columns[] = {
    {"int", {"quantity", "attempts", "version"}},
    {"bigint", {"amount_cents", "sequence", "size_bytes"}},
    {"text", {"status", "note", "currency"}},
    {"uuid", {"customer_id", "order_id", "owner_id"}},
    {"timestamp", {"created_at", "updated_at", "expires_at"}},
    {"double", {"score", "latitude", "longitude"}},
    {"boolean", {"active", "verified", "archived"}},
    {"decimal", {"price", "tax", "discount"}},
    {"inet", {"source_ip", "last_ip", "gateway"}},
    {"blob", {"payload", "signature", "thumbnail"}},
    {"date", {"day", "due_on", "born_on"}},
    {"float", {"ratio", "weight", "temperature"}},
    {"smallint", {"priority", "shard", "level"}},
    {"varint", {"checksum", "balance", "revision"}},
    {"timeuuid", {"event_id", "trace_id", "batch_id"}},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

void cqsim_name_keyspace(size_t first, unsigned k, char out[CQSIM_MAX_NAME])
{
    const char *word = domains[(first + k) % COUNT(domains)];
    if (k < COUNT(domains))
        snprintf(out, CQSIM_MAX_NAME, "%s", word);
    else
        snprintf(out, CQSIM_MAX_NAME, "%s_%zu", word, k / COUNT(domains) + 1);
}

void cqsim_name_table(size_t first, unsigned t, char out[CQSIM_MAX_NAME],
                      char comment[CQSIM_MAX_NAME])
{
    size_t n = first + t;
    const char *thing = things[n % COUNT(things)], *key = keys[n % COUNT(keys)];
    size_t lap = t / (COUNT(things) * COUNT(keys));
    if (lap == 0)
        snprintf(out, CQSIM_MAX_NAME, "%s_by_%s", thing, key);
    else
        snprintf(out, CQSIM_MAX_NAME, "%s_by_%s_%zu", thing, key, lap + 1);
    snprintf(comment, CQSIM_MAX_NAME, "%s, one partition per %s", thing, key);
}

void cqsim_name_column(const char *type, unsigned i, char out[CQSIM_MAX_NAME])
{
    for (size_t k = 0; k < COUNT(columns); k++) {
        if (strcmp(columns[k].type, type) != 0) continue;
        /* the reference schema comes back to a type every fifth column */
        unsigned lap = i / 5;
        if (lap < 3)
            snprintf(out, CQSIM_MAX_NAME, "%s", columns[k].names[lap]);
        else
            snprintf(out, CQSIM_MAX_NAME, "%s_%u", columns[k].names[lap % 3], lap);
        return;
    }
    snprintf(out, CQSIM_MAX_NAME, "%s_%u", type, i);
}
