/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sink/retry.h"
#include "sink/sink_impl.h"
#include "unit/sink/world.h"

enum fate { PENDING, ACCEPTED, REJECTED, TOO_LARGE, LOST };

struct record {
    enum fate fate;
    uint32_t key; /* index + 1 of the request that had it taken */
    bool poison, huge;
};

struct cluster {
    struct cq_sink_client client;
    unsigned next;     /* record to offer */
    unsigned answered; /* records in front that are accepted or dead: no gap */
    bool waits;
    struct record records[WORLD_RECORDS];
};

struct flight {
    bool busy;
    uint64_t due_ns;
    struct cq_http_response answer;
    char retry_after[64];
    bool takes; /* the receiver stores the body */
    struct cq_sink_send send;
};

struct world {
    struct cq_sink sink;
    struct cq_mem mem;
    const struct world_faults *faults;
    struct world_result *out;
    struct cq_rand random;
    uint64_t now_ns, closed_until_ns; /* no request may begin before */
    struct cluster clusters[WORLD_CLUSTERS];
    struct flight flights[CQ_MAX_LANES];
    unsigned in_flight;
    unsigned failed; /* requests in a row while the sink was open */
    char keys[WORLD_KEYS][64];
    size_t sizes[WORLD_KEYS]; /* of the bodies that they came with first */
    uint32_t n_keys;
    unsigned letters;
    bool memory_fails;
};

static const int64_t wall_begin = 1700000000000;

static uint64_t roll(struct world *w, uint64_t n)
{
    return cq_rand_below(&w->random, n);
}

static bool by_chance(struct world *w, unsigned per_mille)
{
    return roll(w, 1000) < per_mille;
}

static struct cq_sink_now now(const struct world *w)
{
    return (struct cq_sink_now){w->now_ns, wall_begin + (int64_t)(w->now_ns / CQ_MS(1))};
}

static void *resize(void *ctx, void *p, size_t n)
{
    struct world *w = ctx;

    if (n == 0) {
        free(p);
        return NULL;
    }
    if (w->memory_fails && by_chance(w, w->faults->no_memory)) return NULL;
    return realloc(p, n);
}

/* ---- what must hold at every moment ---- */

static void check(const struct world *w)
{
    const struct cq_sink *s = &w->sink;
    uint64_t waiting = 0, accepted = 0, dead = 0, offered = 0;

    for (unsigned i = 0; i < s->o.lanes; i++)
        waiting += s->lanes[i].blocks[0].records + s->lanes[i].blocks[1].records;
    assert_int_equal(s->counts.offered, s->counts.accepted + s->counts.dead + waiting);
    for (unsigned i = 0; i < WORLD_CLUSTERS; i++) {
        const struct cq_sink_client *c = &w->clusters[i].client;

        offered += c->offered;
        accepted += c->accepted;
        dead += c->dead;
    }
    assert_int_equal(offered, s->counts.offered);
    assert_int_equal(accepted, s->counts.accepted);
    assert_int_equal(dead, s->counts.dead);
    assert_int_equal(s->in_flight, w->in_flight);
    assert_true(w->in_flight <= s->o.lanes);
}

/* ---- records ---- */

/* "cluster record kind padding\n" */
static cq_bytes line_of(struct world *w, unsigned cluster, unsigned record, char *room)
{
    struct record *r = &w->clusters[cluster].records[record];
    int n;

    r->poison = by_chance(w, w->faults->poison);
    r->huge = by_chance(w, w->faults->huge);
    n = sprintf(room, "%u %u %c ", cluster, record, r->poison ? 'P' : '.');
    for (size_t pad = r->huge ? w->faults->limit : roll(w, 300); pad > 0; pad--)
        room[n++] = 'x';
    room[n++] = '\n';
    return (cq_bytes){(uint8_t *)room, (size_t)n};
}

static void end_of(struct world *w, unsigned cluster, unsigned record, enum fate fate)
{
    struct cluster *c = &w->clusters[cluster];

    assert_int_equal(c->records[record].fate, PENDING);
    c->records[record].fate = fate;
    while (c->answered < WORLD_RECORDS && c->records[c->answered].fate != PENDING)
        c->answered++;
    if (fate != LOST) assert_true(c->answered > record); /* nothing before it is left */
}

