/* SPDX-License-Identifier: Apache-2.0 */
/* What is computed of a round, and where it was measured (cli/bench.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/bench.h"

const char *const cq_phase_names[CQ_N_PHASES] = {
    "dns", "connect", "tls", "handshake", "login", "first_byte", "before", "main", "after", "total",
};

const struct cq_figure_info cq_figure_infos[CQ_N_FIGURES] = {
    [CQ_FIG_CLUSTERS] = {"clusters_per_s", "clusters/s", 1, 1},
    [CQ_FIG_CPU] = {"cpu_ms_per_cluster", "CPU ms/cluster", 3, -1},
    [CQ_FIG_USER] = {"user_ms_per_cluster", "  of it user", 3, -1},
    [CQ_FIG_SYSTEM] = {"system_ms_per_cluster", "  of it system", 3, -1},
    [CQ_FIG_P50] = {"total_p50_ms", "time ms, median", 3, -1},
    [CQ_FIG_P99] = {"total_p99_ms", "time ms, p99", 3, -1},
    [CQ_FIG_WIRE] = {"wire_mb_per_s", "MB/s from the servers", 1, 1},
    [CQ_FIG_RECORD_BYTES] = {"record_mb_per_s", "MB/s of records", 1, 1},
    [CQ_FIG_BYTES_IN] = {"wire_bytes_per_cluster", "bytes/cluster", 0, 0},
    [CQ_FIG_RECORDS] = {"records_per_cluster", "records/cluster", 1, 0},
    [CQ_FIG_REQUESTS] = {"requests_per_cluster", "requests/cluster", 2, 0},
    [CQ_FIG_CONNECTIONS] = {"connections_per_cluster", "connections/cluster", 2, 0},
};

static double per(double what, double of)
{
    return of > 0 ? what / of : 0;
}

double cq_bench_figure(const struct cq_bench_round *r, enum cq_figure f)
{
    double wall = (double)r->wall_ns / 1e9, n = (double)r->crawls;

    switch (f) {
    case CQ_FIG_CLUSTERS:
        return per((double)r->complete, wall);
    case CQ_FIG_CPU:
        return per((double)(r->user_ns + r->system_ns) / 1e6, n);
    case CQ_FIG_USER:
        return per((double)r->user_ns / 1e6, n);
    case CQ_FIG_SYSTEM:
        return per((double)r->system_ns / 1e6, n);
    case CQ_FIG_P50:
        return (double)r->p50_ns / 1e6;
    case CQ_FIG_P99:
        return (double)r->p99_ns / 1e6;
    case CQ_FIG_WIRE:
        return per((double)r->wire_in / 1e6, wall);
    case CQ_FIG_RECORD_BYTES:
        return per((double)r->record_bytes / 1e6, wall);
    case CQ_FIG_BYTES_IN:
        return per((double)r->wire_in, n);
    case CQ_FIG_RECORDS:
        return per((double)r->records, n);
    case CQ_FIG_REQUESTS:
        return per((double)r->requests, n);
    case CQ_FIG_CONNECTIONS:
        return per((double)r->connections, n);
    case CQ_N_FIGURES:
        break;
    }
    return 0;
}

struct cq_spread cq_bench_spread(const struct cq_bench *b, enum cq_figure f)
{
    double values[CQ_MAX_ROUNDS];

    for (unsigned i = 0; i < b->n_rounds; i++)
        values[i] = cq_bench_figure(&b->rounds[i], f);
    return cq_spread_of(values, b->n_rounds);
}

/* ---- the machine ---- */

/* The first line "key ...: value" of a file of /proc; false: there is none. */
static bool look_up(const char *path, const char *key, char *to, size_t n)
{
    FILE *f = fopen(path, "re");
    char line[512];
    bool found = false;

    if (!f) return false;
    while (!found && fgets(line, sizeof(line), f)) {
        char *value = strchr(line, ':');

        if (!value || strncmp(line, key, strlen(key)) != 0) continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = 0;
        found = snprintf(to, n, "%s", value) >= 0;
    }
    (void)fclose(f);
    return found;
}

static uint64_t number(const char *path, const char *key)
{
    char text[64];

    return look_up(path, key, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

uint64_t cq_bench_status_kib(const char *key)
{
    return number("/proc/self/status", key);
}

void cq_bench_machine(struct cq_bench_machine *m)
{
    struct utsname u;

    *m = (struct cq_bench_machine){.cpus = sysconf(_SC_NPROCESSORS_ONLN)};
    if (uname(&u) == 0) {
        (void)snprintf(m->kernel, sizeof(m->kernel), "%.64s %.64s %.64s", u.sysname, u.release,
                       u.machine);
    }
    if (!look_up("/proc/cpuinfo", "model name", m->cpu, sizeof(m->cpu)))
        (void)snprintf(m->cpu, sizeof(m->cpu), "unknown");
    m->memory_kib = number("/proc/meminfo", "MemTotal");
    (void)cqlcrawl_libraries(m->libraries, sizeof(m->libraries));
}
