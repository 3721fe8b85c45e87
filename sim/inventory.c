/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files about the clusters of a process (fleet.h): where they are, as plain lines, as Prometheus
 * file_sd JSON and as a cqlcrawl.yaml; what is wrong with which. Names need no escapes: they are
 * sim-SEED-INDEX.
 */
#include "sim/files.h"
#include "sim/fleet.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_text(struct cqsim_buf *b, const char *text)
{
    cqsim_put(b, text, strlen(text));
}

/* A pattern whose %N, %T and %P are the cluster's name, its target, and tls or plain. */
static void put_cluster(struct cqsim_buf *b, const char *pattern, const struct cqsim_cluster *c)
{
    char name[CQSIM_CLUSTER_NAME], target[32];
    cqsim_cluster_name(c, name);
    cqsim_fleet_target(c, 0, target, sizeof target);
    for (const char *p = pattern; *p != 0; p++) {
        if (*p != '%') {
            cqsim_put(b, p, 1);
            continue;
        }
        p++;
        put_text(b, *p == 'N' ? name : *p == 'T' ? target : c->tls ? "tls" : "plain");
    }
}

static bool write_buf(const char *path, struct cqsim_buf *b)
{
    bool ok = cqsim_file_write(path, cqsim_buf_slice(b));
    cqsim_buf_fini(b);
    return ok;
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
            put_text(&b, "\n");
        }
    }
    return write_buf(path, &b);
}

bool cqsim_fleet_write_targets(const struct cqsim_fleet *fleet, const char *path)
{
    return write_addresses(fleet, 0, 1, path);
}

bool cqsim_fleet_write_peers(const struct cqsim_fleet *fleet, const char *path)
{
    return write_addresses(fleet, 1, fleet->config->n_nodes, path);
}

/* https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config */
static bool write_json(const struct cqsim_fleet *fleet, const char *path)
{
    struct cqsim_buf b = {0};
    put_text(&b, "[");
    for (size_t i = 0; i < fleet->n_clusters; i++) {
        put_text(&b, i ? ",\n" : "\n");
        put_cluster(&b, "{\"targets\":[\"%T\"],\"labels\":{\"cluster\":\"%N\",\"group\":\"%P\"}}",
                    &fleet->clusters[i]);
    }
    put_text(&b, "]\n");
    return write_buf(path, &b);
}

static bool write_yaml(const struct cqsim_fleet *fleet, const char *path)
{
    struct cqsim_buf b = {0};
    const char *ca = fleet->config->made_ca;
    put_text(&b, "groups:\n  plain: {tls: {mode: disable}}\n");
    if (ca == NULL) {
        put_text(&b, "  tls: {tls: {mode: require}}\nclusters:\n");
    } else {
        put_text(&b, "  tls: {tls: {mode: verify-full, name: cqlsim.example, cacert: ");
        put_text(&b, ca);
        put_text(&b, "}}\nclusters:\n");
    }
    for (size_t i = 0; i < fleet->n_clusters; i++)
        put_cluster(&b, "  - {name: %N, group: %P, contact_points: [\"%T\"]}\n",
                    &fleet->clusters[i]);
    return write_buf(path, &b);
}

static bool write_faults(const struct cqsim_fleet *fleet, const char *path)
{
    struct cqsim_buf b = {0};
    const struct cqsim_config *config = fleet->config;
    for (size_t i = 0; i < fleet->n_clusters; i++) {
        size_t before = b.end;
        unsigned item = fleet->chaos == NULL ? 0 : fleet->chaos[i];
        put_cluster(&b, "%N %T", &fleet->clusters[i]);
        size_t named = b.end;
        for (size_t k = 0; k < config->n_faults; k++) {
            if (!cqsim_faults_concerns(config->faults[k], i)) continue;
            put_text(&b, " ");
            cqsim_put(&b, config->faults[k], strcspn(config->faults[k], "@"));
        }
        if (item > 0) {
            put_text(&b, " ");
            put_text(&b, config->chaos->items[item - 1].fault);
        }
        if (b.end == named)
            b.end = before;
        else
            put_text(&b, "\n");
    }
    return write_buf(path, &b);
}

bool cqsim_fleet_write_files(const struct cqsim_fleet *fleet)
{
    const struct cqsim_config *c = fleet->config;
    const struct {
        const char *path;
        bool (*write)(const struct cqsim_fleet *fleet, const char *path);
    } files[] = {{c->print_targets ? "-" : NULL, cqsim_fleet_write_targets},
                 {c->peers_file, cqsim_fleet_write_peers},
                 {c->faults_file, write_faults},
                 {c->targets_json, write_json},
                 {c->targets_yaml, write_yaml},
                 {c->targets_file, cqsim_fleet_write_targets}};
    char pid[32];
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    bool ok = c->pid_file == NULL || cqsim_file_write(c->pid_file, cqsim_text(pid));
    for (size_t i = 0; ok && i < sizeof files / sizeof *files; i++)
        if (files[i].path != NULL) ok = files[i].write(fleet, files[i].path);
    return ok;
}
