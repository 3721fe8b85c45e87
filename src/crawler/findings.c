/* SPDX-License-Identifier: Apache-2.0 */
/* What should not be, kept in the order it was seen (crawler/findings.h). */
#include "crawler/findings.h"

#include <stdio.h>
#include "base/digest.h"

#include "base/digest.h"

static const struct {
    const char *code;
    bool orphan;
    const char *text;
} info[] = {
#define INFO(name, code, orphan, text) {code, orphan, text},
    CQ_FINDINGS(INFO)
#undef INFO
};

void cq_findings_init(struct cq_findings *f, struct cq_arena *arena)
{
    *f = (struct cq_findings){.arena = arena};
}

/* About the same thing: one record, for it has one id. */
static bool same(const struct cq_finding *a, const struct cq_finding *b)
{
    return a->code == b->code && strcmp(a->about_kind, b->about_kind) == 0 &&
           cq_eq(a->keyspace, b->keyspace) && cq_eq(a->name, b->name);
}

static bool add_to(struct cq_finding *to, const struct cq_finding *x)
{
    if (!to || !same(to, x)) return false;
    to->rows++;
    if (to->table != x->table) to->elsewhere = true;
    return true;
}

/* digest becomes XXH3-128 over itself and the hash of the part. */
static void chain(uint8_t digest[16], const void *p, size_t n)
{
    uint8_t both[32];

    memcpy(both, digest, 16);
    cq_hash128_bytes(cq_xxh3_128((cq_bytes){n ? p : "", n}), both + 16);
    cq_hash128_bytes(cq_xxh3_128((cq_bytes){both, sizeof(both)}), digest);
}

/* What is added up is the same in any order: that depends on where pages end. */
static void count_orphan(struct cq_findings *f, const struct cq_finding *x)
{
    const uint8_t what[2] = {(uint8_t)x->code, (uint8_t)x->table};
    uint8_t one[16] = {0};
    unsigned carry = 0;

    f->orphans++;
    chain(one, what, sizeof(what));
    chain(one, x->keyspace.p, x->keyspace.n);
    chain(one, x->name.p, x->name.n);
    for (size_t i = sizeof(one); i-- > 0; carry >>= 8) {
        carry += (unsigned)f->digest[i] + one[i];
        f->digest[i] = (uint8_t)carry;
    }
}

int cq_findings_add(struct cq_findings *f, enum cq_finding_code code, enum cq_table table,
                    const char *about_kind, cq_bytes keyspace, cq_bytes name)
{
    struct cq_finding x = {.code = code, .table = table, .about_kind = about_kind, .rows = 1};
    struct cq_finding *copy;

    x.keyspace = keyspace;
    x.name = name;
    f->n_all++;
    if (info[code].orphan) count_orphan(f, &x);
    if (add_to(f->last, &x) || f->n >= CQ_MAX_ANOMALIES) return 0;
    for (struct cq_finding *old = f->first; old; old = old->next)
        if (add_to(old, &x)) return 0;
    if (keyspace.p) x.keyspace = cq_arena_dup(f->arena, keyspace);
    if (name.p) x.name = cq_arena_dup(f->arena, name);
    copy = cq_arena_alloc(f->arena, sizeof(*copy));
    if (!copy || (keyspace.p && !x.keyspace.p) || (name.p && !x.name.p)) return CQ_ENOMEM;
    *copy = x;
    if (f->last) f->last->next = copy;
    if (!f->first) f->first = copy;
    f->last = copy;
    f->n++;
    return 0;
}

bool cq_finding_is_orphan(const struct cq_finding *f)
{
    return info[f->code].orphan;
}

void cq_finding_anomaly(const struct cq_finding *f, struct cq_anomaly *a)
{
    *a = (struct cq_anomaly){.code = info[f->code].code, .about_kind = f->about_kind};
    a->keyspace = f->keyspace;
    a->name = f->name;
    snprintf(a->text, sizeof(a->text), "%s%s: %s (%llu row%s)", cq_table_info(f->table)->name,
             f->elsewhere ? " and others" : "", info[f->code].text, (unsigned long long)f->rows,
             f->rows == 1 ? "" : "s");
}

void cq_findings_digest(const struct cq_findings *f, char out[33])
{
    out[0] = 0;
    if (!f->orphans) return;
    cq_hex(f->digest, sizeof(f->digest), out);
    out[32] = 0;
}
