/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cluster's own record: what it calls itself (system.local) and how we speak with it. Where
 * system.local could not be read, the keys that come from it are left out.
 */
#include "model/row.h"

static void put_product(struct cq_json *j, const struct cq_product *p)
{
    cq_json_name(j, CQ_KEY("product"));
    if (!p) {
        cq_json_null(j);
        return;
    }
    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("name"), cq_str(p->name));
    cq_json_member(j, CQ_KEY("version"), p->version[0] ? cq_str(p->version) : CQ_NULL);
    cq_json_member(j, CQ_KEY("source"), cq_str(p->source));
    cq_json_close(j, '}');
}

static void put_protocol(struct cq_json *j, const struct cq_cluster_facts *f)
{
    cq_json_name(j, CQ_KEY("protocol"));
    cq_json_open(j, '{');
    cq_json_name(j, CQ_KEY("chosen"));
    if (f->protocol) {
        cq_json_int(j, f->protocol);
    } else {
        cq_json_null(j);
    }
    cq_json_name(j, CQ_KEY("offered"));
    if (f->n_offered == 0) {
        cq_json_null(j);
    } else {
        cq_json_open(j, '[');
        for (size_t i = 0; i < f->n_offered; i++)
            cq_json_text(j, f->offered[i]);
        cq_json_close(j, ']');
    }
    cq_json_close(j, '}');
}

static void put_tls(struct cq_json *j, const struct cq_tls_facts *t)
{
    char text[25];

    cq_json_name(j, CQ_KEY("tls"));
    if (!t) {
        cq_json_null(j);
        return;
    }
    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("version"), cq_str(t->version));
    cq_json_member(j, CQ_KEY("cipher"), cq_str(t->cipher));
    cq_json_member(j, CQ_KEY("subject"), cq_str(t->subject));
    cq_json_member(j, CQ_KEY("issuer"), cq_str(t->issuer));
    cq_json_name(j, CQ_KEY("not_after"));
    cq_json_text(j, cq_rfc3339(t->not_after_ms, text) ? cq_str(text) : CQ_NULL);
    cq_json_close(j, '}');
}

int cq_model_cluster(struct cq_model *m, const struct cq_cluster_facts *f, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_CLUSTER, .hashed = true};
    struct cq_json *j = &m->rec->json;
    struct cq_row r;

    if (f->shape) r = (struct cq_row){f->shape, f->cells};
    cq_rec_begin(m->rec, &head);
    if (f->shape) {
        cq_put_text(j, CQ_KEY("name"), &r, CQ_LOCAL_cluster_name);
        cq_put_text(j, CQ_KEY("partitioner"), &r, CQ_LOCAL_partitioner);
    }
    put_product(j, f->product);
    if (f->shape) {
        cq_put_text(j, CQ_KEY("release_version"), &r, CQ_LOCAL_release_version);
        cq_put_text(j, CQ_KEY("cql_version"), &r, CQ_LOCAL_cql_version);
    }
    put_protocol(j, f);
    cq_json_member(j, CQ_KEY("compression"), cq_str(f->compression));
    cq_json_member(j, CQ_KEY("authenticator"),
                   f->authenticator && *f->authenticator ? cq_str(f->authenticator) : CQ_NULL);
    put_tls(j, f->tls);
    return cq_rec_end(m->rec, line);
}
