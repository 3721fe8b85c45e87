/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the receiver (serve.h). Happy path: on_read -> feed -> pump -> uv_write -> on_written
 * -> pump. One write is under way at a time; reading stops where the inlet has no room. After the
 * last answer of a connection the socket lingers, so that a client which is still sending can read
 * it.
 */
#include "sim/receiver/serve.h"

#include "sim/files.h"
#include "sim/receiver/inlet.h"
#include "sim/receiver/queries.h"
#include "sim/tls.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { BACKLOG = 511, READ_CHUNK = 64 << 10, LINGER_MS = 2000, N_SIGNALS = 2 };

struct server;

struct wire {
    struct server *server;
    struct wire *prev, *next;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct cqsim_inlet *inlet;
    struct cqsim_tls *tls;
    struct cqsim_buf out; /* bytes of the write under way */
    size_t n_plain;       /* the inlet's bytes in it */
    bool writing, reading, closing, lingering;
    unsigned n_handles;
};

struct server {
    uv_loop_t loop;
    struct cqsim_receiver *receiver;
    uv_tcp_t listener;
    bool listens, stopping;
    uv_timer_t duration, outage;
    uv_signal_t signals[N_SIGNALS];
    struct cqsim_tls_context *tls;
    struct wire *first;
    uint8_t *scratch;
    struct cqsim_buf plain;
};

static void pump(struct wire *w);

static void set_clocks(struct server *s)
{
    s->receiver->now_ms = uv_now(&s->loop);
    s->receiver->wall_s = (uint64_t)time(NULL);
}

static void on_closed(uv_handle_t *handle)
{
    struct wire *w = handle->data;
    if (--w->n_handles > 0) return;
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        w->server->first = w->next;
    if (w->next != NULL) w->next->prev = w->prev;
    cqsim_inlet_free(w->inlet);
    cqsim_tls_free(w->tls);
    cqsim_buf_fini(&w->out);
    free(w);
}

static void close_wire(struct wire *w, bool reset)
{
    if (w->closing) return;
    w->closing = true;
    if (!reset || uv_tcp_close_reset(&w->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&w->tcp, on_closed);
    uv_close((uv_handle_t *)&w->timer, on_closed);
}

static void on_linger(uv_timer_t *timer)
{
    close_wire(timer->data, false);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct wire *w = req->data;
    if (status != 0)
        close_wire(w, false);
    else if (!w->closing)
        uv_timer_start(&w->timer, on_linger, LINGER_MS, 0);
}

static void end(struct wire *w)
{
    if (cqsim_inlet_end(w->inlet) == CQSIM_INLET_RESET) {
        close_wire(w, true);
        return;
    }
    if (w->lingering) return;
    w->lingering = true;
    w->shutdown.data = w;
    if (uv_shutdown(&w->shutdown, (uv_stream_t *)&w->tcp, on_shutdown) != 0) close_wire(w, false);
}

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct wire *w = handle->data;
    set_clocks(w->server);
    size_t n = cqsim_inlet_room(w->inlet);
    *buf = uv_buf_init((char *)w->server->scratch, (unsigned)(n > 0 ? n : 1));
}

static void feed(struct wire *w, struct cqsim_slice in)
{
    struct cqsim_buf *plain = &w->server->plain;
    if (w->tls == NULL) {
        cqsim_inlet_feed(w->inlet, in);
        return;
    }
    cqsim_buf_clear(plain);
    bool ok = cqsim_tls_feed(w->tls, in, plain);
    if (cqsim_buf_len(plain) > 0) cqsim_inlet_feed(w->inlet, cqsim_buf_slice(plain));
    if (!ok && w->inlet->end == CQSIM_INLET_OPEN) w->inlet->end = CQSIM_INLET_CLOSE;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct wire *w = stream->data;
    if (n < 0) close_wire(w, false);
    if (n <= 0 || w->closing) return;
    set_clocks(w->server);
    feed(w, (struct cqsim_slice){(const uint8_t *)buf->base, (size_t)n});
    pump(w);
}

