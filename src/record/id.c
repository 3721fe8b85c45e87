/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids (docs/records.md, "The id"): cluster/kind/part/part, in each part every byte but
 * A-Z a-z 0-9 - . _ ~ as %XX, a signature's parentheses and commas as they are. An id of more than
 * CQ_MAX_ID bytes is its first CQ_MAX_ID bytes, "~" and 32 hex digits of the SHA-256 of all of it.
 * The cut is at that byte even inside a %XX: a sealed id is longer than any other, so that no name
 * can imitate one, and nobody needs to decode it.
 */
#include <string.h>

#include "base/digest.h"
#include "base/err.h"
#include "record/record.h"

const char *cq_kind_name(enum cq_kind k)
{
    static const char *const names[CQ_N_KINDS] = {
        [CQ_KIND_SCOPE_BEGIN] = "scope_begin",
        [CQ_KIND_SCOPE_END] = "scope_end",
        [CQ_KIND_CLUSTER] = "cluster",
        [CQ_KIND_NODE] = "node",
        [CQ_KIND_KEYSPACE] = "keyspace",
        [CQ_KIND_TABLE] = "table",
        [CQ_KIND_VIEW] = "view",
        [CQ_KIND_TYPE] = "type",
        [CQ_KIND_FUNCTION] = "function",
        [CQ_KIND_AGGREGATE] = "aggregate",
        [CQ_KIND_ANOMALY] = "anomaly",
        [CQ_KIND_HEARTBEAT] = "heartbeat",
    };

    return k < CQ_N_KINDS ? names[k] : "unknown";
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put_part(struct cq_buf *out, cq_bytes part)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < part.n;) {
        size_t run = i;

        while (run < part.n && is_unreserved(part.p[run]))
            run++;
        cq_buf_put(out, part.p + i, run - i);
        if (run < part.n) {
            char escape[3] = {'%', hex[part.p[run] >> 4], hex[part.p[run] & 15]};

            cq_buf_put(out, escape, 3);
            run++;
        }
        i = run;
    }
}

static void put_signature(struct cq_buf *out, const struct cq_rec_head *head)
{
    cq_buf_putc(out, '(');
    for (size_t i = 0; i < head->n_argument_types; i++) {
        if (i) cq_buf_putc(out, ',');
        put_part(out, head->argument_types[i]);
    }
    cq_buf_putc(out, ')');
}

static int seal(struct cq_buf *out, size_t start)
{
    uint8_t digest[32];
    char text[32];
    int err = cq_sha256((cq_bytes){out->p + start, out->n - start}, digest);

    if (err) return err;
    cq_hex(digest, 16, text);
    out->n = start + CQ_MAX_ID;
    cq_buf_putc(out, '~');
    cq_buf_put(out, text, sizeof(text));
    return out->err;
}

int cq_rec_id(cq_bytes cluster, const struct cq_rec_head *head, struct cq_buf *out)
{
    size_t start = out->n;

    put_part(out, cluster);
    cq_buf_putc(out, '/');
    cq_buf_puts(out, cq_kind_name(head->kind));
    for (size_t i = 0; i < sizeof(head->part) / sizeof(head->part[0]); i++) {
        if (cq_is_null(head->part[i])) continue;
        cq_buf_putc(out, '/');
        put_part(out, head->part[i]);
    }
    if (head->has_signature) put_signature(out, head);
    if (out->err) return out->err;
    return out->n - start > CQ_MAX_ID ? seal(out, start) : 0;
}
