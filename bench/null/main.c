/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq-null [--protocol 4|5] [--compression none|lz4] [--walk] [--proof none] [--probe] [--window N]
 *         [--cacert FILE [--resume]] HOST PORT seq|conc|hold N
 *
 * The floor under every figure of the bench: connect, handshake, the same writes as a crawl in the
 * same protocol version, compression and page sizes, read every byte, throw it away. seq: N crawls
 * one after another; conc: N with at most --window (all) at once under one epoll; hold: N sessions
 * read and kept open, then a second's pause. --walk: unpack everything and walk every cell.
 * --probe: what an unchanged cluster is asked, and nothing else. --cacert: TLS (cq-null-tls, seq
 * and hold only) to cqlsim's certificate, --resume: each session goes on from the last. Standard
 * output: an empty object. Last line of standard error: PEER {json}, as every peer's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "null/conn.h"
#include "null/tls.h"

enum { RECEIVE = 65536, EVENTS = 256 };

struct run {
    struct null_options o;
    struct sockaddr_in to;
    const char *mode;
    unsigned n, window;
    unsigned n_begun, n_done;
    int epoll;
    const char *ca_file;
    bool resume;
    struct null_tls *tls;
    uint8_t *buf;
    struct null_counts sum;
};

void null_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("cq-null: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static int dial(const struct run *r, int flags)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (fd < 0) null_die("socket: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (const struct sockaddr *)&r->to, sizeof(r->to)) < 0 && errno != EINPROGRESS)
        null_die("connect: %s", strerror(errno));
    return fd;
}

static void flush(struct run *r, struct null_conn *c)
{
    if (r->tls && c->out_n)
        null_tls_write(r->tls, c->out, c->out_n);
    else if (c->out_n && send(c->fd, c->out, c->out_n, MSG_NOSIGNAL) != (ssize_t)c->out_n)
        null_die("send: %s", strerror(errno));
    c->out_n = 0;
}

/* 1: over, 0: go on */
static int receive(struct run *r, struct null_conn *c)
{
    ssize_t n = r->tls ? null_tls_read(r->tls, r->buf, RECEIVE) : recv(c->fd, r->buf, RECEIVE, 0);
    bool is_over;

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (n <= 0) null_die("recv: %s", n ? strerror(errno) : "the server closed");
    is_over = null_feed(c, r->buf, (size_t)n);
    flush(r, c);
    return is_over;
}

static void count(struct run *r, const struct null_counts *c)
{
    r->sum.requests += c->requests;
    r->sum.pages += c->pages;
    r->sum.bytes += c->bytes;
    r->sum.errors += c->errors;
    r->sum.rows += c->rows;
    r->sum.cells += c->cells;
    r->sum.sum += c->sum;
    r->n_done++;
}

static void one_after_another(struct run *r)
{
    struct null_conn c;
    bool is_kept = !strcmp(r->mode, "hold");

    for (unsigned i = 0; i < r->n; i++) {
        c.fd = dial(r, 0);
        if (r->tls) null_tls_open(r->tls, c.fd);
        null_begin(&c, &r->o);
        flush(r, &c);
        while (!receive(r, &c))
            ;
        if (is_kept) {
            null_tls_keep(r->tls);
        } else {
            if (r->tls) null_tls_close(r->tls);
            close(c.fd);
        }
        count(r, &c.counts);
        null_end(&c);
    }
}

static void begin_one(struct run *r, struct null_conn *c)
{
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};

    c->fd = dial(r, SOCK_NONBLOCK);
    null_begin(c, &r->o);
    epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd, &e);
    r->n_begun++;
}

static void on_event(struct run *r, struct null_conn *c)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    bool is_kept = !strcmp(r->mode, "hold");

    if (c->out_n) { /* connected: everything later is sent at once */
        epoll_ctl(r->epoll, EPOLL_CTL_MOD, c->fd, &e);
        flush(r, c);
        return;
    }
    if (!receive(r, c)) return;
    count(r, &c->counts);
    null_end(c);
    epoll_ctl(r->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    if (is_kept) return;
    close(c->fd);
    if (r->n_begun < r->n) begin_one(r, c);
}

static void all_at_once(struct run *r)
{
    struct null_conn *all = calloc(r->window, sizeof(*all));
    struct epoll_event events[EVENTS];

    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!all || r->epoll < 0) null_die("no memory for %u sessions", r->window);
    for (unsigned i = 0; i < r->window; i++)
        begin_one(r, &all[i]);
    while (r->n_done < r->n) {
        int k = epoll_wait(r->epoll, events, EVENTS, -1);

        for (int i = 0; i < k; i++)
            on_event(r, events[i].data.ptr);
    }
    free(all);
}

