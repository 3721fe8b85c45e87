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

/* The faults of a cluster so long after the start; what they count begins anew where it changed. */
static bool set_faults(struct cqsim_fleet *fleet, struct cqsim_cluster *c, uint64_t now_ms,
                       char *error, size_t n_error)
{
    const struct cqsim_config *config = fleet->config;
    struct cqsim_faults old = c->faults;
    c->faults = (struct cqsim_faults){0};
    bool ok = cqsim_faults_parse(config->faults, config->n_faults, c->index, now_ms, &c->faults,
                                 error, n_error);
    unsigned item = fleet->chaos == NULL ? 0 : fleet->chaos[c->index];
    if (ok && item > 0) {
        const char *spec = config->chaos->items[item - 1].fault;
        ok = cqsim_faults_parse(&spec, 1, c->index, now_ms, &c->faults, error, n_error);
    }
    const struct cqsim_faults *f = &c->faults;
    if (f->torn != old.torn) c->torn_left = f->torn;
    if (f->overloaded != old.overloaded) c->overloaded_left = f->overloaded;
    if (f->bootstrapping != old.bootstrapping) c->bootstrapping_left = f->bootstrapping;
    if (f->overloaded_startup != old.overloaded_startup)
        c->overloaded_startup_left = f->overloaded_startup;
    if (f->change_s != old.change_s) {
        uint64_t period = f->change_s * 1000;
        c->change_at_ms = now_ms + period / 2 + period * (c->index % 16) / 16;
    }
    cqsim_faults_fini(&old);
    return ok;
}

void cqsim_fleet_faults_at(struct cqsim_fleet *fleet, uint64_t now_ms)
{
    char error[CQSIM_MAX_SPEC]; /* all specs were read at the start */
    for (size_t i = 0; i < fleet->n_clusters; i++)
        set_faults(fleet, &fleet->clusters[i], now_ms, error, sizeof error);
}

uint64_t cqsim_fleet_faults_next(const struct cqsim_fleet *fleet, uint64_t now_ms)
{
    return cqsim_faults_next(fleet->config->faults, fleet->config->n_faults, now_ms);
}

static bool has_tls(const struct cqsim_cluster *c)
{
    const struct cqsim_config *config = c->config;
    if (c->faults.expired_cert) return true;
    return config->tls_for != NULL ? cqsim_index_in(config->tls_for, c->index) == 1 : config->tls;
}

struct cqsim_fleet *cqsim_fleet_new(const struct cqsim_config *config, char *error, size_t n_error)
{
    struct cqsim_fleet *fleet = cqsim_alloc(sizeof *fleet);
    fleet->config = config;
    fleet->n_clusters = config->n_clusters;
    fleet->clusters = cqsim_alloc(config->n_clusters * sizeof *fleet->clusters);
    bool ok = true;
    if (config->chaos != NULL) {
        fleet->chaos = cqsim_alloc(config->n_clusters);
        cqsim_chaos_deal(config->chaos, fleet->chaos, config->n_clusters);
    }
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
        ok = set_faults(fleet, c, 0, error, n_error);
        c->tls = has_tls(c);
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
        if (fleet->clusters[i].owns_data) cqsim_dataset_free(fleet->clusters[i].data);
    }
    cqsim_buf_fini(&fleet->work.scratch);
    cqsim_buf_fini(&fleet->work.answer);
    cqsim_memo_fini(&fleet->work.memo);
    for (size_t i = 0; i < fleet->n_datasets; i++)
        cqsim_dataset_free(fleet->datasets[i]);
    free(fleet->datasets);
    free(fleet->chaos);
    free(fleet->clusters);
    free(fleet);
}

void cqsim_fleet_target(const struct cqsim_cluster *c, unsigned node, char *out, size_t n)
{
    uint8_t ip[4];
    cqsim_cluster_address(c, node, ip);
    snprintf(out, n, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3], c->port);
}
