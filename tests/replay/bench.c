/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the crawl's tests (tests/replay/bench.h). */
#include "replay/bench.h"

#include <stdlib.h>

#include "unit/base/cmocka_all.h"

void bench_begin(struct bench *b, const char *name)
{
    bool v5 = strstr(name, "-v5") != NULL;

    assert_true(recording_load(&b->rec, name, v5 ? 5 : 4, strstr(name, "lz4") != NULL));
    standin_init(&b->s, &b->rec);
    drive_init(&b->d, &b->s);
}

void bench_run(struct bench *b)
{
    assert_true(drive_run(&b->d));
    cq_buf_putc(&b->d.lines, 0);
}

void bench_again(struct bench *b)
{
    static struct cq_orphans before; /* tests run one after the other */

    before = b->d.orphans;
    b->d.o.previous = &before;
    b->d.o.attempt++;
    b->d.o.epoch++;
    cq_buf_clear(&b->d.lines);
    b->d.n_hangups = b->d.n_redials = b->d.n_steps = 0;
    standin_connect(&b->s);
    memset(b->s.asked, 0, sizeof(b->s.asked));
    bench_run(b);
}

void bench_end(struct bench *b)
{
    drive_fini(&b->d);
    standin_fini(&b->s);
    recording_fini(&b->rec);
}

bool bench_has(const struct bench *b, const char *text)
{
    return strstr((const char *)b->d.lines.p, text) != NULL;
}

unsigned bench_count(const struct bench *b, const char *text)
{
    const char *p = (const char *)b->d.lines.p;
    unsigned n = 0;

    for (; (p = strstr(p, text)) != NULL; p++)
        n++;
    return n;
}

void bench_assert_reason(const struct bench *b, const char *code, const char *table)
{
    const struct cq_scope *s = &b->d.scope;

    for (unsigned i = 0; i < s->n_reasons; i++) {
        if (strcmp(s->reasons[i].code, code) != 0) continue;
        if (!table) return;
        if (s->reasons[i].table && strcmp(s->reasons[i].table, table) == 0) return;
    }
    fail_msg("no reason %s of %s among %u (%s: %s)", code, table ? table : "any", s->n_reasons,
             s->n_reasons ? s->reasons[0].code : "", s->n_reasons ? s->reasons[0].text : "");
}

void bench_assert_complete(const struct bench *b)
{
    if (b->d.scope.read != CQ_READ_COMPLETE) fail_msg("not complete: %s", b->d.text);
    assert_int_equal(b->d.scope.n_reasons, 0);
    assert_int_equal(b->d.retry, CQ_RETRY_NO);
    assert_int_equal(b->d.err, 0);
}

/* The stretch of a line from `key` to the next comma behind a quote; empty: not there. */
static cq_bytes member(const char *line, const char *end, const char *key)
{
    size_t n = strlen(key);

    for (const char *p = line; p + n < end; p++) {
        const char *q;

        if (memcmp(p, key, n) != 0) continue;
        for (q = p + n; q < end && *q != '"'; q++)
            continue;
        return (cq_bytes){(const uint8_t *)p, (size_t)(q - p)};
    }
    return CQ_NULL;
}

static bool is_in(cq_bytes id, cq_bytes hash, const struct bench *all)
{
    const char *p = (const char *)all->d.lines.p;

    while (*p) {
        const char *end = strchr(p, '\n');

        if (cq_eq(member(p, end, "\"id\":\""), id))
            return cq_eq(member(p, end, "\"hash\":\""), hash);
        p = end + 1;
    }
    return false;
}

void bench_assert_part(const struct bench *got, const struct bench *all)
{
    const char *p = (const char *)got->d.lines.p;

    while (*p) {
        const char *end = strchr(p, '\n');
        cq_bytes id = member(p, end, "\"id\":\""), hash = member(p, end, "\"hash\":\"");

        /* scope records and anomalies have no hash */
        if (hash.p && !is_in(id, hash, all)) fail_msg("%.*s is not as it should be", CQ_FMT(id));
        p = end + 1;
    }
}
