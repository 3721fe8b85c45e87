/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the clusters of a process (fleet.h). */
#include "sim/fleet.h"

#include "sim/files.h"
#include "sim/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOR_SHAPE = 21 };

static bool spoils_content(const struct cqsim_faults *f)
{
    return f->orphan_column || f->orphan_index || f->orphan_keyspace || f->duplicate ||
           f->unordered || f->unordered_rows || f->extra_column != NULL || f->unknown_type;
}

static const struct cqsim_shape *shape_of(const struct cqsim_config *config, size_t schema)
{
    unsigned sum = 0;
    for (size_t i = 0; i < config->n_mix; i++)
        sum += config->mix[i].weight;
    struct cqsim_rng r = cqsim_rng_for(config->seed + FOR_SHAPE, schema, 0);
    size_t at = cqsim_rng_below(&r, sum);
    size_t i = 0;
    while (i + 1 < config->n_mix && at >= config->mix[i].weight)
        at -= config->mix[i++].weight;
    return &config->mix[i];
}

static struct cqsim_dataset *add_dataset(struct cqsim_fleet *fleet, struct cqsim_dataset *d)
{
    fleet->datasets =
        cqsim_grow(fleet->datasets, (fleet->n_datasets + 1) * sizeof *fleet->datasets);
    fleet->datasets[fleet->n_datasets++] = d;
    return d;
}

/* The first n_schemas data sets are the shared ones, made on first use. */
static struct cqsim_dataset *dataset_for(struct cqsim_fleet *fleet, struct cqsim_cluster *c)
{
    const struct cqsim_config *config = fleet->config;
    if (config->replay != NULL) return fleet->datasets[0];
    size_t schema = c->index % config->n_schemas;
    bool spoilt = spoils_content(&c->faults);
    if (!spoilt && fleet->datasets[schema] != NULL) return fleet->datasets[schema];
    struct cqsim_dataset *d = cqsim_dataset_new(config->release, shape_of(config, schema),
                                                config->seed + schema, &c->faults);
    if (spoilt) return add_dataset(fleet, d);
    fleet->datasets[schema] = d;
    return d;
}

static bool load_replay(struct cqsim_fleet *fleet, char *error, size_t n_error)
{
    const struct cqsim_config *config = fleet->config;
    struct cqsim_recording *rec = cqsim_alloc(sizeof *rec);
    struct cqsim_buf server = {0}, client = {0};
    bool ok = cqsim_file_read(config->replay, &server) &&
              (config->replay_c2s == NULL || cqsim_file_read(config->replay_c2s, &client)) &&
              cqsim_recording_read(rec, cqsim_buf_slice(&server), cqsim_buf_slice(&client));
    if (ok)
        add_dataset(fleet, cqsim_dataset_replay(config->release, rec));
    else
        snprintf(error, n_error, "--replay %s: not a recorded conversation", config->replay);
    cqsim_recording_fini(rec);
    free(rec);
    cqsim_buf_fini(&server);
    cqsim_buf_fini(&client);
    return ok;
}

static void place(struct cqsim_cluster *c, const struct cqsim_config *config)
{
    memcpy(c->ip, config->ip, 4);
    c->port = config->port;
    if (config->spread_port) {
        c->port = (uint16_t)(config->port == 0 ? 0 : config->port + c->index);
        return;
    }
    uint32_t n = (uint32_t)config->ip[0] << 24 | (uint32_t)config->ip[1] << 16 |
                 (uint32_t)config->ip[2] << 8 | config->ip[3];
    n += (uint32_t)c->index;
    for (unsigned i = 0; i < 4; i++)
        c->ip[i] = (uint8_t)(n >> (8 * (3 - i)));
}

struct cqsim_fleet *cqsim_fleet_new(const struct cqsim_config *config, char *error, size_t n_error)
{
    struct cqsim_fleet *fleet = cqsim_alloc(sizeof *fleet);
    fleet->config = config;
    fleet->n_clusters = config->n_clusters;
    fleet->clusters = cqsim_alloc(config->n_clusters * sizeof *fleet->clusters);
    bool ok = true;
    if (config->replay != NULL) {
        ok = load_replay(fleet, error, n_error);
    } else {
        fleet->n_datasets = config->n_schemas;
        fleet->datasets = cqsim_alloc(config->n_schemas * sizeof *fleet->datasets);
    }
    for (size_t i = 0; ok && i < config->n_clusters; i++) {
        struct cqsim_cluster *c = &fleet->clusters[i];
        c->config = config;
        c->work = &fleet->work;
        c->index = i;
        place(c, config);
        ok = cqsim_faults_parse(config->faults, config->n_faults, i, &c->faults, error, n_error);
        c->torn_left = c->faults.torn;
        c->overloaded_left = c->faults.overloaded;
        if (ok) c->data = dataset_for(fleet, c);
        if (ok) c->release = c->data->release;
    }
    if (ok) return fleet;
    cqsim_fleet_free(fleet);
    return NULL;
}

void cqsim_fleet_free(struct cqsim_fleet *fleet)
{
    if (fleet == NULL) return;
    for (size_t i = 0; i < fleet->n_clusters; i++) {
        cqsim_faults_fini(&fleet->clusters[i].faults);
        free(fleet->clusters[i].kept);
    }
    cqsim_buf_fini(&fleet->work.scratch);
    cqsim_buf_fini(&fleet->work.answer);
    cqsim_memo_fini(&fleet->work.memo);
    for (size_t i = 0; i < fleet->n_datasets; i++)
        cqsim_dataset_free(fleet->datasets[i]);
    free(fleet->datasets);
    free(fleet->clusters);
    free(fleet);
}

void cqsim_fleet_target(const struct cqsim_cluster *c, unsigned node, char *out, size_t n)
{
    uint8_t ip[4];
    cqsim_cluster_address(c, node, ip);
    snprintf(out, n, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3], c->port);
}

static bool write_addresses(const struct cqsim_fleet *fleet, unsigned from, unsigned to,
                            const char *path)
{
    struct cqsim_buf b = {0};
    for (size_t i = 0; i < fleet->n_clusters; i++) {
        for (unsigned node = from; node < to; node++) {
            char text[32];
            cqsim_fleet_target(&fleet->clusters[i], node, text, sizeof text);
            cqsim_put(&b, text, strlen(text));
            cqsim_put(&b, "\n", 1);
        }
    }
    bool ok = cqsim_file_write(path, cqsim_buf_slice(&b));
    cqsim_buf_fini(&b);
    return ok;
}

bool cqsim_fleet_write_targets(const struct cqsim_fleet *fleet, const char *path)
{
    return write_addresses(fleet, 0, 1, path);
}

bool cqsim_fleet_write_peers(const struct cqsim_fleet *fleet, const char *path)
{
    return write_addresses(fleet, 1, fleet->config->n_nodes, path);
}
