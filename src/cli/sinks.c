/* SPDX-License-Identifier: Apache-2.0 */
/* `sinks` of the configuration: the keys of one, and what must hold of all (docs/configuration.md,
 * Sinks). */
#include <string.h>

#include "cli/section.h"
#include "cli/words.h"

enum { MOST_SINKS = 8 };

#define READER(name) static void name(struct cq_reading *r, const struct cq_node *v)

READER(sink_name)
{
    (void)cq_value_text(r, v, "sinks: name", &r->sink->s.name);
}

READER(sink_type)
{
    static const char *const words[] = {"ndjson", NULL};
    int i;

    (void)cq_value_word(r, v, "sinks: type", words, &i);
}

READER(sink_url)
{
    (void)cq_value_text(r, v, "sinks: url", &r->sink->s.url);
}

READER(sink_token)
{
    (void)cq_value_secret(r, v, "sinks: token", &r->sink->s.token);
}

READER(sink_user)
{
    (void)cq_value_text(r, v, "sinks: user", &r->sink->s.user);
}

READER(sink_password)
{
    (void)cq_value_secret(r, v, "sinks: password", &r->sink->s.password);
}

READER(sink_cacert)
{
    (void)cq_value_pem(r, v, "sinks: cacert", &r->sink->s.cacert);
}

READER(sink_cert)
{
    (void)cq_value_pem(r, v, "sinks: cert", &r->sink->s.cert);
}

READER(sink_key)
{
    (void)cq_value_pem(r, v, "sinks: key", &r->sink->s.key);
}

READER(sink_encoding)
{
    static const char *const words[] = {"identity", "gzip", "zstd", NULL};
    int i;

    if (cq_value_word(r, v, "sinks: encoding", words, &i)) {
        r->sink->s.encoding = (enum cqlcrawl_encoding)i;
    }
}

READER(sink_in_flight)
{
    uint64_t n;

    if (cq_value_uint(r, v, "sinks: in_flight", 1, 64, &n)) r->sink->s.in_flight = (unsigned)n;
}

READER(sink_batch_records)
{
    uint64_t n;

    if (cq_value_uint(r, v, "sinks: batch_records", 1, 100000, &n)) {
        r->sink->s.batch_records = (uint32_t)n;
    }
}

READER(sink_batch_bytes)
{
    (void)cq_value_size(r, v, "sinks: batch_bytes", &r->sink->s.batch_bytes);
}

READER(sink_batch_age)
{
    (void)cq_value_duration(r, v, "sinks: batch_age", &r->sink->s.batch_age_ms);
}

READER(sink_timeout)
{
    (void)cq_value_duration(r, v, "sinks: timeout", &r->sink->s.timeout_ms);
}

READER(sink_key_format)
{
    static const char *const words[] = {"quoted", "plain", NULL};

    (void)cq_value_word(r, v, "sinks: key_format", words, &r->sink->s.plain_key);
}

void cq_key_sinks(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"name", sink_name},
        {"type", sink_type},
        {"url", sink_url},
        {"token", sink_token},
        {"user", sink_user},
        {"password", sink_password},
        {"cacert", sink_cacert},
        {"cert", sink_cert},
        {"key", sink_key},
        {"encoding", sink_encoding},
        {"in_flight", sink_in_flight},
        {"batch_records", sink_batch_records},
        {"batch_bytes", sink_batch_bytes},
        {"batch_age", sink_batch_age},
        {"timeout", sink_timeout},
        {"key_format", sink_key_format},
        {NULL, NULL},
    };
    struct cq_sink_spec *all = cq_pool_alloc(r->pool, MOST_SINKS * sizeof(*all));
    unsigned before = r->d->n;
    size_t n = 0;

    if (!all || !cq_section_is(r, v, CQ_NODE_LIST, "sinks")) return;
    for (const struct cq_node *e = v->first; e; e = e->next) {
        if (n == MOST_SINKS) {
            cq_diag(r->d, e->at, "sinks: more than %d", MOST_SINKS);
            return;
        }
        r->sink = &all[n++];
        r->sink->s.size = sizeof(r->sink->s);
        r->sink->at = e->at;
        cq_section_read(r, e, "a sink", keys);
    }
    r->config->settings.sinks = all;
    r->config->settings.n_sinks = n;
    if (r->d->n == before) (void)cq_sinks_check(r->pool, r->d, all, n);
}

/* ---- what must hold ---- */

static bool check(struct cq_pool *pool, struct cq_diags *d, struct cq_sink_spec *k)
{
    struct cqlcrawl_sink *s = &k->s;
    struct cq_http_login l = {s->url,     s->user,  &s->token, &s->password,
                              &s->cacert, &s->cert, &s->key};
    struct cq_url url;

    if (!s->url) {
        cq_diag(d, k->at, "a sink needs a url");
        return false;
    }
    if (!cq_check_http(pool, d, k->at, "a sink", &l, &url)) return false;
    if (!s->name) {
        s->name =
            cq_pool_printf(pool, strchr(url.host, ':') ? "[%s]:%u" : "%s:%u", url.host, url.port);
    }
    return s->name != NULL;
}

bool cq_sinks_check(struct cq_pool *pool, struct cq_diags *d, struct cq_sink_spec *sinks, size_t n)
{
    unsigned before = d->n;

    for (size_t i = 0; i < n; i++) {
        if (!check(pool, d, &sinks[i])) continue;
        for (size_t k = 0; k < i; k++) {
            if (!sinks[k].s.name || strcmp(sinks[k].s.name, sinks[i].s.name) != 0) continue;
            cq_diag(d, sinks[i].at, "two sinks are called '%s': give each a name of its own",
                    sinks[i].s.name);
        }
    }
    return d->n == before;
}
