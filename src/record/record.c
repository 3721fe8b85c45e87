/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of one record (record/record.h, docs/records.md). begin writes the common keys with room
 * for the two hashes, nearly all of them copies of what the scope has kept; the body follows
 * through the JSON writer; end closes the object, hashes the body without the muted stretches and
 * fills the room. Failures are sticky in the buffers and reported once, by end.
 */
#include "record/record.h"

#include "base/digest.h"

enum { HASH_DIGITS = 32, SEQUENCE_BITS = 22 };

/* All of the common keys but the id, the cluster's name and the labels; what they are at most. */
enum { HEAD_ROOM = 512 };

void cq_rec_init(struct cq_rec *r, const struct cq_mem *mem)
{
    *r = (struct cq_rec){.mem = mem};
    cq_buf_init(&r->out, mem, CQ_MAX_RECORD);
    cq_buf_init(&r->structure, mem, CQ_MAX_RECORD);
    cq_buf_init(&r->scope, mem, CQ_MAX_RECORD);
    cq_json_init(&r->json, &r->out, mem);
}

void cq_rec_fini(struct cq_rec *r)
{
    cq_buf_fini(&r->out);
    cq_buf_fini(&r->structure);
    cq_buf_fini(&r->scope);
    cq_json_fini(&r->json);
}

/* ","epoch":N,"version": follows every id; the id's first part is the same, too. */
static void keep_epoch(struct cq_rec *r)
{
    static const char before[] = "\",\"epoch\":", after[] = ",\"version\":";
    uint8_t *at = (uint8_t *)r->epoch_text;

    memcpy(at, before, sizeof(before) - 1);
    at = cq_digits(at + sizeof(before) - 1, r->epoch);
    memcpy(at, after, sizeof(after) - 1);
    r->epoch_n = (size_t)(at + sizeof(after) - 1 - (uint8_t *)r->epoch_text);
}

/* ,"cluster":NAME,"labels":{...},"system": */
static void keep_tail(struct cq_rec *r)
{
    struct cq_json j;

    cq_json_init(&j, &r->scope, r->mem);
    j.comma = true;
    cq_json_name(&j, CQ_KEY("cluster"));
    cq_json_text(&j, r->cluster);
    cq_json_name(&j, CQ_KEY("labels"));
    cq_json_splice(&j, r->labels.n ? r->labels : CQ_LIT("{}"));
    cq_json_name(&j, CQ_KEY("system"));
}

void cq_rec_scope(struct cq_rec *r, cq_bytes cluster, cq_bytes labels, uint64_t epoch)
{
    r->cluster = cluster;
    r->labels = labels;
    r->epoch = epoch;
    r->sequence = 0;
    r->sum_high = r->sum_low = 0;
    memset(r->counts, 0, sizeof(r->counts));
    keep_epoch(r);
    cq_buf_clear(&r->scope);
    cq_rec_id_cluster(cluster, &r->scope);
    r->tail_at = r->scope.n;
    keep_tail(r);
}

uint64_t cq_rec_version(uint64_t epoch, uint32_t sequence)
{
    return (epoch << SEQUENCE_BITS) + sequence;
}

/* "2026-11-21T04:40:00.123Z" with its quotes, or null: made when the time is another. */
static void keep_time(struct cq_rec *r)
{
    char at[25];

    r->time_ms = r->wall_ms;
    if (cq_rfc3339(r->wall_ms, at)) {
        r->time_text[0] = '"';
        memcpy(r->time_text + 1, at, 24);
        r->time_text[25] = '"';
        r->time_n = 26;
    } else {
        memcpy(r->time_text, "null", 4);
        r->time_n = 4;
    }
}

static uint8_t *put_lit(uint8_t *to, cq_bytes lit)
{
    memcpy(to, lit.p, lit.n);
    return to + lit.n;
}

/* null, or room for 32 digits between quotes: *digits is where they will stand. */
static uint8_t *put_hash_room(const struct cq_rec *r, uint8_t *to, bool wanted, size_t *digits)
{
    if (!wanted) return put_lit(to, CQ_LIT("null"));
    *to = '"';
    *digits = (size_t)(to + 1 - r->out.p);
    to[HASH_DIGITS + 1] = '"';
    return to + HASH_DIGITS + 2;
}

