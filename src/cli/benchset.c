/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of `bench` set, and how simulated clusters are said. */
#include "cli/setters.h"

#include <stdlib.h>
#include <string.h>

#include "cli/words.h"

enum { MOST_SIMULATED = 20000, MOST_OF_A_KIND = 10000 };

static bool parse_size(const char *s, unsigned size[3])
{
    static const struct {
        const char *name;
        unsigned size[3];
    } known[] = {{"small", {1, 5, 8}}, {"reference", {10, 20, 12}}, {"large", {50, 100, 15}}};
    char *end;

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(s, known[i].name) != 0) continue;
        memcpy(size, known[i].size, sizeof(known[i].size));
        return true;
    }
    for (int i = 0; i < 3; i++) {
        unsigned long n = *s >= '1' && *s <= '9' ? strtoul(s, &end, 10) : 0;

        if (n < 1 || n > MOST_OF_A_KIND || *end != (i < 2 ? 'x' : 0)) return false;
        size[i] = (unsigned)n;
        s = end + 1;
    }
    return size[2] >= 5; /* the key and what belongs to it */
}

bool cq_parse_simulate(const char *s, struct cq_simulate *out)
{
    const char *colon = strchr(s, ':');
    char number[16];
    size_t n = colon ? (size_t)(colon - s) : strlen(s);

    if (n >= sizeof(number)) return false;
    memcpy(number, s, n);
    number[n] = 0;
    return cq_parse_uint(number, 1, MOST_SIMULATED, &out->clusters) &&
           parse_size(colon ? colon + 1 : "reference", out->size);
}

/* ---- options ---- */

bool cq_bench_set_simulate(struct cq_args *a, struct cq_pool *pool, const char *name,
                           const char *value)
{
    (void)pool, (void)name;
    return cq_parse_simulate(value, &a->bench.simulate);
}

bool cq_bench_set_sim(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
{
    (void)pool, (void)name;
    a->bench.sim = value;
    return *value;
}

bool cq_bench_set_rounds(struct cq_args *a, struct cq_pool *pool, const char *name,
                         const char *value)
{
    (void)pool, (void)name;
    return cq_parse_uint(value, 1, 1000, &a->bench.rounds);
}

bool cq_bench_set_duration(struct cq_args *a, struct cq_pool *pool, const char *name,
                           const char *value)
{
    (void)pool, (void)name;
    return cq_parse_duration(value, &a->bench.duration_ms);
}

bool cq_bench_set_count(struct cq_args *a, struct cq_pool *pool, const char *name,
                        const char *value)
{
    (void)pool, (void)name;
    return cq_parse_uint(value, 1, UINT32_MAX, &a->bench.count);
}

bool cq_bench_set_json(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
{
    (void)pool, (void)name;
    a->bench.json = value;
    return *value;
}

bool cq_bench_set_compare(struct cq_args *a, struct cq_pool *pool, const char *name,
                          const char *value)
{
    (void)pool, (void)name;
    a->bench.compare = value;
    return *value;
}
