/* SPDX-License-Identifier: Apache-2.0 */
/* A shuffled deck of clusters, dealt from the top (chaos.h). */
#include "sim/chaos.h"

#include "sim/rng.h"

#include <stdlib.h>
#include <string.h>

static bool read_item(struct cqsim_chaos *c, const char *text, size_t n)
{
    char *end;
    if (c->n == CQSIM_MAX_CHAOS || n == 0 || n >= CQSIM_MAX_SPEC) return false;
    char *fault = c->items[c->n].fault;
    cqsim_copy_text(fault, CQSIM_MAX_SPEC, (struct cqsim_slice){(const uint8_t *)text, n});
    char *at = strrchr(fault, '@');
    if (at == NULL) return false;
    *at = 0;
    c->items[c->n].percent = strtod(at + 1, &end);
    if (end == at + 1 || strcmp(end, "%") != 0 || c->items[c->n].percent <= 0) return false;
    const char *spec = fault;
    struct cqsim_faults trial = {0};
    char error[CQSIM_MAX_SPEC];
    bool ok = cqsim_faults_parse(&spec, 1, 0, 0, &trial, error, sizeof error);
    cqsim_faults_fini(&trial);
    c->n++;
    return ok;
}

bool cqsim_chaos_parse(struct cqsim_chaos *c, const char *text)
{
    char *end;
    double sum = 0;
    *c = (struct cqsim_chaos){.seed = strtoull(text, &end, 10)};
    if (end == text || *end != ':') return false;
    for (const char *p = end + 1; *p != 0;) {
        size_t n = strcspn(p, ",");
        if (!read_item(c, p, n)) return false;
        sum += c->items[c->n - 1].percent;
        p += n + (p[n] == ',');
    }
    return c->n > 0 && sum <= 100.000001;
}

void cqsim_chaos_deal(const struct cqsim_chaos *c, uint8_t *out, size_t n)
{
    struct cqsim_rng r = cqsim_rng_for(c->seed, n, 0);
    size_t *deck = cqsim_alloc(n * sizeof *deck), at = 0;
    memset(out, 0, n);
    for (size_t i = 0; i < n; i++)
        deck[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t k = cqsim_rng_below(&r, i), swap = deck[i - 1];
        deck[i - 1] = deck[k];
        deck[k] = swap;
    }
    for (size_t i = 0; i < c->n; i++) {
        size_t count = (size_t)(c->items[i].percent * (double)n / 100 + 0.5);
        for (; count > 0 && at < n; count--)
            out[deck[at++]] = (uint8_t)(i + 1);
    }
    free(deck);
}
