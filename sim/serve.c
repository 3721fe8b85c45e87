/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of the simulator (serve.h): one listener per cluster, signals, the files it was asked
 * for. */
#include "sim/serve.h"

#include "sim/files.h"
#include "sim/link.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BACKLOG = 511, N_SIGNALS = 3 };

struct server;

struct listener {
    uv_tcp_t tcp;
    struct server *server;
    struct cqsim_cluster *cluster;
};

struct server {
    uv_loop_t loop;
    struct cqsim_fleet *fleet;
    struct cqsim_links links;
    struct listener *listeners;
    uv_signal_t signals[N_SIGNALS];
    uv_timer_t duration;
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
        uv_handle_t *h = (uv_handle_t *)&s->listeners[i].tcp;
        if (s->listeners[i].server != NULL && !uv_is_closing(h)) uv_close(h, NULL);
    }
    for (struct cqsim_link *l = s->links.first; l != NULL; l = l->next)
        cqsim_link_close(l);
    for (unsigned i = 0; i < N_SIGNALS; i++)
        if (!uv_is_closing((uv_handle_t *)&s->signals[i]))
            uv_close((uv_handle_t *)&s->signals[i], NULL);
    if (!uv_is_closing((uv_handle_t *)&s->duration)) uv_close((uv_handle_t *)&s->duration, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    if (number == SIGUSR1)
        write_stats(handle->data);
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
    if (c->faults.refuse) uv_close((uv_handle_t *)&l->tcp, NULL);
    return 0;
}

static int announce(const struct server *s)
{
    const struct cqsim_config *config = s->fleet->config;
    bool ok = true;
    if (config->pid_file != NULL) {
        char pid[32];
        snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
        ok = cqsim_file_write(config->pid_file, cqsim_text(pid));
    }
    if (config->print_targets) ok = ok && cqsim_fleet_write_targets(s->fleet, "-");
    if (config->peers_file != NULL)
        ok = ok && cqsim_fleet_write_peers(s->fleet, config->peers_file);
    if (config->targets_file != NULL)
        ok = ok && cqsim_fleet_write_targets(s->fleet, config->targets_file);
    if (!ok) {
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
    static const int numbers[N_SIGNALS] = {SIGTERM, SIGINT, SIGUSR1};
    for (unsigned i = 0; i < N_SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&s->loop, &s->duration);
    s->duration.data = s;
    uint64_t seconds = s->fleet->config->duration_s;
    if (seconds > 0) uv_timer_start(&s->duration, on_duration, seconds * 1000, 0);
}

int cqsim_serve(struct cqsim_fleet *fleet)
{
    char error[CQSIM_MAX_TEXT];
    struct server s = {.fleet = fleet};
    int rc = 0;
    signal(SIGPIPE, SIG_IGN);
    raise_files();
    uv_loop_init(&s.loop);
    s.links.scratch = cqsim_alloc(CQSIM_READ_CHUNK);
    s.listeners = cqsim_alloc(fleet->n_clusters * sizeof *s.listeners);
    if (fleet->config->tls) {
        s.links.tls = cqsim_tls_context_new(&fleet->config->tls_files, error, sizeof error);
        if (s.links.tls == NULL) {
            fprintf(stderr, "cqlsim: %s\n", error);
            rc = 2;
        }
    }
    open_handles(&s);
    for (size_t i = 0; rc == 0 && i < fleet->n_clusters; i++)
        rc = open_listener(&s, i) == 0 ? 0 : 1;
    if (rc == 0) rc = announce(&s);
    if (rc != 0) stop(&s);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    if (rc == 0) write_stats(&s);
    uv_loop_close(&s.loop);
    cqsim_tls_context_free(s.links.tls);
    cqsim_buf_fini(&s.links.plain);
    free(s.links.scratch);
    free(s.listeners);
    return rc;
}
