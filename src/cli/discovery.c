/* SPDX-License-Identifier: Apache-2.0 */
/* `discovery` of the configuration (cli/discovery.h). */
#include "cli/discovery.h"

#include <string.h>

#include "cli/section.h"

#define READER(name) static void name(struct cq_reading *r, const struct cq_node *v)

READER(sd_group)
{
    (void)cq_value_text(r, v, "group", &r->discovery->group);
}

READER(sd_refresh)
{
    (void)cq_value_duration(r, v, "refresh", &r->discovery->refresh_ms);
}

READER(sd_files)
{
    const char *const *given;
    const char **list;
    size_t n = 0;

    if (!cq_value_texts(r, v, "file_sd: files", &given)) return;
    while (given[n])
        n++;
    list = cq_pool_alloc(r->pool, (n + 1) * sizeof(*list));
    for (size_t i = 0; list && i < n; i++)
        list[i] = cq_value_path(r, given[i]);
    r->discovery->files = list;
}

READER(sd_url)
{
    (void)cq_value_text(r, v, "http_sd: url", &r->discovery->fetch.url);
}

READER(sd_token)
{
    (void)cq_value_secret(r, v, "http_sd: token", &r->discovery->fetch.token);
}

READER(sd_user)
{
    (void)cq_value_text(r, v, "http_sd: user", &r->discovery->fetch.user);
}

READER(sd_password)
{
    (void)cq_value_secret(r, v, "http_sd: password", &r->discovery->fetch.password);
}

READER(sd_cacert)
{
    (void)cq_value_pem(r, v, "http_sd: cacert", &r->discovery->fetch.cacert);
}

READER(sd_cert)
{
    (void)cq_value_pem(r, v, "http_sd: cert", &r->discovery->fetch.cert);
}

READER(sd_key)
{
    (void)cq_value_pem(r, v, "http_sd: key", &r->discovery->fetch.key);
}

READER(sd_timeout)
{
    (void)cq_value_duration(r, v, "http_sd: timeout", &r->discovery->fetch.timeout_ms);
}

static struct cq_discovery *more(struct cq_reading *r, enum cq_discovery_kind kind,
                                 struct cq_place at)
{
    struct cq_config *c = r->config;

    c->discovery = cq_pool_more(r->pool, c->discovery, c->n_discovery, sizeof(*c->discovery));
    if (!c->discovery) return NULL;
    r->discovery = &c->discovery[c->n_discovery++];
    *r->discovery = (struct cq_discovery){.kind = kind, .at = at};
    r->discovery->refresh_ms = CQ_DEFAULT_REFRESH_MS;
    r->discovery->fetch.size = sizeof(r->discovery->fetch);
    return r->discovery;
}

READER(file_sd)
{
    static const struct cq_section_key keys[] = {
        {"files", sd_files}, {"refresh", sd_refresh}, {"group", sd_group}, {NULL, NULL}};
    struct cq_discovery *x = more(r, CQ_FILE_SD, v->at);
    unsigned before = r->d->n;

    if (!x) return;
    cq_section_read(r, v, "file_sd", keys);
    if (r->d->n == before && (!x->files || !x->files[0])) {
        cq_diag(r->d, v->at, "file_sd needs files: a list of paths or patterns");
    }
}

READER(http_sd)
{
    static const struct cq_section_key keys[] = {
        {"url", sd_url},       {"token", sd_token},
        {"user", sd_user},     {"password", sd_password},
        {"cacert", sd_cacert}, {"cert", sd_cert},
        {"key", sd_key},       {"refresh", sd_refresh},
        {"group", sd_group},   {"timeout", sd_timeout},
        {NULL, NULL},
    };
    struct cq_discovery *x = more(r, CQ_HTTP_SD, v->at);
    unsigned before = r->d->n;
    struct cqlcrawl_fetch *f;
    struct cq_url url;

    if (!x) return;
    cq_section_read(r, v, "http_sd", keys);
    f = &x->fetch;
    if (r->d->n != before) return;
    if (!f->url) {
        cq_diag(r->d, v->at, "http_sd needs a url");
        return;
    }
    (void)cq_check_http(r->pool, r->d, v->at, "http_sd",
                        &(struct cq_http_login){f->url, f->user, &f->token, &f->password,
                                                &f->cacert, &f->cert, &f->key},
                        &url);
}

void cq_key_discovery(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"file_sd", file_sd}, {"http_sd", http_sd}, {NULL, NULL}};

    if (!cq_section_is(r, v, CQ_NODE_LIST, "discovery")) return;
    for (const struct cq_node *e = v->first; e; e = e->next) {
        cq_section_read(r, e, "discovery", keys);
        if (e->kind == CQ_NODE_MAP && (!e->first || e->first->next)) {
            cq_diag(r->d, e->at, "discovery: an entry is one of file_sd and http_sd");
        }
    }
}