static void offer_some(struct world *w)
{
    static char room[1 << 16];

    for (unsigned i = 0; i < WORLD_CLUSTERS; i++) {
        struct cluster *c = &w->clusters[i];

        for (uint64_t n = roll(w, 12); n > 0 && !c->waits && c->next < WORLD_RECORDS; n--) {
            unsigned record = c->next++;
            cq_bytes line = line_of(w, i, record, room);
            enum cq_offer o = cq_sink_offer(&w->sink, &c->client, line, w->now_ns);

            c->waits = o == CQ_OFFER_FULL;
            if (o == CQ_OFFER_LOST) end_of(w, i, record, LOST);
            w->out->lost += o == CQ_OFFER_LOST;
        }
        check(w);
    }
}

static bool all_offered(const struct world *w)
{
    for (unsigned i = 0; i < WORLD_CLUSTERS; i++) {
        if (w->clusters[i].next < WORLD_RECORDS) return false;
    }
    return true;
}

/* ---- the receiver ---- */

static uint32_t key_of(struct world *w, const struct cq_http_request *r, bool *known)
{
    const char *key = NULL;

    for (unsigned i = 0; i < r->n_headers; i++) {
        if (strncmp(r->headers[i], "Idempotency-Key: ", 17) == 0) key = r->headers[i] + 17;
    }
    assert_non_null(key);
    *known = false;
    for (uint32_t i = 0; i < w->n_keys; i++) {
        *known = strcmp(w->keys[i], key) == 0;
        if (!*known) continue;
        assert_int_equal(w->sizes[i], r->body.n); /* one key, one payload */
        return i + 1;
    }
    assert_true(w->n_keys < WORLD_KEYS);
    (void)snprintf(w->keys[w->n_keys], sizeof(w->keys[0]), "%s", key);
    w->sizes[w->n_keys] = r->body.n;
    return ++w->n_keys;
}

/* Takes each record of the body; one that it has already may come under the same key only. */
static void take(struct world *w, const struct flight *f)
{
    bool known;
    uint32_t key = key_of(w, &f->send.request, &known);
    const struct cq_lane *l = &w->sink.lanes[f->send.lane];
    const char *at = (const char *)l->plain.p, *end = at + l->plain.n;

    for (unsigned cluster, record; at < end; at = strchr(at, '\n') + 1) {
        struct record *r;

        assert_int_equal(sscanf(at, "%u %u", &cluster, &record), 2);
        r = &w->clusters[cluster].records[record];
        assert_true(r->key == 0 || r->key == key);
        r->key = key;
    }
    w->out->duplicates += known;
}

static bool has_poison(const struct world *w, unsigned lane)
{
    const struct cq_lane *l = &w->sink.lanes[lane];

    return memmem(l->plain.p, l->plain.n, " P ", 3) != NULL;
}

static bool is_known(struct world *w, const struct cq_http_request *r)
{
    const char *key = r->headers[1] + 17;

    for (uint32_t i = 0; i < w->n_keys; i++) {
        if (strcmp(w->keys[i], key) == 0) return true;
    }
    return false;
}

static void set_retry_after(struct world *w, struct flight *f)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint64_t seconds = roll(w, 20);
    time_t at = (time_t)((wall_begin + (int64_t)(f->due_ns / CQ_MS(1))) / 1000) + (time_t)seconds;
    struct tm tm;

    f->answer.retry_after = f->retry_after;
    if (by_chance(w, 500)) {
        (void)snprintf(f->retry_after, sizeof(f->retry_after), "%u", (unsigned)seconds);
        return;
    }
    (void)gmtime_r(&at, &tm);
    (void)snprintf(f->retry_after, sizeof(f->retry_after), "Mon, %02d %.3s %d %02d:%02d:%02d GMT",
                   tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
}

static bool fails(struct world *w, struct flight *f)
{
    static const long busy[] = {503, 429, 408, 425, 500, 502};
    const struct world_faults *k = w->faults;

    if (w->now_ns < k->outage_ns || by_chance(w, k->flaky)) {
        f->answer.status = 503;
        return true;
    }
    if (by_chance(w, k->reset)) {
        f->answer.err = by_chance(w, 500) ? CQ_ERESET : CQ_ETIMEOUT;
        f->answer.stale = by_chance(w, 300);
        return true;
    }
    if (by_chance(w, k->busy)) {
        f->answer.status = busy[roll(w, sizeof(busy) / sizeof(*busy))];
        if (by_chance(w, 500)) set_retry_after(w, f);
        return true;
    }
    if (by_chance(w, k->parked)) {
        f->answer.status = by_chance(w, 500) ? 401 : 404;
        return true;
    }
    return false;
}

