/* SPDX-License-Identifier: Apache-2.0 */
/* The index of the receiver (ledger.h). XXH3-64 names everything. */
#include "sim/receiver/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SAID_BYTES = 240 };

const char *cqsim_violation_name(enum cqsim_violation v)
{
    static const char *const names[CQSIM_N_VIOLATIONS] = {"key_reused", "duplicates_other_key",
                                                          "conflicts", "out_of_order", "after_end"};
    return names[v];
}

static uint64_t hash_of(struct cqsim_slice s, uint64_t seed)
{
    return XXH3_64bits_withSeed(s.p, s.n, seed);
}

static void *one_more(void *array, size_t n, size_t size)
{
    if ((n & (n - 1)) != 0) return array; /* it doubles where n is a power of two */
    return cqsim_grow(array, (n ? 2 * n : 1) * size);
}

static void say(struct cqsim_ledger *l, enum cqsim_violation v, struct cqsim_slice what,
                uint64_t version)
{
    if (l->n_said == CQSIM_MAX_SAID) return;
    char *text = cqsim_alloc(SAID_BYTES);
    snprintf(text, SAID_BYTES, "%s: %.*s version %llu", cqsim_violation_name(v),
             (int)(what.n < 160 ? what.n : 160), (const char *)what.p, (unsigned long long)version);
    l->said[l->n_said++] = text;
}

static void violate(struct cqsim_ledger *l, struct cqsim_source *source, enum cqsim_violation v,
                    const struct cqsim_record_line *line)
{
    l->all.violations[v]++;
    source->tally.violations[v]++;
    say(l, v, line->id, line->version);
}

static struct cqsim_key *key_of(struct cqsim_ledger *l, const char *key, bool *fresh)
{
    uint32_t *at = cqsim_map_put(&l->by_key, hash_of(cqsim_text(key), 0), fresh);
    if (*fresh) {
        size_t n = l->by_key.n - 1;
        l->keys = one_more(l->keys, n, sizeof *l->keys);
        l->keys[n] = (struct cqsim_key){0};
        *at = (uint32_t)n;
    }
    return &l->keys[*at];
}

bool cqsim_ledger_key(struct cqsim_ledger *l, const char *key, struct cqsim_slice body)
{
    bool fresh;
    if (key[0] == 0) {
        l->without_key++;
        return true;
    }
    struct cqsim_key *k = key_of(l, key, &fresh);
    uint64_t hash = hash_of(body, 0);
    if (fresh) k->body = hash;
    k->seen++;
    l->keys_again += !fresh;
    if (k->body == hash) return true;
    l->all.violations[CQSIM_KEY_REUSED]++;
    say(l, CQSIM_KEY_REUSED, cqsim_text(key), 0);
    return false;
}

void cqsim_ledger_accepted(struct cqsim_ledger *l, const char *key)
{
    bool fresh;
    if (key[0] == 0) return;
    struct cqsim_key *k = key_of(l, key, &fresh);
    l->accepted_again += k->accepted > 0;
    k->accepted++;
}

bool cqsim_ledger_has(const struct cqsim_ledger *l, const char *key)
{
    const uint32_t *at =
        key[0] == 0 ? NULL : cqsim_map_get(&l->by_key, hash_of(cqsim_text(key), 0));
    return at != NULL && l->keys[*at].accepted > 0;
}

static struct cqsim_source *source_of(struct cqsim_ledger *l, struct cqsim_slice name,
                                      uint32_t *index)
{
    bool fresh;
    uint32_t *at = cqsim_map_put(&l->by_cluster, hash_of(name, 0), &fresh);
    if (fresh) {
        size_t n = l->by_cluster.n - 1;
        l->sources = one_more(l->sources, n, sizeof *l->sources);
        struct cqsim_source *s = &l->sources[n];
        *s = (struct cqsim_source){.first = CQSIM_NO_RECORD, .last = CQSIM_NO_RECORD};
        s->name = cqsim_alloc(name.n + 1);
        memcpy(s->name, name.p, name.n);
        *at = (uint32_t)n;
    }
    *index = *at;
    return &l->sources[*at];
}

const struct cqsim_source *cqsim_ledger_source(const struct cqsim_ledger *l,
                                               struct cqsim_slice name)
{
    const uint32_t *at = cqsim_map_get(&l->by_cluster, hash_of(name, 0));
    return at == NULL ? NULL : &l->sources[*at];
}

static struct cqsim_scope *scope_of(struct cqsim_ledger *l, uint32_t cluster, uint64_t epoch)
{
    bool fresh;
    uint64_t pair[2] = {cluster, epoch};
    struct cqsim_slice s = {(const uint8_t *)pair, sizeof pair};
    uint32_t *at = cqsim_map_put(&l->by_scope, hash_of(s, 0), &fresh);
    if (fresh) {
        size_t n = l->by_scope.n - 1;
        l->scopes = one_more(l->scopes, n, sizeof *l->scopes);
        l->scopes[n] = (struct cqsim_scope){.cluster = cluster, .epoch = epoch};
        *at = (uint32_t)n;
    }
    return &l->scopes[*at];
}

