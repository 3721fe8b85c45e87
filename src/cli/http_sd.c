/* SPDX-License-Identifier: Apache-2.0 */
/* Lists over HTTP (cli/http_sd.h). */
#include "cli/http_sd.h"

#include <string.h>
#include <strings.h>

#include "cli/yaml.h"

static bool is_json(const char *content_type)
{
    size_t n = strlen("application/json");

    if (!content_type || strncasecmp(content_type, "application/json", n) != 0) return false;
    return !content_type[n] || content_type[n] == ';' || content_type[n] == ' ';
}

bool cq_http_sd_request(struct cq_inventory *inv, const struct cq_discovery *x,
                        struct cqlcrawl_fetch *out)
{
    struct cqlcrawl_pair *headers = cq_pool_alloc(&inv->pool, 2 * sizeof(*headers));
    unsigned long long seconds = (x->refresh_ms + 999) / 1000;

    if (!headers) return false;
    headers[0] = (struct cqlcrawl_pair){"Accept", "application/json"};
    headers[1].name = "X-Prometheus-Refresh-Interval-Seconds";
    headers[1].value = cq_pool_printf(&inv->pool, "%llu", seconds);
    *out = x->fetch;
    out->headers = headers;
    out->n_headers = 2;
    return headers[1].value != NULL;
}

bool cq_http_sd_take(struct cq_inventory *inv, struct cq_diags *d, struct cq_discovery *x, int err,
                     const char *text, long status, const char *content_type, const char *body,
                     size_t n)
{
    const char *url = x->fetch.url;
    char *copy;

    if (err) {
        cq_diag(d, x->at, "http_sd: %s: %s", url, text ? text : cqlcrawl_strerror(err));
    } else if (status != 200) {
        cq_diag(d, x->at, "http_sd: %s answers with status %ld, not 200", url, status);
    } else if (!is_json(content_type)) {
        cq_diag(d, x->at, "http_sd: %s sends '%s', not application/json", url,
                content_type ? content_type : "no content type");
    } else {
        copy = cq_pool_dup(&inv->pool, body, n);
        if (!copy) cq_diag(d, x->at, "out of memory");
        x->n_body = copy ? cq_yaml_from_json(copy, n) : 0;
        x->body = copy;
    }
    return x->body != NULL;
}

bool cq_http_sd_keep(struct cq_inventory *inv, struct cq_discovery *x,
                     const struct cq_inventory *old)
{
    for (size_t i = 0; i < old->config.n_discovery; i++) {
        const struct cq_discovery *was = &old->config.discovery[i];

        if (was->kind != CQ_HTTP_SD || !was->body) continue;
        if (strcmp(was->fetch.url, x->fetch.url) != 0) continue;
        x->body = cq_pool_dup(&inv->pool, was->body, was->n_body);
        x->n_body = was->n_body;
        return x->body != NULL;
    }
    return false;
}

/* ---- all of them, at once ---- */

struct asking {
    struct cq_inventory *inv;
    struct cq_diags *d;
    struct cq_discovery *x;
    size_t *pending;
};

static void on_answer(void *ctx, int err, const char *text, long status, const char *content_type,
                      const char *body, size_t n)
{
    struct asking *k = ctx;

    --*k->pending;
    (void)cq_http_sd_take(k->inv, k->d, k->x, err, text, status, content_type, body, n);
}

static void ask(cqlcrawl *c, struct asking *k)
{
    struct cqlcrawl_fetch f;

    if (!cq_http_sd_request(k->inv, k->x, &f)) {
        cq_diag(k->d, k->x->at, "out of memory");
        return;
    }
    f.done = on_answer;
    f.ctx = k;
    if (cqlcrawl_fetch(c, &f)) {
        cq_diag(k->d, k->x->at, "http_sd: %s: %s", k->x->fetch.url, cqlcrawl_last_error(c));
    } else {
        ++*k->pending;
    }
}

static void wait_for(cqlcrawl *c, const size_t *pending)
{
    while (*pending)
        (void)cqlcrawl_poll(c, NULL, 0, -1);
}

bool cq_http_sd_get(struct cq_inventory *inv, struct cq_diags *d)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct cq_config *config = &inv->config;
    struct asking *all;
    size_t pending = 0, n = 0;
    unsigned before = d->n;
    cqlcrawl *c;

    for (size_t i = 0; i < config->n_discovery; i++)
        n += config->discovery[i].kind == CQ_HTTP_SD;
    if (!n) return true;
    all = cq_pool_alloc(&inv->pool, config->n_discovery * sizeof(*all));
    if (!all || cqlcrawl_new(&c, &o)) {
        cq_diag(d, config->discovery[0].at, "out of memory");
        return false;
    }
    for (size_t i = 0; i < config->n_discovery; i++) {
        all[i] = (struct asking){inv, d, &config->discovery[i], &pending};
        if (all[i].x->kind == CQ_HTTP_SD) ask(c, &all[i]);
    }
    wait_for(c, &pending);
    cqlcrawl_close(c, NULL, NULL);
    return d->n == before;
}
