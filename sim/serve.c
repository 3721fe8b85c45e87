/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of the simulator (serve.h): one listener per cluster, signals, the files it was asked
 * for. */
#include "sim/serve.h"

#include "sim/change.h"
#include "sim/files.h"
#include "sim/link.h"
#include "sim/tlsmake.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 511, N_SIGNALS = 4, CHANGE_TICK_MS = 50 };

struct server;

struct listener {
    uv_tcp_t tcp;
    struct server *server;
    struct cqsim_cluster *cluster;
    bool open, closing;
};

struct server {
    uv_loop_t loop;
    struct cqsim_fleet *fleet;
    struct cqsim_links links;
    struct listener *listeners;
    uv_signal_t signals[N_SIGNALS];
    uv_timer_t duration, schedule, changes;
    uint64_t started_ms;
    bool stopping;
    FILE *changes_log;
};

static void write_stats(struct server *s)
{
    const struct cqsim_config *config = s->fleet->config;
    if (config->stats_file == NULL) return;
    const struct cqsim_conn **open = cqsim_alloc((s->links.n + 1) * sizeof *open);
    size_t n = 0;
    for (const struct cqsim_link *l = s->links.first; l != NULL; l = l->next)
        open[n++] = l->conn;
    if (!cqsim_fleet_write_stats(s->fleet, open, n, config->stats_file))
        fprintf(stderr, "cqlsim: cannot write %s\n", config->stats_file);
    free(open);
}

static void stop(struct server *s)
{
    for (size_t i = 0; i < s->fleet->n_clusters; i++) {
        if (s->listeners[i].open) uv_close((uv_handle_t *)&s->listeners[i].tcp, NULL);
        s->listeners[i].open = false;
    }
    s->stopping = true;
    for (struct cqsim_link *l = s->links.first; l != NULL; l = l->next)
        cqsim_link_close(l);
    for (unsigned i = 0; i < N_SIGNALS; i++)
        if (!uv_is_closing((uv_handle_t *)&s->signals[i]))
            uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_timer_t *timers[] = {&s->duration, &s->schedule, &s->changes};
    for (unsigned i = 0; i < 3; i++)
        if (!uv_is_closing((uv_handle_t *)timers[i])) uv_close((uv_handle_t *)timers[i], NULL);
}

static void change(struct server *s, struct cqsim_cluster *c)
{
    struct cqsim_buf log = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t wall_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    cqsim_cluster_change(c, wall_ms, &log);
    if (s->changes_log != NULL) {
        fwrite(log.p, 1, log.end, s->changes_log);
        fflush(s->changes_log);
    }
    cqsim_buf_fini(&log);
}

static void change_now(struct server *s)
{
    for (size_t i = 0; i < s->fleet->n_clusters; i++)
        if (s->fleet->clusters[i].faults.change_s > 0) change(s, &s->fleet->clusters[i]);
}

static void on_changes(uv_timer_t *timer)
{
    struct server *s = timer->data;
    uint64_t now_ms = uv_now(&s->loop) - s->started_ms;
    for (size_t i = 0; i < s->fleet->n_clusters; i++) {
        struct cqsim_cluster *c = &s->fleet->clusters[i];
        if (c->faults.change_s == 0 || c->change_at_ms > now_ms) continue;
        c->change_at_ms += c->faults.change_s * 1000;
        change(s, c);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    if (number == SIGUSR1)
        write_stats(handle->data);
    else if (number == SIGUSR2)
        change_now(handle->data);
    else
        stop(handle->data);
}

static void on_duration(uv_timer_t *timer)
{
    fputs("cqlsim: the duration is over\n", stderr);
    stop(timer->data);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    if (status == 0) cqsim_link_accept(&l->server->links, stream, l->cluster);
}

/* A cluster that refuses still has its port in the list, chosen by the system when it was 0. */
static int open_listener(struct server *s, size_t i)
{
    struct listener *l = &s->listeners[i];
    struct cqsim_cluster *c = &s->fleet->clusters[i];
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(c->port)};
    memcpy(&addr.sin_addr, c->ip, 4);
    uv_tcp_init(&s->loop, &l->tcp);
    l->server = s;
    l->cluster = c;
    l->tcp.data = l;
    int rc = uv_tcp_bind(&l->tcp, (const struct sockaddr *)&addr, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
    struct sockaddr_in got;
    int n = sizeof got;
    if (rc == 0) rc = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&got, &n);
    if (rc != 0) {
        char target[32];
        cqsim_fleet_target(c, 0, target, sizeof target);
        fprintf(stderr, "cqlsim: cannot listen on %s: %s\n", target, uv_strerror(rc));
        return rc;
    }
    c->port = ntohs(got.sin_port);
    l->open = true;
    return 0;
}

static void steer_listener(struct listener *l);

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    l->closing = false;
    steer_listener(l);
}

/* Listens exactly where no fault says that nobody does. */
static void steer_listener(struct listener *l)
{
    bool want = !l->cluster->faults.refuse && !l->server->stopping;
    if (l->open == want || l->closing) return;
    if (want) {
        open_listener(l->server, l->cluster->index);
        return;
    }
    l->open = false;
    l->closing = true;
    uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
}

static void arm_schedule(struct server *s);

static void on_schedule(uv_timer_t *timer)
{
    struct server *s = timer->data;
    cqsim_fleet_faults_at(s->fleet, uv_now(&s->loop) - s->started_ms);
    for (size_t i = 0; i < s->fleet->n_clusters; i++)
        steer_listener(&s->listeners[i]);
    arm_schedule(s);
}