static unsigned kind_of(struct cqsim_ledger *l, struct cqsim_slice kind)
{
    unsigned i = 0;
    while (i < l->n_kinds && !cqsim_is(kind, l->kinds[i]))
        i++;
    if (i < l->n_kinds || l->n_kinds == CQSIM_MAX_KINDS) return i;
    cqsim_copy_text(l->kinds[i], CQSIM_MAX_KIND_NAME, kind);
    return l->n_kinds++;
}

/* scope_end and heartbeat close a scope: all its lines before must be there. */
static void close_scope(struct cqsim_scope *scope, const struct cqsim_record_line *line,
                        struct cqsim_tally *tally)
{
    uint64_t sequence = line->version & ((1u << CQSIM_SEQUENCE_BITS) - 1);
    scope->ended = true;
    scope->missing = sequence > scope->n ? (uint32_t)(sequence - scope->n) : 0;
    tally->missing += scope->missing;
    tally->short_ends += scope->missing > 0;
    tally->heartbeats += cqsim_is(line->kind, "heartbeat");
    tally->complete += cqsim_is(line->read, "complete");
    tally->incomplete += cqsim_is(line->read, "incomplete");
    tally->failed += cqsim_is(line->read, "failed");
}

static bool closes(const struct cqsim_record_line *line)
{
    return cqsim_is(line->kind, "scope_end") || cqsim_is(line->kind, "heartbeat");
}

static void count_first(struct cqsim_ledger *l, struct cqsim_source *source,
                        struct cqsim_scope *scope, const struct cqsim_record_line *line)
{
    struct cqsim_tally *tallies[] = {&l->all, &source->tally};
    unsigned kind = kind_of(l, line->kind);
    bool was_ended = scope->ended, end = closes(line);
    for (unsigned i = 0; i < 2; i++) {
        tallies[i]->distinct++;
        if (kind < CQSIM_MAX_KINDS) tallies[i]->kinds[kind]++;
        tallies[i]->begun += cqsim_is(line->kind, "scope_begin");
        if (end) close_scope(scope, line, tallies[i]);
    }
    scope->n++;
    if (was_ended) violate(l, source, CQSIM_AFTER_END, line);
    if (source->first != CQSIM_NO_RECORD && line->version <= source->last_version)
        violate(l, source, CQSIM_OUT_OF_ORDER, line);
    if (line->version > source->last_version) source->last_version = line->version;
}

static void link_record(struct cqsim_ledger *l, struct cqsim_source *source, uint32_t at)
{
    if (source->last == CQSIM_NO_RECORD)
        source->first = at;
    else
        l->records[source->last].next = at;
    source->last = at;
}

static void count_again(struct cqsim_ledger *l, struct cqsim_source *source,
                        const struct cqsim_record *first, const struct cqsim_record *now,
                        const struct cqsim_record_line *line)
{
    bool same = now->key != 0 && first->key == now->key;
    if (first->line != now->line) violate(l, source, CQSIM_CONFLICT, line);
    if (!same) violate(l, source, CQSIM_DUPLICATE_OTHER, line);
    l->all.same_key += same;
    source->tally.same_key += same;
}

struct cqsim_record *cqsim_ledger_line(struct cqsim_ledger *l, const char *key,
                                       struct cqsim_slice text,
                                       const struct cqsim_record_line *line)
{
    bool fresh, fresh_id;
    uint32_t cluster;
    uint64_t id = hash_of(line->id, 0);
    struct cqsim_source *source = source_of(l, line->cluster, &cluster);
    struct cqsim_record now = {.version = line->version,
                               .line = hash_of(text, 0),
                               .key = key[0] ? hash_of(cqsim_text(key), 0) : 0,
                               .next = CQSIM_NO_RECORD};
    l->all.lines++;
    source->tally.lines++;
    cqsim_map_put(&l->by_id, id, &fresh_id);
    uint32_t *at = cqsim_map_put(&l->by_record, hash_of(line->id, line->version + 1), &fresh);
    if (!fresh) {
        count_again(l, source, &l->records[*at], &now, line);
        return NULL;
    }
    size_t n = l->by_record.n - 1;
    l->records = one_more(l->records, n, sizeof *l->records);
    l->records[n] = now;
    *at = (uint32_t)n;
    count_first(l, source, scope_of(l, cluster, line->version >> CQSIM_SEQUENCE_BITS), line);
    link_record(l, source, (uint32_t)n);
    return &l->records[n];
}

void cqsim_ledger_fini(struct cqsim_ledger *l)
{
    for (size_t i = 0; i < l->by_cluster.n; i++)
        free(l->sources[i].name);
    for (unsigned i = 0; i < l->n_said; i++)
        free(l->said[i]);
    cqsim_map_fini(&l->by_key);
    cqsim_map_fini(&l->by_record);
    cqsim_map_fini(&l->by_id);
    cqsim_map_fini(&l->by_cluster);
    cqsim_map_fini(&l->by_scope);
    free(l->keys);
    free(l->records);
    free(l->sources);
    free(l->scopes);
    *l = (struct cqsim_ledger){0};
}