static void decide(struct world *w, struct flight *f)
{
    const struct world_faults *k = w->faults;
    const struct cq_http_request *r = &f->send.request;
    bool known = is_known(w, r);

    f->answer = (struct cq_http_response){.text = "", .body = CQ_LIT("because")};
    if (fails(w, f)) return;
    if (!known && k->no_encoding && r->n_headers == 3) {
        f->answer.status = 415;
    } else if (!known && k->limit && w->sink.lanes[f->send.lane].plain.n > k->limit) {
        f->answer.status = 413;
    } else if (!known && has_poison(w, f->send.lane)) {
        f->answer.status = by_chance(w, 500) ? 400 : 422;
    } else if (known && by_chance(w, k->conflict)) {
        f->answer.status = 409;
    } else {
        f->answer.status = by_chance(w, 500) ? 204 : 200;
        f->takes = true;
        if (by_chance(w, k->lost_answer)) f->answer.err = CQ_ECLOSED;
    }
}

/* ---- the shell ---- */

static bool send_all(struct world *w)
{
    struct cq_sink_send send;
    enum cq_sink_act act;

    while ((act = cq_sink_next(&w->sink, w->now_ns, &send)) == CQ_SINK_SEND) {
        struct flight *f = &w->flights[send.lane];

        assert_false(f->busy);
        assert_true(w->now_ns >= w->closed_until_ns);
        assert_true(w->now_ns >= w->sink.lanes[send.lane].not_before_ns);
        assert_true(w->sink.state == CQ_SINK_OPEN || w->in_flight == 0);
        *f = (struct flight){.busy = true, .send = send};
        f->due_ns = w->now_ns + roll(w, CQ_MS(50));
        decide(w, f);
        if (f->takes) take(w, f);
        w->in_flight++;
        w->out->in_outage += w->now_ns < w->faults->outage_ns;
        check(w);
    }
    return act == CQ_SINK_WORK;
}

static void settle_fates(struct world *w, enum fate fate, cq_bytes lines)
{
    const char *at = (const char *)lines.p, *end = at + lines.n;

    for (unsigned cluster, record; at < end; at = strchr(at, '\n') + 1) {
        assert_int_equal(sscanf(at, "%u %u", &cluster, &record), 2);
        end_of(w, cluster, record, fate);
    }
}

enum effect { SUCCESS, FAILURE, NEITHER };

static enum effect effect_of(const struct flight *f, const struct cq_lane *l)
{
    if (f->answer.err) return f->answer.stale && !l->stale ? NEITHER : FAILURE;
    if (f->answer.status < 300) return SUCCESS;
    switch (f->answer.status) {
    case 400:
    case 413:
    case 422:
        return SUCCESS; /* it works; the records do not */
    case 401:
    case 404:
    case 415:
        return NEITHER;
    default:
        return FAILURE;
    }
}

/* One failure makes its lane wait and nobody else; as many in a row as there are lanes, everybody.
 */
static void check_waits(struct world *w, const struct flight *f, const struct cq_lane *l,
                        enum effect effect, bool was_open)
{
    uint64_t asked = cq_sink_retry_after(f->answer.retry_after, now(w).wall_ms);
    unsigned doubled = l->tries == 0 ? 0 : l->tries < 16 ? l->tries - 1 : 16;
    uint64_t most = CQ_SINK_RETRY_BASE << doubled;

    if (effect == SUCCESS) w->failed = 0;
    if (effect == FAILURE && was_open) {
        bool alone = ++w->failed < w->sink.o.lanes && !asked;

        assert_int_equal(w->sink.state, alone ? CQ_SINK_OPEN : CQ_SINK_COOLING);
        if (alone) assert_true(l->not_before_ns <= w->now_ns + most);
    }
    if (w->sink.state != CQ_SINK_OPEN) w->failed = 0;
}

static void answer(struct world *w, unsigned lane)
{
    static char copy[1 << 20];
    struct flight *f = &w->flights[lane];
    struct cq_lane *l = &w->sink.lanes[lane];
    struct cq_sink_letter letter;
    cq_bytes plain = {(uint8_t *)copy, l->plain.n};
    bool kept, was_open = w->sink.state == CQ_SINK_OPEN;
    enum effect effect = effect_of(f, l);

    memcpy(copy, l->plain.p, l->plain.n);
    copy[plain.n] = 0;
    f->busy = false;
    w->in_flight--;
    if (!f->answer.err && f->answer.retry_after) {
        uint64_t until = w->now_ns + cq_sink_retry_after(f->answer.retry_after, now(w).wall_ms);

        if (until > w->closed_until_ns) w->closed_until_ns = until;
    }
    if (!f->answer.err && f->answer.status < 300) settle_fates(w, ACCEPTED, plain);
    if (!cq_sink_answer(&w->sink, lane, &f->answer, false, now(w), &letter)) {
        check_waits(w, f, l, effect, was_open);
        return;
    }
    assert_true(cq_eq(letter.line, plain));
    kept = !w->faults->letters_fail || w->letters++ % 3 != 0;
    if (kept) {
        settle_fates(w, strcmp(letter.why, "rejected") == 0 ? REJECTED : TOO_LARGE, plain);
    }
    cq_sink_kept(&w->sink, lane, kept, now(w));
    check_waits(w, f, l, kept ? effect : NEITHER, was_open);
}

