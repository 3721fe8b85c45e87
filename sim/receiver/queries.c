/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics and stored lines (queries.h). Numbers only but for names, which are JSON already. */
#include "sim/receiver/queries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_text(struct cqsim_buf *b, const char *text)
{
    cqsim_put(b, text, strlen(text));
}

/* A key and its number, behind a comma unless it is the first behind a bracket. */
static void put_number(struct cqsim_buf *b, const char *key, uint64_t n)
{
    char text[128];
    bool first = b->end > 0 && b->p[b->end - 1] == '{';
    snprintf(text, sizeof text, "%s\"%s\":%" PRIu64, first ? "" : ",", key, n);
    put_text(b, text);
}

static void put_kinds(struct cqsim_buf *b, const struct cqsim_ledger *l,
                      const struct cqsim_tally *t)
{
    put_text(b, "{");
    for (unsigned i = 0; i < l->n_kinds; i++)
        if (t->kinds[i] > 0) put_number(b, l->kinds[i], t->kinds[i]);
    put_text(b, "}");
}

static uint64_t put_violations(struct cqsim_buf *b, const struct cqsim_tally *t)
{
    uint64_t sum = 0;
    put_text(b, "{");
    for (unsigned i = 0; i < CQSIM_N_VIOLATIONS; i++) {
        put_number(b, cqsim_violation_name((enum cqsim_violation)i), t->violations[i]);
        sum += t->violations[i];
    }
    put_number(b, "total", sum);
    put_text(b, "}");
    return sum;
}

static void put_scopes(struct cqsim_buf *b, const struct cqsim_tally *t)
{
    put_text(b, "{");
    put_number(b, "begun", t->begun);
    put_number(b, "complete", t->complete);
    put_number(b, "incomplete", t->incomplete);
    put_number(b, "failed", t->failed);
    put_number(b, "heartbeats", t->heartbeats);
    put_number(b, "ended_short", t->short_ends);
    put_number(b, "missing_at_end", t->missing);
    put_text(b, "}");
}

static void put_requests(struct cqsim_buf *b, const struct cqsim_receiver_counts *c)
{
    char name[16];
    put_text(b, "\"requests\":{");
    put_number(b, "posts", c->posts);
    put_number(b, "others", c->others);
    put_number(b, "unanswered", c->unanswered);
    put_number(b, "expects", c->expects);
    put_number(b, "chunked", c->chunked);
    put_number(b, "in_flight", c->in_flight);
    put_number(b, "most_in_flight", c->most_in_flight);
    put_text(b, ",\"by_status\":{");
    for (unsigned i = 0; i < CQSIM_N_STATUS; i++) {
        snprintf(name, sizeof name, "%u", i);
        if (c->by_status[i] > 0) put_number(b, name, c->by_status[i]);
    }
    put_text(b, "},\"by_encoding\":{");
    for (unsigned i = 0; i < CQSIM_N_CODINGS; i++)
        put_number(b, cqsim_coding_name((enum cqsim_coding)i), c->by_coding[i]);
    put_text(b, "}},\n\"connections\":{");
    put_number(b, "accepted", c->connections);
    put_number(b, "open", c->open);
    put_text(b, "}");
}

static void put_bodies(struct cqsim_buf *b, const struct cqsim_receiver *r)
{
    const struct cqsim_receiver_counts *c = &r->counts;
    put_text(b, ",\n\"bodies\":{");
    put_number(b, "whole", c->bodies);
    put_number(b, "accepted", c->accepted);
    put_number(b, "bad", c->bad_bodies);
    put_number(b, "bytes", c->body_bytes);
    put_number(b, "accepted_bytes", c->accepted_bytes);
    put_number(b, "wire_in", c->wire_in);
    put_number(b, "keys", r->ledger.by_key.n);
    put_number(b, "keys_again", r->ledger.keys_again);
    put_number(b, "accepted_again", r->ledger.accepted_again);
    put_number(b, "without_key", r->ledger.without_key);
    put_text(b, "}");
}

