/* SPDX-License-Identifier: Apache-2.0 */
/* `run` of the configuration: settings of the run as a whole. */
#include "cli/limits.h"
#include "cli/section.h"
#include "cli/words.h"

#define READER(name) static void name(struct cq_reading *r, const struct cq_node *v)

READER(run_concurrency)
{
    (void)cq_value_uint(r, v, "run.concurrency", 1, 1000000, &r->config->settings.concurrency);
}

READER(run_memory_max)
{
    (void)cq_value_size(r, v, "run.memory_max", &r->config->settings.memory_max);
}

READER(run_rate)
{
    const char *s;

    if (!cq_value_text(r, v, "run.rate", &s)) return;
    if (cq_parse_rate(s, &r->config->settings.rate)) return;
    cq_diag(r->d, v->at, "run.rate: '%s' is not a rate (200/s)", s);
}

READER(run_half_open)
{
    (void)cq_value_uint(r, v, "run.half_open", 1, CQ_MOST_HALF_OPEN,
                        &r->config->settings.half_open);
}

READER(run_retries)
{
    r->spec = &r->config->base;
    cq_key_retries(r, v);
}

READER(run_seed)
{
    (void)cq_value_uint(r, v, "run.seed", 1, UINT64_MAX / 100, &r->config->settings.seed);
}

READER(run_shard)
{
    struct cq_settings *to = &r->config->settings;
    const char *s, *why;

    if (!cq_value_text(r, v, "run.shard", &s)) return;
    why = cq_parse_shard(s, &to->shard, &to->shards);
    if (why) cq_diag(r->d, v->at, "run.shard: '%s': %s", s, why);
}

READER(run_fail_on)
{
    const char *s;

    if (!cq_value_text(r, v, "run.fail_on", &s)) return;
    if (cq_parse_fail_on(s, &r->config->settings.fail_on)) return;
    cq_diag(r->d, v->at, "run.fail_on: %s is expected, not '%s'", CQ_EXPECT_FAIL_ON, s);
}

READER(run_metrics_listen)
{
    const char *s;

    if (!cq_value_text(r, v, "run.metrics_listen", &s)) return;
    if (cq_parse_listen(r->pool, s, &r->config->settings.metrics_listen)) return;
    cq_diag(r->d, v->at, "run.metrics_listen: %s is expected, not '%s'", CQ_EXPECT_LISTEN, s);
}

static void path(struct cq_reading *r, const struct cq_node *v, const char *what, const char **out)
{
    const char *s;

    if (cq_value_text(r, v, what, &s)) *out = cq_value_path(r, s);
}

READER(run_state)
{
    path(r, v, "run.state", &r->config->settings.state);
}

READER(run_full_after)
{
    (void)cq_value_duration(r, v, "run.full_after", &r->config->settings.full_after_ms);
}

READER(run_dead_letters)
{
    path(r, v, "run.dead_letters", &r->config->settings.dead_letters);
}

READER(run_metrics_file)
{
    path(r, v, "run.metrics_file", &r->config->settings.metrics_file);
}

void cq_key_run(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"concurrency", run_concurrency},
        {"memory_max", run_memory_max},
        {"rate", run_rate},
        {"half_open", run_half_open},
        {"retries", run_retries},
        {"seed", run_seed},
        {"state", run_state},
        {"full_after", run_full_after},
        {"shard", run_shard},
        {"fail_on", run_fail_on},
        {"dead_letters", run_dead_letters},
        {"metrics_listen", run_metrics_listen},
        {"metrics_file", run_metrics_file},
        {NULL, NULL},
    };

    cq_section_read(r, v, "run", keys);
}
