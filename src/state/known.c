/* SPDX-License-Identifier: Apache-2.0 */
/* The rules over what is known of a cluster (state/known.h). */
#include "state/known.h"

#include "base/clock.h"

uint64_t cq_known_epoch(uint64_t last, int64_t wall_ms)
{
    int64_t ms = wall_ms - (int64_t)CQ_EPOCH_2020_MS;
    uint64_t now = ms > 0 ? (uint64_t)ms / 1000 : 0;

    return now > last ? now : last + 1;
}

/* FNV-1a */
static uint64_t spread(cq_bytes name)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < name.n; i++)
        h = (h ^ name.p[i]) * 1099511628211u;
    return h ^ (h >> 32);
}

/* Full reads of clusters that were read together come up to a quarter earlier, each at its own
 * time. */
static bool is_fresh(const struct cq_complete *c, const struct cq_wanted *w)
{
    uint64_t limit = w->full_after_ms;
    uint64_t age;

    if (w->wall_ms < c->finished_ms) return false;
    age = (uint64_t)(w->wall_ms - c->finished_ms);
    if (limit == UINT64_MAX) return true;
    if (limit >= 4) limit -= spread(w->name) % (limit / 4);
    return age < limit;
}

bool cq_complete_stands(const struct cq_complete *c, const struct cq_wanted *w)
{
    if (!c->epoch || !c->proof || !c->schema_version[0] || !c->digest[0]) return false;
    if (c->proof < w->proof || c->hash_v != w->hash_v) return false;
    if (strcmp(c->filters_hash, w->filters_hash) != 0) return false;
    if (strcmp(c->settings, w->settings) != 0) return false;
    return is_fresh(c, w);
}

/* ---- identity ---- */

/* Where host_id is, or belongs. */
static unsigned place(const struct cq_identity *i, const uint8_t *host_id)
{
    unsigned at = 0;

    while (at < i->n_hosts && memcmp(i->hosts[at], host_id, 16) < 0)
        at++;
    return at;
}

bool cq_identity_has(const struct cq_identity *i, cq_bytes host_id)
{
    unsigned at;

    if (host_id.n != 16) return false;
    at = place(i, host_id.p);
    return at < i->n_hosts && memcmp(i->hosts[at], host_id.p, 16) == 0;
}

void cq_identity_add(struct cq_identity *i, cq_bytes host_id)
{
    unsigned at, behind;

    if (host_id.n != 16 || cq_identity_has(i, host_id)) return;
    at = place(i, host_id.p);
    if (at == CQ_MAX_IDENTITY_HOSTS) return;
    if (i->n_hosts < CQ_MAX_IDENTITY_HOSTS) i->n_hosts++;
    behind = i->n_hosts - at - 1;
    memmove(i->hosts[at + 1], i->hosts[at], behind * sizeof(i->hosts[0]));
    memcpy(i->hosts[at], host_id.p, 16);
}

bool cq_identity_same(const struct cq_identity *a, const struct cq_identity *b)
{
    return strcmp(a->cluster_name, b->cluster_name) == 0 &&
           strcmp(a->partitioner, b->partitioner) == 0 && a->whole == b->whole &&
           a->n_hosts == b->n_hosts && memcmp(a->hosts, b->hosts, a->n_hosts * 16) == 0;
}

void cq_identity_text(char out[CQ_MAX_IDENTITY_TEXT], cq_bytes text)
{
    size_t n = text.n < CQ_MAX_IDENTITY_TEXT - 1 ? text.n : CQ_MAX_IDENTITY_TEXT - 1;

    if (n) memcpy(out, text.p, n);
    out[n] = 0;
}

static bool differ(const char *before, const char *now)
{
    return *before && *now && strcmp(before, now) != 0;
}

/* The class without its package. */
static const char *last_name(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');

    return dot ? dot + 1 : class_name;
}

int cq_identity_check(const struct cq_identity *before, const struct cq_identity *now, bool common,
                      struct cq_fault *f)
{
    bool hosts = before->whole && now->whole && before->n_hosts && now->n_hosts && !common;

    if (!before->cluster_name[0] || !now->cluster_name[0]) return 0;
    if (differ(before->cluster_name, now->cluster_name) ||
        differ(before->partitioner, now->partitioner))
        return cq_fault_set(f, CQ_EIDENTITY,
                            "known as '%.120s' (%.60s), now '%.120s' (%.60s) answers",
                            before->cluster_name, last_name(before->partitioner), now->cluster_name,
                            last_name(now->partitioner));
    if (!hosts) return 0;
    return cq_fault_set(
        f, CQ_EIDENTITY,
        "another cluster that is called '%.120s', too: of the %u nodes known none is "
        "among the %u that it has",
        now->cluster_name, before->n_hosts, now->n_hosts);
}

/* ---- greetings ---- */

bool cq_greeting_make(struct cq_greeting *g, cq_bytes body, cq_bytes release, int64_t wall_ms)
{
    *g = (struct cq_greeting){.learnt_ms = wall_ms};
    if (body.n == 0 || body.n > CQ_MAX_GREETING) return false;
    if (release.n == 0 || release.n >= CQ_MAX_RELEASE || memchr(release.p, 0, release.n))
        return false;
    g->n = (uint16_t)body.n;
    memcpy(g->body, body.p, body.n);
    memcpy(g->release, release.p, release.n);
    return true;
}

bool cq_greeting_is_of(const struct cq_greeting *g, cq_bytes release)
{
    return cq_eq(cq_str(g->release), release);
}
