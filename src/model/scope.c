/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_begin and scope_end: the brackets round one attempt to read one cluster, and its verdict. A
 * cluster that was never reached has both too; then read is failed and class, code, text and remedy
 * why. heartbeat stands for a schema that has not changed. None of them has a hash: they are
 * about an attempt, not about a thing.
 */
#include "model/row.h"

static const char *read_name(enum cq_read r)
{
    switch (r) {
    case CQ_READ_COMPLETE:
        return "complete";
    case CQ_READ_INCOMPLETE:
        return "incomplete";
    case CQ_READ_FAILED:
        return "failed";
    }
    return "failed";
}

static const char *proof_name(enum cq_proof p)
{
    switch (p) {
    case CQ_PROOF_NONE:
        return "none";
    case CQ_PROOF_VERSION:
        return "version";
    case CQ_PROOF_SETTLED:
        return "settled";
    }
    return "none";
}

static const char *outcome_name(enum cq_outcome o)
{
    switch (o) {
    case CQ_OUTCOME_ROWS:
        return "rows";
    case CQ_OUTCOME_ABSENT:
        return "absent";
    case CQ_OUTCOME_DENIED:
        return "denied";
    case CQ_OUTCOME_PENDING:
    case CQ_OUTCOME_FAILED:
        break;
    }
    return "failed";
}

static void put_uint(struct cq_json *j, struct cq_json_key key, uint64_t v)
{
    cq_json_name(j, key);
    cq_json_uint(j, v);
}

static void put_or_null(struct cq_json *j, struct cq_json_key key, const char *text)
{
    cq_json_member(j, key, text[0] ? cq_str(text) : CQ_NULL);
}

static void put_time(struct cq_json *j, struct cq_json_key key, int64_t ms)
{
    char text[25];

    cq_json_name(j, key);
    cq_json_text(j, cq_rfc3339(ms, text) ? cq_str(text) : CQ_NULL);
}

static void put_fault(struct cq_json *j, const struct cq_scope *s)
{
    if (s->read != CQ_READ_FAILED) return;
    cq_json_member(j, CQ_KEY("class"), cq_str(cq_class_name(cq_err_class(s->err))));
    cq_json_member(j, CQ_KEY("code"), cq_str(cq_err_code(s->err)));
    cq_json_member(j, CQ_KEY("text"), cq_str(s->text));
    cq_json_member(j, CQ_KEY("remedy"), cq_str(cq_err_remedy(s->err)));
}

