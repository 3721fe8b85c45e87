/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of responses through our inflow, in chunks, down to whole envelopes or a kind of error.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/err.h"
#include "vectors/vector.h"

struct decoder {
    const struct vector *v;
    struct cql_inflow in;
    uint8_t *block;
    struct decoded *d;
};

/* The kinds of error of the vectors file. */
static const char *kind_of(const struct decoder *r, int err)
{
    struct cql_segment s;

    switch (err) {
    case CQ_ECRC:
        return cql_segment_read(&s, cql_inflow_peek(&r->in).p, r->v->is_lz4) ? "crc24" : "crc32";
    case CQ_ELZ4:
        return "lz4";
    case CQ_ETOO_LARGE:
        return "header";
    default:
        return "protocol";
    }
}

static const char *judge_head(const struct decoder *r)
{
    const struct cql_header *h = &r->in.h;

    if (!cql_header_check(h, r->v->version)) return NULL;
    if (h->version != r->v->version || !h->response || h->length > CQ_MAX_ENVELOPE_BODY)
        return "header";
    return "opcode";
}

static void place(struct decoder *r)
{
    if (r->in.h.opcode != CQL_RESULT && r->in.h.length <= CQ_MAX_SMALL_BODY)
        cql_inflow_small(&r->in);
    else
        cql_inflow_block(&r->in);
}

static void keep(struct decoder *r)
{
    struct decoded *d = r->d;

    cq_buf_put(&d->at, &d->envelopes.n, sizeof(size_t));
    cq_buf_put(&d->envelopes, r->in.head, CQL_HEADER_BYTES);
    cq_buf_put(&d->envelopes, r->in.body.p, r->in.body.n);
}

static void pump(struct decoder *r)
{
    while (!r->d->error) {
        int rc = cql_inflow_next(&r->in);

        if (rc < 0) {
            r->d->error = kind_of(r, rc);
        } else if (rc == CQL_IN_HEAD) {
            r->d->error = judge_head(r);
            if (!r->d->error) place(r);
        } else if (rc == CQL_IN_WANT) {
            size_t need = cql_inflow_need(&r->in);

            r->block = realloc(r->block, need);
            cql_inflow_give(&r->in, r->block, need);
        } else if (rc == CQL_IN_WHOLE) {
            keep(r);
        } else {
            /* the first byte alone tells another version, or no CQL at all */
            if (r->in.head_n && !cql_header_may_begin(r->in.head[0], r->v->version))
                r->d->error = "header";
            return;
        }
    }
}

static void feed(struct decoder *r, cq_bytes b)
{
    while (b.n && !r->d->error) {
        uint8_t *p;
        size_t n;

        cql_inflow_space(&r->in, &p, &n);
        if (n > b.n) n = b.n;
        memcpy(p, b.p, n);
        cql_inflow_commit(&r->in, n);
        b = (cq_bytes){b.p + n, b.n - n};
        pump(r);
    }
}

static void begin(struct decoder *r, const struct vector *v, struct decoded *d)
{
    *d = (struct decoded){0};
    cq_buf_init(&d->envelopes, &cq_mem_libc, CQ_MIB(512));
    cq_buf_init(&d->at, &cq_mem_libc, CQ_MIB(64));
    *r = (struct decoder){.v = v, .d = d};
    cql_inflow_init(&r->in, &cq_mem_libc);
    r->in.lz4 = v->is_lz4;
    if (v->is_segmented) cql_inflow_segmented(&r->in);
}

static void end(struct decoder *r)
{
    if (!r->d->error && (cql_inflow_pending(&r->in) || (r->in.head_n && !r->in.whole)))
        r->d->error = "incomplete";
    cql_inflow_fini(&r->in);
    free(r->block);
}

static unsigned count_slices(const struct vector *v)
{
    size_t header = cql_segment_header_bytes(v->is_lz4), at = 0;
    unsigned n = 0;
    struct cql_segment s;

    while (v->is_segmented && v->n - at >= header) {
        if (cql_segment_read(&s, v->bytes + at, v->is_lz4)) break;
        n += !s.self_contained;
        if (v->n - at < cql_segment_bytes(&s)) break;
        at += cql_segment_bytes(&s);
    }
    return n;
}

void decode(const struct vector *v, size_t first, size_t size, struct decoded *d)
{
    struct decoder r;

    begin(&r, v, d);
    for (size_t at = 0, n = first; at < v->n; at += n, n = size) {
        if (n > v->n - at) n = v->n - at;
        feed(&r, (cq_bytes){v->bytes + at, n});
    }
    end(&r);
    d->slices = count_slices(v);
}

/* Byte by byte: what has come out at each prefix must be the beginning of the whole. */
static bool check_prefixes(const struct vector *v, const struct decoded *whole, struct why *why)
{
    struct decoder r;
    struct decoded d;
    size_t seen = 0, k;
    bool good = true;

    begin(&r, v, &d);
    for (k = 0; k < v->n && good; k++) {
        feed(&r, (cq_bytes){v->bytes + k, 1});
        good = d.envelopes.n <= whole->envelopes.n &&
               (d.envelopes.n == seen ||
                memcmp(d.envelopes.p + seen, whole->envelopes.p + seen, d.envelopes.n - seen) == 0);
        if (d.error) good = good && whole->error && strcmp(d.error, whole->error) == 0;
        seen = d.envelopes.n;
    }
    if (!good) fail_why(why, "%s: another result after %zu of %zu bytes", v->id, k, v->n);
    end(&r);
    decoded_free(&d);
    return good;
}

static bool is_same(const struct decoded *a, const struct decoded *b)
{
    if (!a->error != !b->error || (a->error && strcmp(a->error, b->error))) return false;
    return a->envelopes.n == b->envelopes.n && a->at.n == b->at.n &&
           (a->envelopes.n == 0 || memcmp(a->envelopes.p, b->envelopes.p, a->envelopes.n) == 0) &&
           (a->at.n == 0 || memcmp(a->at.p, b->at.p, a->at.n) == 0);
}

/*
 * Every split point: up to STRIDE bytes each by itself, beyond that in STRIDE passes of which the
 * k-th cuts at k, k + STRIDE, k + 2 * STRIDE ... so that none is left out whatever the length.
 */
bool check_cuts(const struct vector *v, const struct decoded *whole, struct why *why)
{
    enum { STRIDE = 1024 };
    size_t size = v->n > STRIDE ? STRIDE : v->n;

    if (!check_prefixes(v, whole, why)) return false;
    for (size_t k = 1; k < v->n && k <= STRIDE; k++) {
        struct decoded d;
        bool same;

        decode(v, k, size, &d);
        same = is_same(&d, whole);
        decoded_free(&d);
        if (!same) return fail_why(why, "%s: another result when cut at %zu", v->id, k) == PASSED;
    }
    return true;
}

void decoded_free(struct decoded *d)
{
    cq_buf_fini(&d->envelopes);
    cq_buf_fini(&d->at);
}

size_t decoded_count(const struct decoded *d)
{
    return d->at.n / sizeof(size_t);
}

cq_bytes decoded_envelope(const struct decoded *d, size_t i)
{
    size_t from, to = d->envelopes.n;

    memcpy(&from, d->at.p + i * sizeof(size_t), sizeof(size_t));
    if (i + 1 < decoded_count(d)) memcpy(&to, d->at.p + (i + 1) * sizeof(size_t), sizeof(size_t));
    return (cq_bytes){d->envelopes.p + from, to - from};
}