static void hear(struct world *w)
{
    struct cq_sink_client *c;

    for (unsigned i = 0; i < w->sink.o.lanes; i++) {
        if (!w->flights[i].busy || w->flights[i].due_ns > w->now_ns) continue;
        answer(w, i);
        check(w);
    }
    while ((c = cq_sink_room(&w->sink)) != NULL)
        ((struct cluster *)c->owner)->waits = false;
    while ((c = cq_sink_settled(&w->sink)) != NULL)
        assert_int_equal(cq_sink_pending(c), 0);
    if (w->sink.limit_bytes < w->out->lowest_limit) w->out->lowest_limit = w->sink.limit_bytes;
}

static void pass_time(struct world *w)
{
    uint64_t due = cq_sink_deadline(&w->sink), limit = w->now_ns + roll(w, CQ_MS(20)) + 1;

    for (unsigned i = 0; i < w->sink.o.lanes; i++) {
        if (w->flights[i].busy && w->flights[i].due_ns < due) due = w->flights[i].due_ns;
    }
    if (!all_offered(w) && due > limit) due = limit;
    assert_true(due != CQ_NEVER); /* else it would stand still for ever */
    if (due > w->now_ns) w->now_ns = due;
}

/* ---- the end ---- */

static void check_fates(const struct world *w)
{
    for (unsigned i = 0; i < WORLD_CLUSTERS; i++) {
        const struct cluster *c = &w->clusters[i];

        assert_int_equal(cq_sink_pending(&c->client), 0);
        for (unsigned n = 0; n < WORLD_RECORDS; n++) {
            const struct record *r = &c->records[n];

            assert_int_not_equal(r->fate, PENDING);
            if (r->fate == LOST) continue;
            if (r->huge && w->faults->limit) {
                assert_int_equal(r->fate, TOO_LARGE);
            } else {
                assert_int_equal(r->fate, r->poison ? REJECTED : ACCEPTED);
            }
            assert_true((r->key != 0) == (r->fate == ACCEPTED));
        }
    }
}

static void begin(struct world *w, uint64_t seed, const struct cq_sink_config *config)
{
    struct cq_sink_config o = *config;

    w->random.state = seed;
    w->mem = (struct cq_mem){resize, w};
    o.mem = &w->mem;
    o.seed = seed;
    o.url = "http://127.0.0.1/";
    cq_sink_init(&w->sink, &o);
    assert_int_equal(cq_sink_begin(&w->sink, CQ_MIB(64)), 0);
    w->memory_fails = true;
    w->out->lowest_limit = w->sink.limit_bytes;
    for (unsigned i = 0; i < WORLD_CLUSTERS; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "cluster-%u", i);
        cq_sink_client_init(&w->clusters[i].client, &w->sink, &w->clusters[i], cq_str(name));
    }
}

void world_run(uint64_t seed, const struct cq_sink_config *config,
               const struct world_faults *faults, struct world_result *out)
{
    struct world *w = calloc(1, sizeof(*w));
    bool work = false;

    assert_non_null(w);
    *out = (struct world_result){0};
    w->faults = faults;
    w->out = out;
    begin(w, seed, config);
    while (!all_offered(w) ||
           w->sink.counts.offered > w->sink.counts.accepted + w->sink.counts.dead) {
        offer_some(w);
        if (all_offered(w)) cq_sink_hurry(&w->sink, true);
        work = send_all(w);
        if (!work) pass_time(w);
        hear(w);
    }
    check_fates(w);
    out->requests = w->sink.counts.requests;
    out->retries = w->sink.counts.retries;
    out->accepted = w->sink.counts.accepted;
    out->dead = w->sink.counts.dead;
    out->ended_ns = w->now_ns;
    cq_sink_fini(&w->sink);
    free(w);
}
