/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks of a run (cli/receivers.h). */
#include "cli/receivers.h"

#include <string.h>

enum { DEFAULT_REQUESTS = 4 /* include/cqlcrawl.h, in_flight */ };

static const char default_name[] = "cqlcrawl-dead-letters.ndjson";

const char *cq_letters_path(struct cq_pool *pool, const struct cq_settings *settings)
{
    if (settings->dead_letters) return settings->dead_letters;
    if (!settings->state) return default_name;
    return cq_pool_printf(pool, "%s/dead-letters.ndjson", settings->state);
}

unsigned cq_receivers_requests(const struct cq_settings *settings)
{
    unsigned n = 0;

    for (size_t i = 0; i < settings->n_sinks; i++) {
        unsigned one = settings->sinks[i].s.in_flight;

        n += one ? one : DEFAULT_REQUESTS;
    }
    return n;
}

static int wrong(struct cq_session *s, struct cq_place at, int err, const char *what,
                 const char *words, const char **why)
{
    struct cq_diags d = {.pool = s->pool};

    cq_diag(&d, at, "%s: %s", what, words);
    *why = d.messages[0];
    return err;
}

int cq_receivers_open(struct cq_session *s, const struct cq_settings *settings, const char **why)
{
    size_t n = settings->n_sinks;
    int err;

    if (!n) return 0;
    s->letters.path = cq_letters_path(s->pool, settings);
    s->sinks = cq_pool_alloc(s->pool, n * sizeof(*s->sinks));
    *why = "out of memory";
    if (!s->sinks || !s->letters.path) return -1;
    err = cq_deadletters_check(s->letters.path);
    if (err) {
        return wrong(s, (struct cq_place){s->letters.path, 0, 0}, -1,
                     "dead letters could not be kept there (--dead-letters)", strerror(err), why);
    }
    for (size_t i = 0; i < n; i++) {
        struct cqlcrawl_sink k = settings->sinks[i].s;

        k.size = sizeof(k);
        k.dead_letter = cq_deadletters_keep;
        k.ctx = &s->letters;
        err = cqlcrawl_sink_add(s->c, &k, NULL);
        if (err) {
            return wrong(s, settings->sinks[i].at, err, k.name ? k.name : k.url,
                         cqlcrawl_last_error(s->c), why);
        }
        s->n_sinks++;
    }
    cq_receivers_look(s);
    return 0;
}

void cq_receivers_look(struct cq_session *s)
{
    for (size_t i = 0; i < s->n_sinks; i++) {
        s->sinks[i] = (struct cqlcrawl_sink_stats){.size = sizeof(s->sinks[i])};
        (void)cqlcrawl_sink_stats(s->c, i, &s->sinks[i]);
        if (!s->sinks[i].name) s->sinks[i].name = "?";
    }
}

static const char *copy(struct cq_pool *pool, const char *s, const char *otherwise)
{
    const char *c = s ? cq_pool_dup(pool, s, strlen(s)) : NULL;

    return c ? c : otherwise;
}

void cq_receivers_keep(struct cq_session *s)
{
    cq_receivers_look(s);
    for (size_t i = 0; i < s->n_sinks; i++) {
        struct cqlcrawl_sink_stats *k = &s->sinks[i];

        k->name = copy(s->pool, k->name, "?");
        k->code = copy(s->pool, k->code, NULL);
        k->text = copy(s->pool, k->text, NULL);
    }
}

uint64_t cq_receivers_pending(const struct cq_session *s)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->n_sinks; i++)
        n += s->sinks[i].pending;
    return n;
}
