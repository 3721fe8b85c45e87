/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statistics as JSON (fleet.h): totals, then per cluster the sum and its first connections one
 * by one. Closed connections are in the clusters' sums already; open ones are added here.
 */
#include "sim/fleet.h"

#include "sim/files.h"
#include "sim/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_text(struct cqsim_buf *b, const char *text)
{
    cqsim_put(b, text, strlen(text));
}

static void put_number(struct cqsim_buf *b, const char *key, uint64_t n)
{
    char text[64];
    snprintf(text, sizeof text, ",\"%s\":%" PRIu64, key, n);
    put_text(b, text);
}

static void put_requests(struct cqsim_buf *b, const struct cqsim_counts *c)
{
    static const struct {
        unsigned opcode;
        const char *name;
    } names[] = {
        {CQSIM_OP_STARTUP, "STARTUP"}, {CQSIM_OP_OPTIONS, "OPTIONS"},
        {CQSIM_OP_QUERY, "QUERY"},     {CQSIM_OP_PREPARE, "PREPARE"},
        {CQSIM_OP_EXECUTE, "EXECUTE"}, {CQSIM_OP_REGISTER, "REGISTER"},
        {CQSIM_OP_BATCH, "BATCH"},     {CQSIM_OP_AUTH_RESPONSE, "AUTH_RESPONSE"},
    };
    uint64_t sum = 0;
    put_text(b, "\"requests\":{");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s\"%s\":%" PRIu64, i ? "," : "", names[i].name,
                 c->requests[names[i].opcode]);
        put_text(b, text);
    }
    for (unsigned i = 0; i < CQSIM_N_OPCODES; i++)
        sum += c->requests[i];
    put_text(b, "}");
    put_number(b, "requests_total", sum);
}

static void put_counts(struct cqsim_buf *b, const struct cqsim_counts *c)
{
    put_requests(b, c);
    put_number(b, "waits", c->waits);
    put_number(b, "bytes_in", c->bytes_in);
    put_number(b, "bytes_out", c->bytes_out);
    put_number(b, "wire_in", c->wire_in);
    put_number(b, "wire_out", c->wire_out);
    put_number(b, "pages", c->pages);
    put_number(b, "rows", c->rows);
    put_number(b, "errors", c->errors);
    put_number(b, "events", c->events);
    put_number(b, "tls_full", c->tls_full);
    put_number(b, "tls_resumed", c->tls_resumed);
}

/* Sum of a cluster, open connections included. */
static struct cqsim_counts total_of(const struct cqsim_cluster *c,
                                    const struct cqsim_conn *const *open, size_t n_open)
{
    struct cqsim_counts sum = c->total;
    for (size_t i = 0; i < n_open; i++)
        if (open[i]->cluster == c) cqsim_counts_add(&sum, &open[i]->counts);
    return sum;
}

static const struct cqsim_counts *connection(const struct cqsim_cluster *c, uint64_t number,
                                             const struct cqsim_conn *const *open, size_t n_open)
{
    for (size_t i = 0; i < n_open; i++)
        if (open[i]->cluster == c && open[i]->number == number) return &open[i]->counts;
    return &c->kept[number]; /* closed, so that there are some */
}

static void put_cluster(struct cqsim_buf *b, const struct cqsim_cluster *c,
                        const struct cqsim_counts *sum, const struct cqsim_conn *const *open,
                        size_t n_open)
{
    char target[32], text[96];
    cqsim_fleet_target(c, 0, target, sizeof target);
    snprintf(text, sizeof text, "{\"index\":%zu,\"target\":\"%s\"", c->index, target);
    put_text(b, text);
    put_number(b, "connections", c->n_connections);
    put_number(b, "open", c->n_open);
    put_number(b, "schema_changes", c->generation);
    put_text(b, ",");
    put_counts(b, sum);
    put_text(b, ",\"per_connection\":[");
    for (uint64_t i = 0; i < c->n_connections && i < CQSIM_MAX_KEPT; i++) {
        put_text(b, i ? ",{" : "{");
        put_counts(b, connection(c, i, open, n_open));
        put_text(b, "}");
    }
    put_text(b, "]}");
}

bool cqsim_fleet_write_stats(const struct cqsim_fleet *fleet, const struct cqsim_conn *const *open,
                             size_t n_open, const char *path)
{
    struct cqsim_buf b = {0};
    struct cqsim_counts all = {0};
    uint64_t n_connections = 0;
    put_text(&b, "{\"clusters\":[");
    for (size_t i = 0; i < fleet->n_clusters; i++) {
        const struct cqsim_cluster *c = &fleet->clusters[i];
        struct cqsim_counts sum = total_of(c, open, n_open);
        put_text(&b, i ? ",\n" : "\n");
        put_cluster(&b, c, &sum, open, n_open);
        cqsim_counts_add(&all, &sum);
        n_connections += c->n_connections;
    }
    put_text(&b, "],\n\"total\":{");
    put_counts(&b, &all);
    put_number(&b, "connections", n_connections);
    put_text(&b, "}}\n");
    bool ok = cqsim_file_write(path, cqsim_buf_slice(&b));
    cqsim_buf_fini(&b);
    return ok;
}