/* Reads while there is room; else the timer asks again. */
static void steer_reading(struct wire *w)
{
    bool want = cqsim_inlet_room(w->inlet) > 0;
    if (want == w->reading || w->closing) return;
    w->reading = want;
    if (want)
        uv_read_start((uv_stream_t *)&w->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&w->tcp);
}

static void on_written(uv_write_t *req, int status)
{
    struct wire *w = req->data;
    w->writing = false;
    if (w->closing) return;
    if (status < 0) {
        close_wire(w, false);
        return;
    }
    set_clocks(w->server);
    cqsim_buf_clear(&w->out);
    cqsim_inlet_sent(w->inlet, w->n_plain);
    w->n_plain = 0;
    pump(w);
}

static void gather(struct wire *w)
{
    struct cqsim_slice s = {NULL, 0};
    if (w->tls == NULL || cqsim_tls_is_open(w->tls)) s = cqsim_inlet_pending(w->inlet);
    w->n_plain = s.n;
    if (w->tls == NULL) {
        cqsim_put(&w->out, s.p, s.n);
        return;
    }
    cqsim_tls_write(w->tls, s);
    cqsim_tls_out(w->tls, &w->out);
}

static void arm(struct wire *w)
{
    uint64_t at = cqsim_inlet_deadline(w->inlet), now = w->server->receiver->now_ms;
    if (at != UINT64_MAX) uv_timer_start(&w->timer, on_timer, at > now ? at - now : 0, 0);
}

static void begin_outage(struct server *s);

static void pump(struct wire *w)
{
    if (w->closing || w->writing || w->lingering) return;
    set_clocks(w->server);
    gather(w);
    steer_reading(w);
    if (cqsim_buf_len(&w->out) == 0) {
        if (cqsim_inlet_end(w->inlet) != CQSIM_INLET_OPEN)
            end(w);
        else
            arm(w);
        if (w->server->receiver->outage_ms > 0 && !w->inlet->answering) begin_outage(w->server);
        return;
    }
    uv_buf_t buf = uv_buf_init((char *)w->out.p, (unsigned)w->out.end);
    w->writing = true;
    w->write.data = w;
    if (uv_write(&w->write, (uv_stream_t *)&w->tcp, &buf, 1, on_written) != 0) close_wire(w, false);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct server *s = stream->data;
    if (status != 0) return;
    struct wire *w = cqsim_alloc(sizeof *w);
    set_clocks(s);
    w->server = s;
    w->n_handles = 2;
    uv_tcp_init(&s->loop, &w->tcp);
    uv_timer_init(&s->loop, &w->timer);
    w->tcp.data = w->timer.data = w;
    w->inlet = cqsim_inlet_new(s->receiver);
    if (s->tls != NULL) w->tls = cqsim_tls_new(s->tls);
    w->next = s->first;
    if (w->next != NULL) w->next->prev = w;
    s->first = w;
    if (uv_accept(stream, (uv_stream_t *)&w->tcp) != 0) {
        close_wire(w, false);
        return;
    }
    uv_tcp_nodelay(&w->tcp, 1);
    pump(w);
}

static int listen_now(struct server *s)
{
    struct cqsim_receiver_config *config = s->receiver->config;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(config->port)};
    int n = sizeof addr;
    memcpy(&addr.sin_addr, config->ip, 4);
    uv_tcp_init(&s->loop, &s->listener);
    s->listener.data = s;
    s->listens = true;
    int rc = uv_tcp_bind(&s->listener, (const struct sockaddr *)&addr, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
    if (rc == 0) rc = uv_tcp_getsockname(&s->listener, (struct sockaddr *)&addr, &n);
    if (rc != 0)
        fprintf(stderr, "cqlsim-receiver: cannot listen on %s:%u: %s\n", inet_ntoa(addr.sin_addr),
                config->port, uv_strerror(rc));
    config->port = ntohs(addr.sin_port);
    return rc;
}

