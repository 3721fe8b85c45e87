/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive URL [KEY=VALUE ...] HOST:PORT ...: a host of the library for the tests beside it. Crawls
 * the targets into the sink and says on stdout what happened, a word and a few numbers a line:
 *
 *   done NAME DELIVERY DEAD RECORDS ERR | sink STATE CODE text | letter STATUS WHY ANSWER LINE
 *   stats KEY=N ...
 *
 * Keys: the sink's (token, user, password, cacert, cert, key, encoding, in_flight, batch_records,
 * batch_bytes, batch_age, timeout, plain_key), letters=keep|fail|none, memory_max, concurrency,
 * seed, give_up=MS, wake=MS, until=parked. token, password and PEM keys name files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cqlcrawl.h"

enum { MAX_TARGETS = 4096 };

struct drive {
    cqlcrawl *c;
    struct cqlcrawl_options o;
    struct cqlcrawl_sink sink;
    const char *letters;
    const char *until;
    const char *fetch;
    unsigned long give_up_ms, wake_ms;
    const char *targets[MAX_TARGETS];
    size_t n;
};

static void fail(cqlcrawl *c, const char *what)
{
    printf("refused %s: %s\n", what, c ? cqlcrawl_last_error(c) : "");
    exit(2);
}

static int on_letter(void *ctx, const struct cqlcrawl_dead_letter *l)
{
    const struct drive *d = ctx;

    if (strcmp(d->letters, "fail") == 0) return -1;
    printf("letter %ld %s %.*s %.*s", l->status, l->why, (int)l->n_answer, l->answer, (int)l->n,
           l->line);
    return 0;
}

static void print_stats(struct drive *d)
{
    struct cqlcrawl_sink_stats s = CQLCRAWL_INIT(cqlcrawl_sink_stats);

    if (cqlcrawl_sink_stats(d->c, 0, &s)) return;
    printf("stats offered=%" PRIu64 " accepted=%" PRIu64 " dead=%" PRIu64 " pending=%" PRIu64
           " requests=%" PRIu64 " retries=%" PRIu64 " bytes=%" PRIu64 " encoded=%" PRIu64
           " in_flight=%" PRIu64 " full=%d state=%d\n",
           s.offered, s.accepted, s.dead_letters, s.pending, s.requests, s.retries, s.bytes,
           s.bytes_encoded, s.in_flight, s.full, (int)s.state);
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct drive *d = ctx;

    if (ev->kind == CQLCRAWL_EVENT_DONE) {
        printf("done %s %d %" PRIu64 " %" PRIu64 " %s\n", ev->name, (int)ev->delivery,
               ev->dead_letters, ev->records, ev->err ? ev->code : "ok");
    } else if (ev->kind == CQLCRAWL_EVENT_SINK) {
        printf("sink %d %s %s\n", ev->sink_state, ev->err ? ev->code : "ok", ev->text);
        if (d->until && ev->sink_state == CQLCRAWL_SINK_PARKED) cqlcrawl_stop(d->c);
    }
}

static void on_fetched(void *ctx, int err, const char *text, long status, const char *type,
                       const char *body, size_t n)
{
    (void)ctx;
    printf("fetched %s %ld %s %.*s %s\n", err ? cqlcrawl_errcode(err) : "ok", status,
           type ? type : "-", n > 60 ? 60 : (int)n, body, text);
}

static int text_key(struct drive *d, const char *key, const char *value)
{
    struct {
        const char *name;
        struct cqlcrawl_text *to;
    } const keys[] = {
        {"token", &d->sink.token}, {"password", &d->sink.password}, {"cacert", &d->sink.cacert},
        {"cert", &d->sink.cert},   {"key", &d->sink.key},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (strcmp(keys[i].name, key) != 0) continue;
        *keys[i].to = (struct cqlcrawl_text){CQLCRAWL_FILE, value, 0};
        return 1;
    }
    return 0;
}