static void put_steps(struct cqsim_buf *b, const struct cqsim_script *s)
{
    bool first = b->p[b->end - 1] == '[';
    for (size_t i = 0; i < s->n; i++) {
        put_text(b, first ? "{\"step\":\"" : ",{\"step\":\"");
        put_text(b, s->steps[i].name);
        put_text(b, "\"");
        put_number(b, "taken", s->steps[i].taken);
        put_text(b, "}");
        first = false;
    }
}

/* What was said may hold anything: what JSON would not take is left out. */
static void put_said(struct cqsim_buf *b, const struct cqsim_ledger *l)
{
    put_text(b, ",\n\"said\":[");
    for (unsigned i = 0; i < l->n_said; i++) {
        put_text(b, i ? ",\"" : "\"");
        for (const char *p = l->said[i]; *p != 0; p++)
            if (*p != '"' && *p != '\\' && (uint8_t)*p >= ' ') cqsim_put(b, p, 1);
        put_text(b, "\"");
    }
    put_text(b, "]");
}

void cqsim_query_stats(const struct cqsim_receiver *r, struct cqsim_buf *out)
{
    const struct cqsim_ledger *l = &r->ledger;
    put_text(out, "{");
    put_requests(out, &r->counts);
    put_bodies(out, r);
    put_text(out, ",\n\"records\":{");
    put_number(out, "accepted", l->all.lines);
    put_number(out, "distinct", l->all.distinct);
    put_number(out, "ids", l->by_id.n);
    put_number(out, "duplicates_same_key", l->all.same_key);
    put_number(out, "stored_bytes", r->store_bytes);
    put_text(out, "},\n\"kinds\":");
    put_kinds(out, l, &l->all);
    put_number(out, "clusters", l->by_cluster.n);
    put_text(out, ",\n\"scopes\":");
    put_scopes(out, &l->all);
    put_text(out, ",\n\"violations\":");
    put_violations(out, &l->all);
    put_said(out, l);
    put_text(out, ",\n\"steps\":[");
    put_steps(out, &r->config->script);
    put_steps(out, &r->config->faults);
    put_text(out, r->store_failed ? "],\"store_failed\":true}\n" : "],\"store_failed\":false}\n");
}

static void put_clusters(const struct cqsim_receiver *r, struct cqsim_buf *out)
{
    const struct cqsim_ledger *l = &r->ledger;
    put_text(out, "[");
    for (size_t i = 0; i < l->by_cluster.n; i++) {
        const struct cqsim_source *s = &l->sources[i];
        put_text(out, i ? ",\n{\"cluster\":\"" : "\n{\"cluster\":\"");
        put_text(out, s->name);
        put_text(out, "\"");
        put_number(out, "accepted", s->tally.lines);
        put_number(out, "distinct", s->tally.distinct);
        put_number(out, "duplicates_same_key", s->tally.same_key);
        put_number(out, "last_version", s->last_version);
        put_number(out, "epoch", s->last_version >> CQSIM_SEQUENCE_BITS);
        put_text(out, ",\"kinds\":");
        put_kinds(out, l, &s->tally);
        put_text(out, ",\"scopes\":");
        put_scopes(out, &s->tally);
        put_text(out, ",\"violations\":");
        put_violations(out, &s->tally);
        put_text(out, "}");
    }
    put_text(out, "]\n");
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at == NULL ? -1 : (int)(at - digits);
}

/* The value of a query's only parameter, percent-decoded. */
static bool take_parameter(const char *target, const char *name, char *out, size_t cap)
{
    const char *p = strchr(target, '?');
    size_t n = 0, n_name = strlen(name);
    if (p == NULL || strncmp(p + 1, name, n_name) != 0 || p[1 + n_name] != '=') return false;
    for (p += 2 + n_name; *p != 0 && *p != '&' && n + 1 < cap; p++) {
        bool coded = *p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0;
        int byte = coded ? hex(p[1]) * 16 + hex(p[2]) : (uint8_t)*p;
        out[n++] = (char)byte;
        p += coded ? 2 : 0;
    }
    out[n] = 0;
    return true;
}