static void put_reasons(struct cq_json *j, const struct cq_scope *s)
{
    cq_json_name(j, CQ_KEY("reasons"));
    cq_json_open(j, '[');
    for (unsigned i = 0; i < s->n_reasons; i++) {
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("code"), cq_str(s->reasons[i].code));
        cq_json_member(j, CQ_KEY("text"), cq_str(s->reasons[i].text));
        cq_json_member(j, CQ_KEY("table"), cq_str(s->reasons[i].table));
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

static void put_agreement(struct cq_json *j, const struct cq_scope *s)
{
    cq_json_name(j, CQ_KEY("agreement"));
    if (!s->agreement_known) {
        cq_json_null(j);
        return;
    }
    cq_json_open(j, '{');
    cq_json_name(j, CQ_KEY("agreed"));
    cq_json_bool(j, s->agreed);
    cq_json_name(j, CQ_KEY("versions"));
    cq_json_open(j, '[');
    for (unsigned i = 0; i < s->n_versions; i++)
        cq_json_text(j, cq_str(s->versions[i]));
    cq_json_close(j, ']');
    put_uint(j, CQ_KEY("nodes"), s->n_nodes);
    cq_json_close(j, '}');
}

static void put_schema_version(struct cq_json *j, const struct cq_scope *s)
{
    cq_json_name(j, CQ_KEY("schema_version"));
    cq_json_open(j, '{');
    put_or_null(j, CQ_KEY("before"), s->version_before);
    put_or_null(j, CQ_KEY("after"), s->version_after);
    put_or_null(j, CQ_KEY("settled"), s->version_settled);
    cq_json_close(j, '}');
}

static void put_tables(struct cq_json *j, const struct cq_scope *s)
{
    cq_json_name(j, CQ_KEY("tables"));
    cq_json_open(j, '[');
    for (int t = 0; t < CQ_N_TABLES; t++) {
        const struct cq_table_outcome *o = &s->tables[t];

        if (o->outcome == CQ_OUTCOME_PENDING) continue;
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), cq_str(cq_table_info((enum cq_table)t)->name));
        cq_json_member(j, CQ_KEY("outcome"), cq_str(outcome_name(o->outcome)));
        put_uint(j, CQ_KEY("rows"), o->rows);
        put_uint(j, CQ_KEY("pages"), o->pages);
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

static void put_counts(struct cq_json *j, const uint64_t *counts)
{
    cq_json_name(j, CQ_KEY("counts"));
    cq_json_open(j, '{');
    for (int k = 0; k < CQ_KIND_HEARTBEAT; k++) {
        cq_json_name(j, cq_kind_key((enum cq_kind)k));
        cq_json_uint(j, counts[k]);
    }
    cq_json_close(j, '}');
}

static void put_ms(struct cq_json *j, struct cq_json_key key, uint64_t ns)
{
    cq_json_name(j, key);
    cq_json_double(j, (double)((ns + 500) / 1000) / 1000.0);
}

static void put_cost(struct cq_json *j, const struct cq_scope *s)
{
    cq_json_name(j, CQ_KEY("cost"));
    cq_json_open(j, '{');
    put_uint(j, CQ_KEY("waits"), s->waits);
    put_uint(j, CQ_KEY("requests"), s->requests);
    put_uint(j, CQ_KEY("connections"), s->connections);
    put_uint(j, CQ_KEY("bytes_in"), s->bytes_in);
    put_uint(j, CQ_KEY("bytes_out"), s->bytes_out);
    cq_json_name(j, CQ_KEY("ms"));
    cq_json_open(j, '{');
    put_ms(j, CQ_KEY("resolve"), s->ns_resolve);
    put_ms(j, CQ_KEY("connect"), s->ns_connect);
    put_ms(j, CQ_KEY("tls"), s->ns_tls);
    put_ms(j, CQ_KEY("protocol"), s->ns_protocol);
    put_ms(j, CQ_KEY("login"), s->ns_login);
    put_ms(j, CQ_KEY("before"), s->ns_before);
    put_ms(j, CQ_KEY("main"), s->ns_main);
    put_ms(j, CQ_KEY("after"), s->ns_after);
    put_ms(j, CQ_KEY("total"), s->ns_total);
    cq_json_close(j, '}');
    put_uint(j, CQ_KEY("cpu_us"), s->cpu_us);
    cq_json_close(j, '}');
}

static void put_identity(struct cq_json *j, const struct cq_scope *s)
{
    put_or_null(j, CQ_KEY("filters_hash"), s->filters_hash);
    put_uint(j, CQ_KEY("hash_v"), CQ_HASH_V);
    cq_json_member(j, CQ_KEY("tool_version"), cq_str(CQ_TOOL_VERSION));
}

int cq_model_scope_begin(struct cq_model *m, const struct cq_scope *s, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_SCOPE_BEGIN};
    struct cq_json *j = &m->rec->json;

    cq_rec_begin(m->rec, &head);
    put_uint(j, CQ_KEY("attempt"), s->attempt);
    put_time(j, CQ_KEY("started_at"), s->started_ms);
    put_identity(j, s);
    return cq_rec_end(m->rec, line);
}

int cq_model_scope_end(struct cq_model *m, const struct cq_scope *s, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_SCOPE_END};
    struct cq_json *j = &m->rec->json;

    cq_rec_begin(m->rec, &head);
    put_uint(j, CQ_KEY("attempt"), s->attempt);
    put_time(j, CQ_KEY("started_at"), s->started_ms);
    put_time(j, CQ_KEY("finished_at"), s->finished_ms);
    cq_json_member(j, CQ_KEY("read"), cq_str(read_name(s->read)));
    put_fault(j, s);
    put_reasons(j, s);
    cq_json_member(j, CQ_KEY("proof"), cq_str(proof_name(s->proof)));
    put_agreement(j, s);
    put_schema_version(j, s);
    put_tables(j, s);
    put_counts(j, m->rec->counts); /* lines before this one */
    put_or_null(j, CQ_KEY("digest"), s->digest);
    put_identity(j, s);
    put_cost(j, s);
    return cq_rec_end(m->rec, line);
}

int cq_model_heartbeat(struct cq_model *m, const struct cq_scope *s, const struct cq_heartbeat *h,
                       cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_HEARTBEAT};
    struct cq_json *j = &m->rec->json;

    cq_rec_begin(m->rec, &head);
    put_uint(j, CQ_KEY("attempt"), s->attempt);
    put_time(j, CQ_KEY("started_at"), s->started_ms);
    put_time(j, CQ_KEY("finished_at"), s->finished_ms);
    put_uint(j, CQ_KEY("since_epoch"), h->since_epoch);
    put_time(j, CQ_KEY("since"), h->since_ms);
    cq_json_member(j, CQ_KEY("proof"), cq_str(proof_name(s->proof)));
    put_agreement(j, s);
    put_or_null(j, CQ_KEY("schema_version"), s->version_before);
    put_counts(j, h->counts);
    put_or_null(j, CQ_KEY("digest"), s->digest);
    put_identity(j, s);
    put_cost(j, s);
    return cq_rec_end(m->rec, line);
}
