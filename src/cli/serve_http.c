/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of `serve` (cli/serve.h). /metrics goes out in pieces, each made when the caller took
 * the one before: a large fleet's text is never whole in memory, and the loop turns in between. A
 * reload in the middle of it cuts it off: half of one fleet and half of another is no answer.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/serve.h"

struct scrape {
    struct cq_serve *v;
    struct cq_text text;
    size_t sent;
    struct cq_metrics_cursor at;
    uint64_t generation;
    bool over;
};

static void say(struct cq_answer *a, unsigned status, struct cq_text *t)
{
    a->status = t->failed ? 500 : status;
    a->text = t->p;
    a->n = t->n;
}

static void index_page(void *ctx, struct cq_answer *a)
{
    struct cq_text t = {0};

    (void)ctx;
    cq_text_printf(&t, "cqlcrawl %s\n\n", cqlcrawl_version());
    cq_text_puts(&t, "GET  /metrics      for Prometheus\n"
                     "GET  /-/healthy    200: the loop turns\n"
                     "GET  /-/ready      200: clusters are read and records are delivered\n"
                     "POST /-/reload     reads the configuration again\n");
    say(a, 200, &t);
}

static void healthy(void *ctx, struct cq_answer *a)
{
    struct cq_text t = {0};

    (void)ctx;
    cq_text_puts(&t, "healthy\n");
    say(a, 200, &t);
}

static void ready(void *ctx, struct cq_answer *a)
{
    const char *why = cq_serve_unready(ctx);
    struct cq_text t = {0};

    cq_text_printf(&t, "%s\n", why ? why : "ready");
    say(a, why ? 503 : 200, &t);
}

static void reload(void *ctx, struct cq_answer *a)
{
    struct cq_serve *v = ctx;
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_roster_change change = {0};
    struct cq_text t = {0};

    if (v->s.interrupted) {
        cq_text_puts(&t, "stopping\n");
        say(a, 503, &t);
        return;
    }
    if (cq_serve_reload(v, &d, &change)) {
        cq_text_printf(&t, "%zu clusters: %zu added, %zu changed, %zu removed\n", v->roster.n,
                       change.added, change.changed, change.removed);
        say(a, 200, &t);
    } else {
        for (unsigned i = 0; i < d.n && i < CQ_MAX_DIAGS; i++)
            cq_text_printf(&t, "%s\n", d.messages[i]);
        if (d.n > CQ_MAX_DIAGS) cq_text_printf(&t, "and %u more\n", d.n - CQ_MAX_DIAGS);
        say(a, 400, &t);
    }
    cq_pool_free(&pool);
}

/* ---- /metrics ---- */

static ssize_t more_metrics(void *source, char *p, size_t max)
{
    struct scrape *x = source;
    size_t n;

    while (x->sent == x->text.n && !x->over) {
        x->text.n = 0;
        x->sent = 0;
        if (x->generation != x->v->generation) return -1;
        x->over = !cq_serve_metrics(x->v, &x->text, &x->at, max);
    }
    if (x->text.failed) return -1;
    n = x->text.n - x->sent;
    if (n > max) n = max;
    if (n) (void)memcpy(p, x->text.p + x->sent, n);
    x->sent += n;
    return (ssize_t)n;
}

static void end_metrics(void *source)
{
    struct scrape *x = source;

    cq_text_free(&x->text);
    free(x);
}

static void metrics(void *ctx, struct cq_answer *a)
{
    struct cq_serve *v = ctx;
    struct scrape *x = calloc(1, sizeof(*x));

    a->status = x ? 200 : 500;
    if (!x) return;
    *x = (struct scrape){.v = v, .generation = v->generation};
    a->type = "text/plain; version=0.0.4; charset=utf-8";
    a->more = more_metrics;
    a->end = end_metrics;
    a->source = x;
}

const struct cq_page cq_serve_pages[] = {
    {"/", false, index_page},   {"/metrics", false, metrics}, {"/-/healthy", false, healthy},
    {"/-/ready", false, ready}, {"/-/reload", true, reload},  {0},
};