static void arm_schedule(struct server *s)
{
    uint64_t now_ms = uv_now(&s->loop) - s->started_ms;
    uint64_t at = cqsim_fleet_faults_next(s->fleet, now_ms);
    if (at != UINT64_MAX) uv_timer_start(&s->schedule, on_schedule, at - now_ms, 0);
}

static int announce(const struct server *s)
{
    const struct cqsim_config *config = s->fleet->config;
    if (!cqsim_fleet_write_files(s->fleet)) {
        fputs("cqlsim: cannot write the files that were asked for\n", stderr);
        return 1;
    }
    const struct cqsim_dataset *first = s->fleet->clusters[0].data;
    fprintf(stderr, "cqlsim: ready, %zu cluster(s) of %s, %zu user table(s) in the first\n",
            s->fleet->n_clusters, config->replay ? "a recording" : config->release->release_version,
            first->n_user_tables);
    return 0;
}

static void raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void open_handles(struct server *s)
{
    static const int numbers[N_SIGNALS] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    for (unsigned i = 0; i < N_SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    uv_timer_t *timers[] = {&s->duration, &s->schedule, &s->changes};
    for (unsigned i = 0; i < 3; i++) {
        uv_timer_init(&s->loop, timers[i]);
        timers[i]->data = s;
    }
    uint64_t seconds = s->fleet->config->duration_s;
    if (seconds > 0) uv_timer_start(&s->duration, on_duration, seconds * 1000, 0);
}

static bool made_certificates(struct server *s, bool tls, bool expired, char *error, size_t n_error)
{
    const struct cqsim_config *config = s->fleet->config;
    const struct cqsim_tls_files *files = &config->tls_files;
    struct cqsim_pki pki;
    struct cqsim_buf ca = {0};
    snprintf(error, n_error, "TLS: no certificates could be made");
    bool ok = cqsim_pki_init(&pki, config->ip);
    if (ok && config->made_ca != NULL) {
        cqsim_pki_put_ca(&pki, &ca);
        ok = cqsim_file_write(config->made_ca, cqsim_buf_slice(&ca));
    }
    if (ok && tls) s->links.tls = cqsim_tls_context_made(files, &pki, false, error, n_error);
    if (ok && expired) s->links.expired = cqsim_tls_context_made(files, &pki, true, error, n_error);
    cqsim_buf_fini(&ca);
    cqsim_pki_fini(&pki);
    return ok && (!tls || s->links.tls != NULL) && (!expired || s->links.expired != NULL);
}

static int open_tls(struct server *s)
{
    char error[CQSIM_MAX_TEXT];
    const struct cqsim_tls_files *files = &s->fleet->config->tls_files;
    bool any = false, expired = false, ok = true;
    for (size_t i = 0; i < s->fleet->n_clusters; i++) {
        const struct cqsim_cluster *c = &s->fleet->clusters[i];
        any = any || (c->tls && !c->faults.expired_cert);
        expired = expired || c->faults.expired_cert;
    }
    bool made = any && files->cert == NULL;
    if (any && !made) {
        s->links.tls = cqsim_tls_context_new(files, error, sizeof error);
        ok = s->links.tls != NULL;
    }
    if (ok && (made || expired)) ok = made_certificates(s, made, expired, error, sizeof error);
    if (!ok) fprintf(stderr, "cqlsim: %s\n", error);
    return ok ? 0 : 2;
}

static int open_changes(struct server *s)
{
    const char *path = s->fleet->config->changes_file;
    if (path != NULL && (s->changes_log = fopen(path, "wb")) == NULL) {
        fprintf(stderr, "cqlsim: cannot write %s\n", path);
        return 1;
    }
    for (size_t i = 0; i < s->fleet->config->n_faults; i++)
        if (strncmp(s->fleet->config->faults[i], "change", 6) == 0)
            uv_timer_start(&s->changes, on_changes, CHANGE_TICK_MS, CHANGE_TICK_MS);
    return 0;
}

static int open_all(struct server *s)
{
    int rc = open_tls(s);
    for (size_t i = 0; rc == 0 && i < s->fleet->n_clusters; i++)
        rc = open_listener(s, i) == 0 ? 0 : 1;
    if (rc != 0) return rc;
    for (size_t i = 0; i < s->fleet->n_clusters; i++)
        steer_listener(&s->listeners[i]);
    uv_update_time(&s->loop);
    s->started_ms = uv_now(&s->loop);
    rc = open_changes(s);
    if (rc == 0) rc = announce(s);
    if (rc == 0) arm_schedule(s);
    return rc;
}

int cqsim_serve(struct cqsim_fleet *fleet)
{
    struct server s = {.fleet = fleet};
    signal(SIGPIPE, SIG_IGN);
    raise_files();
    uv_loop_init(&s.loop);
    s.links.scratch = cqsim_alloc(CQSIM_READ_CHUNK);
    s.links.seed = fleet->config->seed;
    s.listeners = cqsim_alloc(fleet->n_clusters * sizeof *s.listeners);
    open_handles(&s);
    int rc = open_all(&s);
    if (rc != 0) stop(&s);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    if (rc == 0) write_stats(&s);
    if (s.changes_log != NULL) fclose(s.changes_log);
    uv_loop_close(&s.loop);
    cqsim_tls_context_free(s.links.tls);
    cqsim_tls_context_free(s.links.expired);
    cqsim_buf_fini(&s.links.plain);
    free(s.links.scratch);
    free(s.listeners);
    return rc;
}
