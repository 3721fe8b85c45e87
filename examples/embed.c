/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cqlcrawl inside a program with an event loop of its own: reads the schemas of the clusters named
 * on the command line (HOST:PORT ...) and prints their records, one JSON object a line.
 *
 *   cc embed.c $(pkg-config --cflags --libs cqlcrawl libuv) -o embed &&
 * ./embed 10.0.0.1:9042 10.0.1.1:9042
 */
#define _POSIX_C_SOURCE 200809L /* uv.h needs it under -std=c11 */

#include <cqlcrawl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    (void)ctx, (void)id, (void)user_data;
    return fwrite(line, 1, n, stdout) == n ? CQLCRAWL_CONTINUE : CQLCRAWL_PAUSE;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    int *failed = ctx;

    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    if (ev->err || ev->read != CQLCRAWL_READ_COMPLETE) {
        fprintf(stderr, "%s: %s (%s)\n", ev->name, ev->text, ev->err ? ev->remedy : "incomplete");
        *failed = 1;
    }
}

static int add(cqlcrawl *c, char *where)
{
    char *colon = strrchr(where, ':');
    struct cqlcrawl_endpoint e = {where, (uint16_t)(colon ? atoi(colon + 1) : 0)};
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);

    if (colon) *colon = 0;
    t.endpoints = &e;
    t.n_endpoints = 1;
    return cqlcrawl_add(c, &t, NULL);
}

int main(int argc, char **argv)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    uv_loop_t *loop = uv_default_loop();
    int failed = 0;
    cqlcrawl *c;

    o.loop = loop;
    o.record = on_record;
    o.event = on_event;
    o.ctx = &failed;
    if (cqlcrawl_new(&c, &o)) return 1;
    for (int i = 1; i < argc; i++) {
        if (add(c, argv[i])) fprintf(stderr, "%s: %s\n", argv[i], cqlcrawl_last_error(c));
    }
    uv_run(loop, UV_RUN_DEFAULT); /* until nothing is active; a host has its own things on it */
    cqlcrawl_close(c, NULL, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    return uv_loop_close(loop) ? 1 : failed;
}