/* Nearly always the version before and one: its last digits change, which is a tenth of writing all
 * nineteen. There is room for 24 bytes. */
static uint8_t *put_version(struct cq_rec *r, uint8_t *to)
{
    uint64_t version = cq_rec_version(r->epoch, r->sequence);
    uint8_t *text = r->version_text, *p = text + r->version_n;

    if (r->version_n && version == r->version + 1) {
        while (p > text && p[-1] == '9')
            *--p = '0';
    } else {
        p = text;
    }
    if (p > text) {
        p[-1]++;
    } else {
        r->version_n = (size_t)(cq_digits(text, version) - text);
    }
    r->version = version;
    memcpy(to, text, sizeof(r->version_text));
    return to + r->version_n;
}

/* What stands behind the id, up to the body: mostly what the scope has kept. */
static void put_rest(struct cq_rec *r, const struct cq_rec_head *head)
{
    size_t tail = r->scope.n - r->tail_at;
    uint8_t *to = cq_buf_room(&r->out, HEAD_ROOM + tail);

    if (!to) return;
    memcpy(to, r->epoch_text, sizeof(r->epoch_text));
    to = put_version(r, to + r->epoch_n);
    to = put_lit(to, CQ_LIT(",\"observed_at\":"));
    memcpy(to, r->time_text, sizeof(r->time_text));
    to = put_lit(to + r->time_n, CQ_LIT(",\"hash\":"));
    to = put_hash_room(r, to, head->hashed, &r->hash_at);
    to = put_lit(to, CQ_LIT(",\"structure_hash\":"));
    to = put_hash_room(r, to, head->structured, &r->structure_at);
    memcpy(to, r->scope.p + r->tail_at, tail);
    to += tail;
    to = head->system ? put_lit(to, CQ_LIT("true")) : put_lit(to, CQ_LIT("false"));
    to = put_lit(to, CQ_LIT(",\"virtual\":"));
    to = head->virtual_ ? put_lit(to, CQ_LIT("true")) : put_lit(to, CQ_LIT("false"));
    r->body_at = (size_t)(to - r->out.p);
    cq_json_wrote(&r->json, to, true);
}

void cq_rec_begin(struct cq_rec *r, const struct cq_rec_head *head)
{
    uint8_t *to;
    int err;

    cq_buf_clear(&r->out);
    cq_buf_clear(&r->structure);
    cq_json_reset(&r->json);
    r->json.depth = 1;
    r->json.comma = true;
    r->kind = head->kind;
    r->hashed = head->hashed;
    r->structured = head->structured;
    r->is_structure_known = false;
    if (r->time_n == 0 || r->time_ms != r->wall_ms) keep_time(r);
    r->out.err = r->scope.err;
    to = cq_buf_room(&r->out, HEAD_ROOM + r->tail_at);
    if (!to) return;
    to = put_lit(to, CQ_LIT("{\"schema\":\"cqlcrawl/1\",\"kind\":\""));
    to = cq_rec_put_kind(to, head->kind);
    to = put_lit(to, CQ_LIT("\",\"op\":\"upsert\",\"id\":\""));
    memcpy(to, r->scope.p, r->tail_at);
    r->out.n = (size_t)(to + r->tail_at - r->out.p);
    err = cq_rec_id_rest(head, &r->out, (size_t)(to - r->out.p));
    if (err && !r->out.err) r->out.err = err;
    put_rest(r, head);
}

void cq_rec_structure_hash(struct cq_rec *r, struct cq_hash128 hash)
{
    r->is_structure_known = true;
    r->structure_hash = hash;
}

void cq_rec_abort(struct cq_rec *r)
{
    cq_buf_clear(&r->out);
    cq_json_reset(&r->json);
}

void cq_rec_hash(cq_bytes bytes, char out[33])
{
    cq_hash128_hex(cq_xxh3_128(bytes), out);
    out[HASH_DIGITS] = 0;
}