static int number_key(struct drive *d, const char *key, unsigned long n)
{
    if (strcmp(key, "in_flight") == 0)
        d->sink.in_flight = (unsigned)n;
    else if (strcmp(key, "batch_records") == 0)
        d->sink.batch_records = (uint32_t)n;
    else if (strcmp(key, "batch_bytes") == 0)
        d->sink.batch_bytes = n;
    else if (strcmp(key, "batch_age") == 0)
        d->sink.batch_age_ms = n;
    else if (strcmp(key, "timeout") == 0)
        d->sink.timeout_ms = n;
    else if (strcmp(key, "plain_key") == 0)
        d->sink.plain_key = (int)n;
    else if (strcmp(key, "encoding") == 0)
        d->sink.encoding = (enum cqlcrawl_encoding)n;
    else if (strcmp(key, "memory_max") == 0)
        d->o.memory_max = n;
    else if (strcmp(key, "concurrency") == 0)
        d->o.concurrency = (unsigned)n;
    else if (strcmp(key, "seed") == 0)
        d->o.seed = n;
    else if (strcmp(key, "give_up") == 0)
        d->give_up_ms = n;
    else if (strcmp(key, "wake") == 0)
        d->wake_ms = n;
    else
        return 0;
    return 1;
}

static void read_key(struct drive *d, char *arg)
{
    char *value = strchr(arg, '=');

    *value++ = 0;
    if (text_key(d, arg, value) || number_key(d, arg, strtoul(value, NULL, 10))) return;
    if (strcmp(arg, "letters") == 0)
        d->letters = value;
    else if (strcmp(arg, "user") == 0)
        d->sink.user = value;
    else if (strcmp(arg, "until") == 0)
        d->until = value;
    else if (strcmp(arg, "fetch") == 0)
        d->fetch = value;
    else
        fail(NULL, arg);
}

static void add_target(struct drive *d, const char *address)
{
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);
    struct cqlcrawl_endpoint e;
    char host[64];
    const char *colon = strchr(address, ':');

    (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    e = (struct cqlcrawl_endpoint){host, (uint16_t)atoi(colon + 1)};
    t.endpoints = &e;
    t.n_endpoints = 1;
    if (cqlcrawl_add(d->c, &t, NULL)) fail(d->c, address);
}

static void fetch(struct drive *d)
{
    struct cqlcrawl_fetch f = CQLCRAWL_INIT(cqlcrawl_fetch);
    struct cqlcrawl_pair header = {"X-Test", "yes"};

    f.url = d->fetch;
    f.token = d->sink.token;
    f.cacert = d->sink.cacert;
    f.timeout_ms = d->sink.timeout_ms;
    f.max = d->sink.batch_bytes;
    f.headers = &header;
    f.n_headers = 1;
    f.done = on_fetched;
    if (cqlcrawl_fetch(d->c, &f)) fail(d->c, "fetch");
    cqlcrawl_run(d->c);
}

/* The library's own loop, driven by a poll: until all is done, or the time is over. */
static void run(struct drive *d)
{
    uint64_t begin = uv_hrtime();

    if (!d->give_up_ms && !d->wake_ms) {
        cqlcrawl_run(d->c);
        return;
    }
    while (cqlcrawl_active(d->c)) {
        uint64_t ms = (uv_hrtime() - begin) / 1000000;

        cqlcrawl_step(d->c);
        uv_sleep(1);
        if (d->give_up_ms && ms >= d->give_up_ms) return;
        if (d->wake_ms && ms >= d->wake_ms) {
            d->wake_ms = 0;
            cqlcrawl_sinks_wake(d->c);
        }
    }
}

int main(int argc, char **argv)
{
    static struct drive d;

    setvbuf(stdout, NULL, _IOLBF, 0);
    d.o = CQLCRAWL_INIT(cqlcrawl_options);
    d.sink = CQLCRAWL_INIT(cqlcrawl_sink);
    d.letters = "keep";
    for (int i = 2; i < argc; i++) {
        if (strchr(argv[i], '='))
            read_key(&d, argv[i]);
        else if (d.n < MAX_TARGETS)
            d.targets[d.n++] = argv[i];
    }
    d.o.event = on_event;
    d.o.ctx = d.sink.ctx = &d;
    d.sink.url = argv[1];
    d.sink.dead_letter = strcmp(d.letters, "none") == 0 ? NULL : on_letter;
    if (cqlcrawl_new(&d.c, &d.o)) fail(NULL, "new");
    if (d.fetch) {
        fetch(&d);
    } else {
        if (cqlcrawl_sink_add(d.c, &d.sink, NULL)) fail(d.c, "sink");
        for (size_t i = 0; i < d.n; i++)
            add_target(&d, d.targets[i]);
        run(&d);
        print_stats(&d);
    }
    cqlcrawl_close(d.c, NULL, NULL);
    return 0;
}