static unsigned put_records(struct cqsim_receiver *r, const char *target, struct cqsim_buf *out)
{
    char name[CQSIM_HTTP_MAX_VALUE];
    if (r->store == NULL || !take_parameter(target, "cluster", name, sizeof name)) {
        put_text(out, "{\"error\":\"/records?cluster=NAME, and the receiver needs --store\"}\n");
        return 400;
    }
    const struct cqsim_source *s = cqsim_ledger_source(&r->ledger, cqsim_text(name));
    if (s == NULL || fflush(r->store) != 0) return s == NULL ? 404 : 500;
    for (uint32_t at = s->first; at != CQSIM_NO_RECORD; at = r->ledger.records[at].next) {
        const struct cqsim_record *record = &r->ledger.records[at];
        size_t n = record->n + 1;
        uint8_t *to = cqsim_buf_space(out, n);
        if (pread(fileno(r->store), to, n, (off_t)record->offset) != (ssize_t)n) return 500;
        out->end += n;
    }
    return 200;
}

static unsigned put_script(struct cqsim_script *s, bool random, struct cqsim_slice body,
                           struct cqsim_buf *out)
{
    char text[4096], error[CQSIM_MAX_TEXT];
    struct cqsim_script *fresh = cqsim_alloc(sizeof *fresh);
    cqsim_copy_text(text, sizeof text, body);
    text[strcspn(text, "\r\n")] = 0;
    fresh->once = s->once;
    bool ok = text[0] == 0 || cqsim_script_parse(fresh, text, random, error, sizeof error);
    if (ok) *s = *fresh;
    free(fresh);
    put_text(out, ok ? "{}\n" : "{\"error\":\"not a script\"}\n");
    return ok ? 200 : 400;
}

static unsigned put(struct cqsim_receiver *r, const char *target, struct cqsim_slice body,
                    struct cqsim_buf *out)
{
    char text[32];
    if (strcmp(target, "/script") == 0) return put_script(&r->config->script, false, body, out);
    if (strcmp(target, "/faults") == 0) return put_script(&r->config->faults, true, body, out);
    if (strcmp(target, "/outage") != 0) return 404;
    cqsim_copy_text(text, sizeof text, body);
    r->outage_ms = strtoull(text, NULL, 10);
    put_text(out, "{}\n");
    return 200;
}

unsigned cqsim_query_answer(struct cqsim_receiver *r, const struct cqsim_request *request,
                            struct cqsim_slice body, struct cqsim_buf *out, const char **type)
{
    const char *target = request->target;
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (strcmp(request->method, "PUT") == 0) return put(r, target, body, out);
    if (!reads) return 405;
    if (strncmp(target, "/records", 8) == 0) {
        *type = "application/x-ndjson";
        return put_records(r, target, out);
    }
    if (strcmp(target, "/stats") == 0)
        cqsim_query_stats(r, out);
    else if (strcmp(target, "/clusters") == 0)
        put_clusters(r, out);
    else if (strcmp(target, "/reset") == 0)
        cqsim_receiver_reset(r);
    else if (strcmp(target, "/") != 0)
        return 404;
    return 200;
}

const char *cqsim_query_help(size_t i)
{
    static const char *const lines[] = {
        "GET /stats                  everything counted, as JSON",
        "GET /clusters               the same cluster by cluster",
        "GET /records?cluster=NAME   its lines in order of first arrival (needs --store)",
        "GET /reset                  forgets everything",
        "PUT /script, /faults        another one from now on; an empty body ends it",
        "PUT /outage                 so many milliseconds nobody listens, connections are reset",
    };
    return i < sizeof lines / sizeof *lines ? lines[i] : NULL;
}