/*
 * Moves what is not muted, between `start` and `at`, the end of the last muted stretch, up to
 * there, so that all of it is one piece with the rest of the line; where that begins.
 */
static size_t close_ranks(struct cq_rec *r, size_t start, size_t at)
{
    uint8_t *p = r->out.p;

    for (size_t i = cq_json_n_mutes(&r->json); i-- > 0;) {
        size_t from = i ? cq_json_mute_at(&r->json, i - 1).to : start;
        size_t n = cq_json_mute_at(&r->json, i).from - from;

        at -= n;
        memmove(p + at, p + from, n);
    }
    return at;
}

/*
 * The body as an object of its own: "{", then what follows the comma behind "virtual", unmuted. Of
 * one piece, and then put back: that is cheaper than a hash fed in parts, for nearly always it is
 * the names of a keyspace and a table that move. Meanwhile they are kept in the room behind
 * r->structure.
 */
static int body_hash(struct cq_rec *r, struct cq_hash128 *hash)
{
    size_t n = cq_json_n_mutes(&r->json), start = r->body_at - (r->out.p[r->body_at] != ',');
    size_t moved = n ? cq_json_mute_at(&r->json, n - 1).to - start : 1, at;
    uint8_t *p = r->out.p, *kept = cq_buf_room(&r->structure, moved);

    if (!kept) return r->structure.err;
    memcpy(kept, p + start, moved);
    p[start] = '{';
    at = n ? close_ranks(r, start, start + moved) : start;
    *hash = cq_xxh3_128((cq_bytes){p + at, r->out.n - at});
    memcpy(p + start, kept, moved);
    return 0;
}

static bool is_object(enum cq_kind k)
{
    return k >= CQ_KIND_KEYSPACE && k <= CQ_KIND_AGGREGATE;
}

static int fill_hash(struct cq_rec *r)
{
    struct cq_hash128 hash;
    int err = body_hash(r, &hash);

    if (err) return err;
    cq_hash128_hex(hash, (char *)r->out.p + r->hash_at);
    if (!is_object(r->kind)) return 0;
    r->sum_low += hash.low;
    r->sum_high += hash.high + (r->sum_low < hash.low);
    return 0;
}

static void fill_structure_hash(struct cq_rec *r)
{
    struct cq_hash128 hash =
        r->is_structure_known ? r->structure_hash : cq_xxh3_128(cq_buf_view(&r->structure));

    cq_hash128_hex(hash, (char *)r->out.p + r->structure_at);
}

int cq_rec_end(struct cq_rec *r, cq_bytes *line)
{
    int err;

    cq_json_close(&r->json, '}');
    err = r->out.err ? r->out.err : r->structure.err;
    if (!err && r->json.depth != 0) err = CQ_EINTERNAL;
    if (!err && r->sequence >> SEQUENCE_BITS) err = CQ_ETOO_MANY;
    if (!err && !cq_buf_room(&r->out, 1)) err = r->out.err;
    if (!err && r->structured) fill_structure_hash(r);
    if (!err && r->hashed) err = fill_hash(r);
    if (err) {
        cq_rec_abort(r);
        return err;
    }
    cq_buf_putc(&r->out, '\n');
    r->sequence++;
    r->counts[r->kind]++;
    *line = cq_buf_view(&r->out);
    return 0;
}

void cq_rec_digest(const struct cq_rec *r, char out[33])
{
    uint8_t bytes[16];

    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(r->sum_high >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(r->sum_low >> (56 - 8 * i));
    }
    cq_hex(bytes, sizeof(bytes), out);
    out[HASH_DIGITS] = 0;
}

int cq_rec_labels(const struct cq_label *labels, size_t n, struct cq_buf *out)
{
    struct cq_json j;

    cq_json_init(&j, out, out->mem);
    cq_json_open(&j, '{');
    for (size_t i = 0; i < n; i++) {
        cq_json_text(&j, labels[i].name);
        cq_buf_putc(out, ':');
        j.comma = false;
        cq_json_text(&j, labels[i].value);
    }
    cq_json_close(&j, '}');
    return out->err;
}
