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
#include "base/lanes.h"
#include "record/record.h"

enum { KIND_COPY = 16 };

#define KIND(name)                                                                                 \
    {                                                                                              \
        name, sizeof(name) - 1, CQ_KEY_INIT(name)                                                  \
    }

static const struct {
    char text[KIND_COPY];
    size_t n;
    struct cq_json_key key;
} kinds[CQ_N_KINDS] = {
    [CQ_KIND_SCOPE_BEGIN] = KIND("scope_begin"),
    [CQ_KIND_SCOPE_END] = KIND("scope_end"),
    [CQ_KIND_CLUSTER] = KIND("cluster"),
    [CQ_KIND_NODE] = KIND("node"),
    [CQ_KIND_KEYSPACE] = KIND("keyspace"),
    [CQ_KIND_TABLE] = KIND("table"),
    [CQ_KIND_VIEW] = KIND("view"),
    [CQ_KIND_TYPE] = KIND("type"),
    [CQ_KIND_FUNCTION] = KIND("function"),
    [CQ_KIND_AGGREGATE] = KIND("aggregate"),
    [CQ_KIND_ANOMALY] = KIND("anomaly"),
    [CQ_KIND_HEARTBEAT] = KIND("heartbeat"),
};

const char *cq_kind_name(enum cq_kind k)
{
    return k < CQ_N_KINDS ? kinds[k].text : "unknown";
}

struct cq_json_key cq_kind_key(enum cq_kind k)
{
    return kinds[k].key;
}

uint8_t *cq_rec_put_kind(uint8_t *to, enum cq_kind k)
{
    memcpy(to, kinds[k].text, KIND_COPY);
    return to + kinds[k].n;
}

static uint8_t *put_escaped(uint8_t *to, cq_bytes part)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < part.n; i++) {
        uint8_t c = part.p[i];

        if (cq_is_unreserved(c)) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = (uint8_t)hex[c >> 4];
        *to++ = (uint8_t)hex[c & 15];
    }
    return to;
}

/* Sixteen bytes at a time as they are, as long as they may be, which is nearly always. There is
 * room for three times the part: where it ends. */
static uint8_t *put_part(uint8_t *to, cq_bytes part)
{
    while (part.n) {
        size_t n = part.n < 16 ? part.n : 16;

        if (!cq_copy_unreserved16(to, part.p, n)) return put_escaped(to, part);
        to += n;
        part = (cq_bytes){part.p + n, part.n - n};
    }
    return to;
}

static size_t room_for(const cq_bytes *parts, size_t n)
{
    size_t room = 0;

    for (size_t i = 0; i < n; i++)
        room += 1 + 3 * parts[i].n;
    return room;
}

static uint8_t *put_signature(uint8_t *to, const struct cq_rec_head *head)
{
    *to++ = '(';
    for (size_t i = 0; i < head->n_argument_types; i++) {
        if (i) *to++ = ',';
        to = put_part(to, head->argument_types[i]);
    }
    *to++ = ')';
    return to;
}

static int seal(struct cq_buf *out, size_t start)
{
    uint8_t digest[32];
    char text[32];

    cq_sha256((cq_bytes){out->p + start, out->n - start}, digest);
    cq_hex(digest, 16, text);
    out->n = start + CQ_MAX_ID;
    cq_buf_putc(out, '~');
    cq_buf_put(out, text, sizeof(text));
    return out->err;
}

void cq_rec_id_cluster(cq_bytes cluster, struct cq_buf *out)
{
    uint8_t *to = cq_buf_room(out, room_for(&cluster, 1));

    if (!to) return;
    to = put_part(to, cluster);
    *to++ = '/';
    out->n = (size_t)(to - out->p);
}

int cq_rec_id_rest(const struct cq_rec_head *head, struct cq_buf *out, size_t start)
{
    const size_t n = sizeof(head->part) / sizeof(head->part[0]);
    size_t room = KIND_COPY + room_for(head->part, n) + 2;
    uint8_t *to;

    if (head->has_signature) room += room_for(head->argument_types, head->n_argument_types);
    to = cq_buf_room(out, room);
    if (!to) return out->err;
    to = cq_rec_put_kind(to, head->kind);
    for (size_t i = 0; i < n; i++) {
        if (cq_is_null(head->part[i])) continue;
        *to++ = '/';
        to = put_part(to, head->part[i]);
    }
    if (head->has_signature) to = put_signature(to, head);
    out->n = (size_t)(to - out->p);
    return out->n - start > CQ_MAX_ID ? seal(out, start) : 0;
}

int cq_rec_id(cq_bytes cluster, const struct cq_rec_head *head, struct cq_buf *out)
{
    size_t start = out->n;

    cq_rec_id_cluster(cluster, out);
    return cq_rec_id_rest(head, out, start);
}