static long status_of(const char *key)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;

    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
            value = strtol(line + strlen(key) + 1, NULL, 10);
    if (f) fclose(f);
    return value;
}

static void report(const struct run *r, double wall)
{
    struct rusage u;
    const struct null_counts *s = &r->sum;

    getrusage(RUSAGE_SELF, &u);
    puts("{}");
    fprintf(stderr,
            "PEER {\"peer\":\"%s\",\"mode\":\"%s\",\"n\":%u,\"wall\":%.6f,\"cpu\":%.6f,"
            "\"hwm_kb\":%ld,\"rss_kb\":%ld,\"threads\":%ld,\"conns\":%u,\"requests\":%llu,"
            "\"pages\":%llu,\"bytes\":%llu,\"errors\":%llu,\"rows\":%llu,\"cells\":%llu,"
            "\"walked\":%llu,\"resumed\":%u}\n",
            r->o.walk    ? "null+walk"
            : r->o.probe ? "null probe"
                         : "null",
            r->mode, r->n, wall,
            (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
            status_of("VmHWM"), status_of("VmRSS"), status_of("Threads"),
            !strcmp(r->mode, "hold") ? r->n : 0, (unsigned long long)s->requests,
            (unsigned long long)s->pages, (unsigned long long)s->bytes,
            (unsigned long long)s->errors, (unsigned long long)s->rows,
            (unsigned long long)s->cells, (unsigned long long)s->sum, null_tls_resumed(r->tls));
}

static void option(struct run *r, const char *name, const char *value)
{
    if (!strcmp(name, "--protocol"))
        r->o.version = !strcmp(value, "5") ? 5 : 4;
    else if (!strcmp(name, "--compression"))
        r->o.lz4 = !strcmp(value, "lz4");
    else if (!strcmp(name, "--proof"))
        r->o.no_proof = !strcmp(value, "none");
    else if (!strcmp(name, "--cacert"))
        r->ca_file = value;
    else if (!strcmp(name, "--window"))
        r->window = (unsigned)strtoul(value, NULL, 10);
    else
        null_die("unknown option %s", name);
}

static void arguments(struct run *r, int argc, char **argv)
{
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        bool *flag = !strcmp(argv[i], "--walk")     ? &r->o.walk
                     : !strcmp(argv[i], "--probe")  ? &r->o.probe
                     : !strcmp(argv[i], "--resume") ? &r->resume
                                                    : NULL;

        if (flag) {
            *flag = true;
            continue;
        }
        if (i + 1 >= argc) null_die("%s wants a value", argv[i]);
        option(r, argv[i], argv[i + 1]);
        i++;
    }
    if (argc - i != 4) null_die("usage: cq-null [OPTIONS] HOST PORT seq|conc|hold N");
    r->to.sin_family = AF_INET;
    r->to.sin_port = htons((uint16_t)strtoul(argv[i + 1], NULL, 10));
    if (inet_pton(AF_INET, argv[i], &r->to.sin_addr) != 1) null_die("%s: no address", argv[i]);
    r->mode = argv[i + 2];
    r->n = (unsigned)strtoul(argv[i + 3], NULL, 10);
    if (!r->window || r->window > r->n || !strcmp(r->mode, "hold")) r->window = r->n;
    if (!r->n) null_die("no crawls");
}

int main(int argc, char **argv)
{
    struct run r = {.o = {.version = 5}};
    struct timespec t0, t1;

    arguments(&r, argc, argv);
    r.buf = malloc(RECEIVE);
    if (!r.buf) null_die("no memory");
    if (r.ca_file && !strcmp(r.mode, "conc")) null_die("TLS goes with seq and hold only");
    if (r.ca_file)
        r.tls = null_tls_new(r.ca_file, "cqlsim.example", r.resume, !strcmp(r.mode, "hold"));
    clock_gettime(CLOCK_MONOTONIC, &t0);
    if (!strcmp(r.mode, "seq") || r.tls)
        one_after_another(&r);
    else if (!strcmp(r.mode, "conc") || !strcmp(r.mode, "hold"))
        all_at_once(&r);
    else
        null_die("no mode is called %s", r.mode);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    if (!strcmp(r.mode, "hold")) sleep(1);
    report(&r, (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
    null_tls_free(r.tls);
    free(r.buf);
    return r.sum.errors ? 1 : 0;
}
