/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict: three separate facts. read: complete, incomplete (with reasons) or failed; proof:
 * none, version or settled; agreement: what the peers say. And whether it is worth another attempt.
 */
#include <stdarg.h>
#include <stdio.h>

#include "crawler/crawl_impl.h"

static void reason(struct cq_scope *s, const char *code, const char *table, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void reason(struct cq_scope *s, const char *code, const char *table, const char *fmt, ...)
{
    struct cq_reason *r;
    va_list ap;

    if (s->n_reasons == CQ_MAX_REASONS) return;
    r = &s->reasons[s->n_reasons++];
    *r = (struct cq_reason){.code = code, .table = table};
    va_start(ap, fmt);
    vsnprintf(r->text, sizeof(r->text), fmt, ap);
    va_end(ap);
}

/* One repeated reading: local and peers at two asks that follow each other. */
void cq_crawl_read_after(struct cq_crawl *c, int reading, int first_ask)
{
    for (int i = first_ask; i < first_ask + 2; i++) {
        struct cq_cursor *cursor = &c->w->asks[i].cursor;

        while (cq_cursor_peek(cursor, NULL) == CQ_AT_ROW) {
            cq_reading_row(&c->w->reading[reading], cursor->shape, cursor->cells);
            cq_cursor_skip(cursor);
        }
    }
    c->w->reading[reading].done = c->w->asks[first_ask].cursor.outcome.outcome == CQ_OUTCOME_ROWS;
}

static void judge_table(struct cq_crawl *c, enum cq_table t, const struct cq_cursor *cursor)
{
    const struct cq_table_info *info = cq_table_info(t);
    const char *why = cursor->why ? cursor->why : "";

    switch (cursor->outcome.outcome) {
    case CQ_OUTCOME_DENIED:
        reason(&c->w->scope, "denied", info->name, "%s", why);
        break;
    case CQ_OUTCOME_FAILED:
        reason(&c->w->scope, "failed", info->name, "%s", why);
        break;
    case CQ_OUTCOME_ABSENT:
        if (info->required) reason(&c->w->scope, "absent", info->name, "%s", why);
        break;
    case CQ_OUTCOME_ROWS:
        if (cursor->at_page < cursor->n_pages) break; /* nobody has looked at its rows */
        if ((t == CQ_T_LOCAL || t == CQ_T_KEYSPACES) && cursor->outcome.rows == 0)
            reason(&c->w->scope, "absent", info->name, "no rows at all");
        break;
    case CQ_OUTCOME_PENDING:
        break;
    }
}

/* Outcomes as they stand. A table that was asked and has not ended is failed: the conversation is
 * over. */
static void judge_tables(struct cq_crawl *c)
{
    for (int t = 0; t < CQ_N_TABLES; t++) {
        struct cq_ask *a = &c->w->asks[t];
        bool begun = a->asked != CQ_ASK_IDLE || a->cursor.outcome.pages > 0;

        if (begun && !a->cursor.complete) a->cursor.outcome.outcome = CQ_OUTCOME_FAILED;
        c->w->scope.tables[t] = a->cursor.outcome;
        if (a->cursor.complete) judge_table(c, (enum cq_table)t, &a->cursor);
    }
    for (int i = CQ_N_TABLES; i < CQ_N_ASKS; i++) {
        const struct cq_cursor *again = &c->w->asks[i].cursor;

        if (again->complete && again->outcome.outcome != CQ_OUTCOME_ROWS)
            reason(&c->w->scope, "failed", cq_table_info(again->table)->name,
                   "the versions could not be read again: %s", again->why ? again->why : "");
    }
}

static bool moved(const char *from, const char *to)
{
    return cq_version_says(from) && strcmp(from, to) != 0;
}

/* Sets proof; true: the contacted node's version is not what it was. */
static bool judge_version(struct cq_crawl *c)
{
    struct cq_scope *s = &c->w->scope;
    bool after = c->w->reading[1].done, settled = c->w->reading[2].done; /* perhaps without a row */

    s->proof = CQ_PROOF_NONE;
    if (after && moved(s->version_before, s->version_after)) {
        reason(s, "torn", NULL, "the schema version moved from %s to %s", s->version_before,
               s->version_after[0] ? s->version_after : "null");
        return true;
    }
    if (settled && moved(s->version_after, s->version_settled)) {
        reason(s, "torn", NULL, "the schema version moved from %s to %s a moment later",
               s->version_after, s->version_settled[0] ? s->version_settled : "null");
        return true;
    }
    if (!after || !cq_version_says(s->version_before)) return false;
    s->proof = settled ? CQ_PROOF_SETTLED : CQ_PROOF_VERSION;
    return false;
}

/* The attempt before this one saw exactly the same orphans under the same version. */
static bool is_confirmed(const struct cq_crawl *c)
{
    const struct cq_orphans *p = c->o->previous;

    return p && p->digest[0] && strcmp(p->digest, c->w->orphans.digest) == 0 &&
           strcmp(p->version, c->w->orphans.version) == 0;
}

static bool judge_orphans(struct cq_crawl *c)
{
    const struct cq_finding *f = c->w->findings.first;
    struct cq_anomaly a;

    cq_findings_digest(&c->w->findings, c->w->orphans.digest);
    memcpy(c->w->orphans.version, c->w->scope.version_before, sizeof(c->w->orphans.version));
    c->w->orphans_confirmed = is_confirmed(c);
    /* where rows came out of order orphans say nothing */
    if (!c->w->findings.orphans || c->w->orphans_confirmed || c->fell) return false;
    while (f && !cq_finding_is_orphan(f))
        f = f->next;
    if (!f) {
        reason(&c->w->scope, "orphans", NULL, "%llu rows point to nothing",
               (unsigned long long)c->w->findings.orphans);
        return true;
    }
    cq_finding_anomaly(f, &a);
    reason(&c->w->scope, "orphans", cq_table_info(f->table)->name,
           "%llu rows point to nothing, the first: %.*s%s%.*s: %.100s",
           (unsigned long long)c->w->findings.orphans, CQ_FMT(f->keyspace), f->name.p ? "." : "",
           CQ_FMT(f->name), a.text);
    return true;
}

void cq_crawl_cost(struct cq_crawl *c)
{
    const struct cq_spent *spent = &c->spent;
    struct cq_scope *s = &c->w->scope;
    struct cql_conn_counts n = {0};

    if (c->conn) n = cql_conn_counts(c->conn);
    s->requests = c->before.requests + n.requests;
    s->connections = spent->connections;
    s->bytes_in = c->before.bytes_in + n.bytes_in;
    s->bytes_out = c->before.bytes_out + n.bytes_out;
    s->ns_resolve = spent->ns_resolve;
    s->ns_connect = spent->ns_connect;
    s->ns_tls = spent->ns_tls;
    s->ns_protocol = spent->ns_protocol;
    s->ns_login = spent->ns_login;
    s->ns_before = spent->ns_before;
    s->ns_main = spent->ns_main;
    s->ns_after = spent->ns_after;
    s->ns_first_byte = spent->ns_first_byte;
}

static uint64_t schema_rows(const struct cq_crawl *c)
{
    uint64_t rows = 0;

    for (int t = CQ_T_KEYSPACES; t < CQ_N_TABLES; t++)
        rows += c->w->scope.tables[t].rows;
    return rows;
}

/* Nothing of the schema was read: which fault was it? */
static int failure(const struct cq_crawl *c)
{
    if (c->fault.err) return c->fault.err;
    for (int t = 0; t < CQ_N_TABLES; t++) {
        const struct cq_cursor *cursor = &c->w->asks[t].cursor;

        if (!cq_table_info((enum cq_table)t)->required) continue;
        if (cursor->outcome.outcome == CQ_OUTCOME_DENIED) return CQ_EDENIED;
        if (cursor->outcome.outcome == CQ_OUTCOME_FAILED)
            return cursor->err ? cursor->err : CQ_ESERVER_ERROR;
        if (cursor->outcome.outcome == CQ_OUTCOME_ABSENT) return CQ_EABSENT;
    }
    return CQ_EABSENT;
}

/* The first reason of a read that is not complete, as an error: gives it a class and a remedy. */
int cq_crawl_reason_err(const struct cq_crawl *c)
{
    const struct {
        const char *code;
        int err;
    } known[] = {{"denied", CQ_EDENIED},   {"absent", CQ_EABSENT},
                 {"torn", CQ_ETORN},       {"order", CQ_EORDER},
                 {"orphans", CQ_EORPHANS}, {"unwritten", c->w->unwritten_err}};
    const struct cq_scope *s = &c->w->scope;

    if (s->err || s->read == CQ_READ_COMPLETE) return s->err;
    if (c->fault.err) return c->fault.err;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(s->reasons[0].code, known[i].code) == 0) return known[i].err;
    for (int i = 0; i < c->w->n_asks; i++)
        if (c->w->asks[i].cursor.err) return c->w->asks[i].cursor.err;
    return CQ_ESERVER_ERROR;
}