static void close_all(struct server *s, bool reset)
{
    if (s->listens) uv_close((uv_handle_t *)&s->listener, NULL);
    s->listens = false;
    for (struct wire *w = s->first; w != NULL; w = w->next)
        close_wire(w, reset);
}

static void stop(struct server *s)
{
    if (s->stopping) return;
    s->stopping = true;
    close_all(s, false);
    uv_close((uv_handle_t *)&s->duration, NULL);
    uv_close((uv_handle_t *)&s->outage, NULL);
    for (unsigned i = 0; i < N_SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
}

static void on_outage_over(uv_timer_t *timer)
{
    struct server *s = timer->data;
    if (listen_now(s) != 0) stop(s);
}

static void begin_outage(struct server *s)
{
    uint64_t ms = s->receiver->outage_ms;
    s->receiver->outage_ms = 0;
    if (s->stopping) return;
    close_all(s, true);
    uv_timer_start(&s->outage, on_outage_over, ms, 0);
}

static void on_duration(uv_timer_t *timer)
{
    fputs("cqlsim-receiver: the duration is over\n", stderr);
    stop(timer->data);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data);
}

static void open_handles(struct server *s)
{
    static const int numbers[N_SIGNALS] = {SIGTERM, SIGINT};
    for (unsigned i = 0; i < N_SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&s->loop, &s->duration);
    uv_timer_init(&s->loop, &s->outage);
    s->duration.data = s->outage.data = s;
    uint64_t seconds = s->receiver->config->duration_s;
    if (seconds > 0) uv_timer_start(&s->duration, on_duration, seconds * 1000, 0);
}

static int announce(const struct server *s)
{
    const struct cqsim_receiver_config *config = s->receiver->config;
    char url[64], pid[32];
    const uint8_t *ip = config->ip;
    snprintf(url, sizeof url, "%s://%u.%u.%u.%u:%u/\n", config->tls ? "https" : "http", ip[0],
             ip[1], ip[2], ip[3], config->port);
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if ((config->pid_file != NULL && !cqsim_file_write(config->pid_file, cqsim_text(pid))) ||
        (config->url_file != NULL && !cqsim_file_write(config->url_file, cqsim_text(url)))) {
        fputs("cqlsim-receiver: cannot write the files that were asked for\n", stderr);
        return 1;
    }
    fprintf(stderr, "cqlsim-receiver: ready at %s", url);
    return 0;
}

static bool write_stats(const struct server *s)
{
    struct cqsim_buf b = {0};
    const char *path = s->receiver->config->stats_file;
    if (path == NULL) return true;
    cqsim_query_stats(s->receiver, &b);
    bool ok = cqsim_file_write(path, cqsim_buf_slice(&b));
    cqsim_buf_fini(&b);
    return ok;
}

static int prepare(struct server *s)
{
    char error[CQSIM_MAX_TEXT];
    const struct cqsim_receiver_config *config = s->receiver->config;
    struct rlimit limit;
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    bool ok = cqsim_receiver_open(s->receiver, error, sizeof error);
    if (ok && config->tls) s->tls = cqsim_tls_context_new(&config->tls_files, error, sizeof error);
    if (!ok || (config->tls && s->tls == NULL)) {
        fprintf(stderr, "cqlsim-receiver: %s\n", error);
        return 2;
    }
    return listen_now(s) != 0 || announce(s) != 0;
}

int cqsim_receiver_serve(struct cqsim_receiver *receiver)
{
    struct server s = {.receiver = receiver, .scratch = cqsim_alloc(READ_CHUNK)};
    uv_loop_init(&s.loop);
    open_handles(&s);
    receiver->started_ms = uv_now(&s.loop);
    int rc = prepare(&s);
    if (rc != 0) stop(&s);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    if (rc == 0 && !write_stats(&s)) rc = 1;
    cqsim_receiver_close(receiver);
    if (rc == 0 && receiver->store_failed) rc = 1;
    uv_loop_close(&s.loop);
    cqsim_tls_context_free(s.tls);
    cqsim_buf_fini(&s.plain);
    free(s.scratch);
    return rc;
}
