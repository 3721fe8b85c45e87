/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a run and their grammars (cli/settings.h). */
#include "cli/settings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "cli/words.h"

enum { MOST_SHARDS = 100000, LONGEST_NUMBER = 24, LONGEST_ADDRESS = 64 };

#define TAKE(field)                                                                                \
    do {                                                                                           \
        if (!over->field) over->field = under->field;                                              \
    } while (0)

void cq_settings_inherit(struct cq_settings *over, const struct cq_settings *under)
{
    TAKE(concurrency);
    TAKE(memory_max);
    TAKE(rate);
    TAKE(half_open);
    TAKE(seed);
    TAKE(state);
    TAKE(full_after_ms);
    TAKE(dead_letters);
    TAKE(metrics_file);
    if (!over->fail_on.kind) over->fail_on = under->fail_on;
    if (!over->metrics_listen.host) over->metrics_listen = under->metrics_listen;
    if (!over->shards) {
        over->shard = under->shard;
        over->shards = under->shards;
    }
    if (!over->n_sinks) {
        over->sinks = under->sinks;
        over->n_sinks = under->n_sinks;
    }
}

bool cq_fails(const struct cq_fail_on *f, uint64_t bad, uint64_t all)
{
    switch (f->kind) {
    case CQ_FAIL_NONE:
        return false;
    case CQ_FAIL_COUNT:
        return bad >= f->n;
    case CQ_FAIL_PERCENT:
        return bad && bad * 100 >= f->n * all;
    case CQ_FAIL_UNSAID:
        break;
    }
    return bad > 0;
}

/* The first n bytes as a number. */
static bool number(const char *s, size_t n, uint64_t max, uint64_t *v)
{
    char t[LONGEST_NUMBER];

    if (n >= sizeof(t)) return false;
    memcpy(t, s, n);
    t[n] = 0;
    return cq_parse_uint(t, 1, max, v);
}

bool cq_parse_rate(const char *s, uint64_t *per_second)
{
    const char *slash = strchr(s, '/');

    return slash && strcmp(slash, "/s") == 0 && number(s, (size_t)(slash - s), 1000000, per_second);
}

bool cq_parse_fail_on(const char *s, struct cq_fail_on *out)
{
    size_t n = strlen(s);

    *out = (struct cq_fail_on){CQ_FAIL_COUNT, 1};
    if (strcmp(s, "any") == 0) return true;
    if (strcmp(s, "none") == 0) {
        out->kind = CQ_FAIL_NONE;
        return true;
    }
    if (!n || s[n - 1] != '%') return number(s, n, 1000000000, &out->n);
    out->kind = CQ_FAIL_PERCENT;
    return number(s, n - 1, 100, &out->n);
}

bool cq_parse_listen(struct cq_pool *pool, const char *s, struct cqlcrawl_endpoint *out)
{
    const char *colon = strrchr(s, ':');
    unsigned char address[16];
    char host[LONGEST_ADDRESS];
    size_t n = colon ? (size_t)(colon - s) : 0;
    bool v6 = s[0] == '[';
    uint64_t port;

    if (!colon || !cq_parse_uint(colon + 1, 1, 65535, &port)) return false;
    if (v6) {
        if (n < 2 || s[n - 1] != ']') return false;
        s++;
        n -= 2;
    }
    if (n >= sizeof(host)) return false;
    memcpy(host, s, n);
    host[n] = 0;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, host, address) != 1) return false;
    *out = (struct cqlcrawl_endpoint){cq_pool_dup(pool, host, n), (uint16_t)port};
    return true;
}

/* ---- shards ---- */

static bool variable(const char *name, uint64_t min, uint64_t *v)
{
    const char *s = getenv(name);

    return s && cq_parse_uint(s, min, UINT32_MAX, v);
}

/* Index (from 0) and number of tasks of the array job that this is one of. */
static bool of_array_job(uint64_t *i, uint64_t *n)
{
    uint64_t first = 0;

    if (variable("JOB_COMPLETION_INDEX", 0, i))
        return true; /* how many there are, it does not say */
    if (variable("AWS_BATCH_JOB_ARRAY_INDEX", 0, i)) {
        (void)variable("AWS_BATCH_JOB_ARRAY_SIZE", 1, n);
        return true;
    }
    if (!variable("SLURM_ARRAY_TASK_ID", 0, i)) return false;
    (void)variable("SLURM_ARRAY_TASK_COUNT", 1, n);
    (void)variable("SLURM_ARRAY_TASK_MIN", 0, &first);
    *i = *i >= first ? *i - first : UINT32_MAX;
    return true;
}

static const char *automatic(const char *rest, uint64_t *i, uint64_t *n)
{
    uint64_t said = 0;

    *n = 0;
    if (*rest && (*rest != '/' || !number(rest + 1, strlen(rest + 1), MOST_SHARDS, &said))) {
        return "auto or auto/N is expected";
    }
    if (!of_array_job(i, n)) {
        return "auto: neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID nor "
               "AWS_BATCH_JOB_ARRAY_INDEX is set";
    }
    if (said) *n = said;
    if (!*n) return "auto: the environment does not say how many tasks there are: say auto/N";
    ++*i;
    return NULL;
}

const char *cq_parse_shard(const char *s, unsigned *shard, unsigned *shards)
{
    const char *slash = strchr(s, '/'), *why = NULL;
    uint64_t i = 0, n = 0;

    if (strncmp(s, "auto", 4) == 0) {
        why = automatic(s + 4, &i, &n);
        if (why) return why;
    } else if (!slash || !number(s, (size_t)(slash - s), MOST_SHARDS, &i) ||
               !number(slash + 1, strlen(slash + 1), MOST_SHARDS, &n)) {
        return "I/N is expected, I from 1 to N: 1/4, 2/4, 3/4, 4/4";
    }
    if (i > n || n > MOST_SHARDS) return "I is from 1 to N, and N at most 100000";
    *shard = (unsigned)i;
    *shards = (unsigned)n;
    return NULL;
}
