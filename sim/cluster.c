/* SPDX-License-Identifier: Apache-2.0 */
/* Identity of simulated clusters and the tables that tell of it (cluster.h). */
#include "sim/cluster.h"

#include "sim/rng.h"

#include <stdio.h>
#include <string.h>

enum { TOKENS_PER_NODE = 4, STORAGE_PORT = 7000 };

/* What a number of the generator is for. */
enum { FOR_HOST = 11, FOR_TOKENS = 12, FOR_VERSION = 13, FOR_OWN = 1 << 24 };

static uint32_t ip_number(const uint8_t ip[4])
{
    return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

void cqsim_cluster_address(const struct cqsim_cluster *c, unsigned node, uint8_t ip[4])
{
    memcpy(ip, c->ip, 4);
    if (node == 0) return;
    uint32_t first = ip_number(c->config->peer_ip);
    uint32_t n = first + (uint32_t)c->index * (c->config->n_nodes - 1) + node - 1;
    for (unsigned i = 0; i < 4; i++)
        ip[i] = (uint8_t)(n >> (8 * (3 - i)));
}

static void put_host_id(const struct cqsim_cluster *c, unsigned node, struct cqsim_row *row)
{
    struct cqsim_rng r = cqsim_rng_for(c->config->seed + FOR_HOST, c->index, node);
    uint8_t id[16];
    cqsim_rng_uuid(&r, 4, id);
    cqsim_row_bytes(row, "host_id", (struct cqsim_slice){id, sizeof id});
}

void cqsim_cluster_name(const struct cqsim_cluster *c, char out[CQSIM_CLUSTER_NAME])
{
    snprintf(out, CQSIM_CLUSTER_NAME, "sim-%llu-%zu", (unsigned long long)c->config->seed,
             c->index);
}

/* Clusters with one schema have one version until one of them changes. */
void cqsim_cluster_version(const struct cqsim_cluster *c, unsigned node, uint8_t out[16])
{
    bool other = node > 0 && c->faults.disagree;
    uint64_t schema = c->owns_data ? c->index + FOR_OWN : c->index % c->config->n_schemas;
    struct cqsim_rng r =
        cqsim_rng_for(c->config->seed + FOR_VERSION, schema, c->generation + (other ? 1000 : 0));
    cqsim_rng_uuid(&r, 3, out);
}

static void put_version(const struct cqsim_cluster *c, unsigned node, struct cqsim_row *row)
{
    uint8_t id[16];
    if (c->faults.null_version) return;
    cqsim_cluster_version(c, node, id);
    cqsim_row_bytes(row, "schema_version", (struct cqsim_slice){id, sizeof id});
}

static void put_tokens(const struct cqsim_cluster *c, unsigned node, struct cqsim_row *row)
{
    struct cqsim_rng r = cqsim_rng_for(c->config->seed + FOR_TOKENS, c->index, node);
    char text[TOKENS_PER_NODE][24];
    const char *items[TOKENS_PER_NODE];
    for (unsigned i = 0; i < TOKENS_PER_NODE; i++) {
        snprintf(text[i], sizeof text[i], "%lld", (long long)cqsim_rng_next(&r));
        items[i] = text[i];
    }
    cqsim_row_texts(row, "tokens", items, TOKENS_PER_NODE, TOKENS_PER_NODE);
}

/* What local and the peers tables have alike. */
static void put_node(const struct cqsim_cluster *c, unsigned node, struct cqsim_row *row)
{
    char rack[16];
    snprintf(rack, sizeof rack, "r%u", node % 3 + 1);
    cqsim_row_text(row, "data_center", "dc1");
    cqsim_row_text(row, "rack", rack);
    cqsim_row_text(row, "release_version", c->release->release_version);
    put_host_id(c, node, row);
    put_version(c, node, row);
    put_tokens(c, node, row);
}

static void local_row(const struct cqsim_cluster *c, struct cqsim_row *row)
{
    const struct cqsim_release *rel = c->release;
    char name[CQSIM_CLUSTER_NAME];
    struct cqsim_slice ip = {c->ip, sizeof c->ip};
    cqsim_cluster_name(c, name);
    put_node(c, 0, row);
    cqsim_row_text(row, "key", "local");
    cqsim_row_text(row, "bootstrapped", "COMPLETED");
    cqsim_row_bytes(row, "broadcast_address", ip);
    cqsim_row_int(row, "broadcast_port", STORAGE_PORT);
    cqsim_row_text(row, "cluster_name", name);
    cqsim_row_text(row, "cql_version", rel->cql_version);
    cqsim_row_int(row, "gossip_generation", 1795231020);
    cqsim_row_bytes(row, "listen_address", ip);
    cqsim_row_int(row, "listen_port", STORAGE_PORT);
    cqsim_row_text(row, "native_protocol_version", rel->native_version);
    cqsim_row_text(row, "partitioner", "org.apache.cassandra.dht.Murmur3Partitioner");
    cqsim_row_bytes(row, "rpc_address", ip);
    cqsim_row_int(row, "rpc_port", c->port);
    cqsim_row_text(row, "thrift_version", "20.1.0");
}

static void peer_row(const struct cqsim_cluster *c, unsigned node, struct cqsim_row *row)
{
    uint8_t ip[4];
    cqsim_cluster_address(c, node, ip);
    struct cqsim_slice address = {ip, sizeof ip};
    cqsim_row_bytes(row, "peer", address);
    cqsim_row_int(row, "peer_port", STORAGE_PORT);
    if (c->faults.null_peers) return;
    put_node(c, node, row);
    cqsim_row_bytes(row, "rpc_address", address);
    cqsim_row_bytes(row, "native_address", address);
    cqsim_row_int(row, "native_port", c->port);
}

void cqsim_cluster_rows(const struct cqsim_cluster *c, const struct cqsim_table *t,
                        struct cqsim_rows *out)
{
    struct cqsim_row row = {0};
    bool local = strcmp(t->name, "local") == 0;
    for (unsigned node = local ? 0 : 1; node < (local ? 1 : c->config->n_nodes); node++) {
        cqsim_row_begin(&row, t);
        if (local)
            local_row(c, &row);
        else
            peer_row(c, node, &row);
        cqsim_row_end(&row, out);
    }
    cqsim_row_fini(&row);
    if (!local) cqsim_rows_sort(out, t->n_clustering);
}

void cqsim_cluster_tear(struct cqsim_cluster *c)
{
    if (c->torn_left == 0) return;
    c->torn_left--;
    c->generation++;
}

void cqsim_counts_add(struct cqsim_counts *sum, const struct cqsim_counts *one)
{
    for (unsigned i = 0; i < CQSIM_N_OPCODES; i++)
        sum->requests[i] += one->requests[i];
    sum->waits += one->waits;
    sum->bytes_in += one->bytes_in;
    sum->bytes_out += one->bytes_out;
    sum->wire_in += one->wire_in;
    sum->wire_out += one->wire_out;
    sum->pages += one->pages;
    sum->rows += one->rows;
    sum->errors += one->errors;
    sum->events += one->events;
    sum->tls_full += one->tls_full;
    sum->tls_resumed += one->tls_resumed;
}