static void judge_read(struct cq_crawl *c)
{
    struct cq_scope *s = &c->w->scope;

    s->read = s->n_reasons ? CQ_READ_INCOMPLETE : CQ_READ_COMPLETE;
    if (s->read == CQ_READ_COMPLETE || schema_rows(c) > 0) return;
    s->read = CQ_READ_FAILED;
    s->err = failure(c);
    snprintf(s->text, sizeof(s->text), "%s", c->fault.err ? c->fault.text : s->reasons[0].text);
}

static bool has_peers(const struct cq_crawl *c, int ask)
{
    return c->w->asks[ask].cursor.outcome.outcome == CQ_OUTCOME_ROWS;
}

/* By the last reading that has the peers too: where they cannot be read nobody knows. */
static void judge_agreement(struct cq_crawl *c)
{
    int reading = 0;

    if (c->w->reading[1].have_local && has_peers(c, CQ_ASK_AFTER_PEERS)) reading = 1;
    if (c->w->reading[2].have_local && has_peers(c, CQ_ASK_SETTLED_PEERS)) reading = 2;
    cq_reading_agreement(&c->w->reading[reading], &c->w->scope);
    if (!has_peers(c, CQ_T_PEERS_V2) && !has_peers(c, CQ_T_PEERS))
        c->w->scope.agreement_known = c->w->scope.agreed = false;
}

void cq_crawl_verdict(struct cq_crawl *c)
{
    struct cq_scope *s = &c->w->scope;
    bool torn, orphans;

    cq_crawl_work_rest(c);
    if (c->fault.err) reason(s, cq_err_code(c->fault.err), NULL, "%s", c->fault.text);
    if (c->fell)
        reason(s, "order", cq_table_info(c->fell_at)->name,
               "rows came in an order that cannot be merged");
    judge_tables(c);
    torn = judge_version(c);
    orphans = judge_orphans(c);
    if (c->w->n_unwritten)
        reason(s, "unwritten", NULL, "%u objects, the first: %s", c->w->n_unwritten,
               c->w->unwritten);
    judge_read(c);
    judge_agreement(c);
    if (c->main_whole && !c->fell && !c->is_cancelled && !c->o->discard)
        cq_rec_digest(&c->w->rec, s->digest);
    if (c->fell && !c->o->sorted)
        c->retry = CQ_RETRY_SORTED;
    else if (!c->fault.err && (torn || orphans))
        c->retry = CQ_RETRY_TORN;
}
