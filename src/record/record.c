/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of one record (record/record.h, docs/records.md). begin writes the common keys with room
 * for the two hashes; the body follows through the JSON writer; end closes the object, hashes the
 * body past the muted stretches and fills the room. Failures are sticky in the buffers and reported
 * once, by end.
 */
#include "record/record.h"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "base/digest.h"

enum { HASH_DIGITS = 32, SEQUENCE_BITS = 22 };

void cq_rec_init(struct cq_rec *r, const struct cq_mem *mem)
{
    *r = (struct cq_rec){.mem = mem};
    cq_buf_init(&r->out, mem, CQ_MAX_RECORD);
    cq_buf_init(&r->structure, mem, CQ_MAX_RECORD);
    cq_buf_init(&r->id, mem, CQ_MAX_RECORD);
    cq_json_init(&r->json, &r->out, mem);
}

void cq_rec_fini(struct cq_rec *r)
{
    cq_buf_fini(&r->out);
    cq_buf_fini(&r->structure);
    cq_buf_fini(&r->id);
    cq_json_fini(&r->json);
}

void cq_rec_scope(struct cq_rec *r, cq_bytes cluster, cq_bytes labels, uint64_t epoch)
{
    r->cluster = cluster;
    r->labels = labels;
    r->epoch = epoch;
    r->sequence = 0;
    r->sum_high = r->sum_low = 0;
    memset(r->counts, 0, sizeof(r->counts));
}

uint64_t cq_rec_version(uint64_t epoch, uint32_t sequence)
{
    return (epoch << SEQUENCE_BITS) + sequence;
}

/* null, or room for 32 digits between quotes: where the digits will stand. */
static size_t hash_room(struct cq_json *j, const char *key, bool wanted)
{
    static const char room[HASH_DIGITS + 3] = "\"--------------------------------\"";

    cq_json_key(j, key);
    if (!wanted) {
        cq_json_null(j);
        return 0;
    }
    cq_json_raw(j, (cq_bytes){(const uint8_t *)room, HASH_DIGITS + 2});
    return j->out->n - HASH_DIGITS - 1;
}

static void put_id(struct cq_rec *r)
{
    int err;

    cq_buf_clear(&r->id);
    cq_buf_putc(&r->id, '"');
    err = cq_rec_id(r->cluster, &r->head, &r->id);
    cq_buf_putc(&r->id, '"');
    if (err && !r->out.err) r->out.err = err;
    cq_json_key(&r->json, "id");
    cq_json_raw(&r->json, cq_buf_view(&r->id));
}

void cq_rec_begin(struct cq_rec *r, const struct cq_rec_head *head)
{
    struct cq_json *j = &r->json;
    char at[25];

    cq_buf_clear(&r->out);
    cq_buf_clear(&r->structure);
    cq_json_reset(j);
    r->head = *head;
    cq_json_open(j, '{');
    cq_json_key(j, "schema");
    cq_json_raw(j, CQ_LIT("\"cqlcrawl/1\""));
    cq_json_key(j, "kind");
    cq_json_text(j, cq_str(cq_kind_name(head->kind)));
    cq_json_key(j, "op");
    cq_json_raw(j, CQ_LIT("\"upsert\""));
    put_id(r);
    cq_json_key(j, "epoch");
    cq_json_uint(j, r->epoch);
    cq_json_key(j, "version");
    cq_json_uint(j, cq_rec_version(r->epoch, r->sequence));
    cq_json_key(j, "observed_at");
    cq_json_text(j, cq_rfc3339(r->wall_ms, at) ? cq_str(at) : CQ_NULL);
    r->hash_at = hash_room(j, "hash", head->hashed);
    r->structure_at = hash_room(j, "structure_hash", head->structured);
    cq_json_key(j, "cluster");
    cq_json_text(j, r->cluster);
    cq_json_key(j, "labels");
    cq_json_raw(j, r->labels.n ? r->labels : CQ_LIT("{}"));
    cq_json_key(j, "system");
    cq_json_bool(j, head->system);
    cq_json_key(j, "virtual");
    cq_json_bool(j, head->virtual_);
    r->body_at = r->out.n;
}

void cq_rec_abort(struct cq_rec *r)
{
    cq_buf_clear(&r->out);
    cq_json_reset(&r->json);
}

void cq_rec_hash(cq_bytes bytes, char out[33])
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.p, bytes.n));
    cq_hex(canonical.digest, sizeof(canonical.digest), out);
    out[HASH_DIGITS] = 0;
}

/* The body as an object of its own: "{", then what follows the comma behind "virtual", unmuted. */
static XXH128_hash_t body_hash(const struct cq_rec *r)
{
    const struct cq_json_mute *mutes = (const struct cq_json_mute *)(const void *)r->json.mutes.p;
    size_t n_mutes = r->json.mutes.n / sizeof(*mutes);
    size_t at = r->body_at + (r->out.p[r->body_at] == ',');
    XXH3_state_t state;

    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, "{", 1);
    for (size_t i = 0; i < n_mutes; i++) {
        XXH3_128bits_update(&state, r->out.p + at, mutes[i].from - at);
        at = mutes[i].to;
    }
    XXH3_128bits_update(&state, r->out.p + at, r->out.n - at);
    return XXH3_128bits_digest(&state);
}

static bool is_object(enum cq_kind k)
{
    return k >= CQ_KIND_KEYSPACE && k <= CQ_KIND_AGGREGATE;
}

static void fill_hash(struct cq_rec *r)
{
    XXH128_hash_t hash = body_hash(r);
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, hash);
    cq_hex(canonical.digest, sizeof(canonical.digest), (char *)r->out.p + r->hash_at);
    if (!is_object(r->head.kind)) return;
    r->sum_low += hash.low64;
    r->sum_high += hash.high64 + (r->sum_low < hash.low64);
}

int cq_rec_end(struct cq_rec *r, cq_bytes *line)
{
    int err;

    cq_json_close(&r->json, '}');
    err = r->out.err ? r->out.err : r->structure.err;
    if (!err && r->json.depth != 0) err = CQ_EINTERNAL;
    if (!err && r->sequence >> SEQUENCE_BITS) err = CQ_ETOO_MANY;
    if (!err && !cq_buf_room(&r->out, 1)) err = r->out.err;
    if (err) {
        cq_rec_abort(r);
        return err;
    }
    if (r->head.hashed) fill_hash(r);
    if (r->head.structured) {
        char digits[33];

        cq_rec_hash(cq_buf_view(&r->structure), digits);
        memcpy(r->out.p + r->structure_at, digits, HASH_DIGITS);
    }
    cq_buf_putc(&r->out, '\n');
    r->sequence++;
    r->counts[r->head.kind]++;
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
