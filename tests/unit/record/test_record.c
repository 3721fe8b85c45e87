/* SPDX-License-Identifier: Apache-2.0 */
/* record/record.h: the line, ids, hashes, counts; every way in which a record can fail. */
#include "record/record.h"

#include <stdio.h>
#include <xxhash.h>

#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

static int write_one(struct cq_rec *r, cq_bytes *line)
{
    struct cq_rec_head head = {.kind = CQ_KIND_TABLE,
                               .hashed = true,
                               .structured = true,
                               .part = {CQ_LIT("shop"), CQ_LIT("orders")}};
    struct cq_json *j = &r->json;

    cq_rec_begin(r, &head);
    cq_json_member(j, CQ_KEY("keyspace"), CQ_LIT("shop"));
    cq_json_member(j, CQ_KEY("name"), CQ_LIT("orders"));
    cq_json_mute_begin(j);
    cq_json_member(j, CQ_KEY("table_id"), CQ_LIT("x"));
    cq_json_mute_end(j);
    cq_json_member(j, CQ_KEY("comment"), CQ_LIT("c"));
    cq_buf_puts(&r->structure, "[\"table\"]");
    return cq_rec_end(r, line);
}

static void hex_of(const char *text, char out[33])
{
    XXH128_canonical_t c;

    XXH128_canonicalFromHash(&c, XXH3_128bits(text, strlen(text)));
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", c.digest[i]);
}

static void the_line(void **state)
{
    char hash[33], structure[33], want[1024];
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    cq_rec_init(&r, &cq_mem_libc);
    cq_rec_scope(&r, CQ_LIT("prod-eu-1"), CQ_LIT("{\"env\":\"prod\"}"), 217123456);
    r.wall_ms = 1795236000123;
    assert_int_equal(write_one(&r, &line), 0);
    assert_int_equal(write_one(&r, &line), 0);
    hex_of("{\"keyspace\":\"shop\",\"name\":\"orders\",\"comment\":\"c\"}", hash);
    hex_of("[\"table\"]", structure);
    snprintf(want, sizeof(want),
             "{\"schema\":\"cqlcrawl/1\",\"kind\":\"table\",\"op\":\"upsert\","
             "\"id\":\"prod-eu-1/table/shop/orders\",\"epoch\":217123456,"
             "\"version\":910681779994625,\"observed_at\":\"2026-11-21T04:40:00.123Z\","
             "\"hash\":\"%s\",\"structure_hash\":\"%s\",\"cluster\":\"prod-eu-1\","
             "\"labels\":{\"env\":\"prod\"},\"system\":false,\"virtual\":false,"
             "\"keyspace\":\"shop\",\"name\":\"orders\",\"table_id\":\"x\",\"comment\":\"c\"}\n",
             hash, structure);
    assert_int_equal(line.n, strlen(want));
    assert_memory_equal(line.p, want, line.n);
    assert_int_equal(r.sequence, 2);
    assert_int_equal(r.counts[CQ_KIND_TABLE], 2);
    cq_rec_fini(&r);
}

/* Any number of muted stretches: the line holds them, the hash is that of the line without them. */
static void mutes_of_any_number(void **state)
{
    struct cq_rec_head head = {.kind = CQ_KIND_TABLE, .hashed = true};
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    cq_rec_init(&r, &cq_mem_libc);
    cq_rec_scope(&r, CQ_LIT("c"), CQ_NULL, 1);
    for (int round = 0; round < 40; round++) {
        int n = round * 7 % 11;
        char want[2000] = "{\"a\":\"first\"", all[2000], hash[33];
        size_t at = strlen(want), all_at = strlen(want);

        memcpy(all, want, all_at);
        cq_rec_begin(&r, &head);
        cq_json_member(&r.json, CQ_KEY("a"), CQ_LIT("first"));
        for (int i = 0; i < n; i++) {
            cq_json_mute_begin(&r.json);
            cq_json_name(&r.json, CQ_KEY("muted"));
            cq_json_int(&r.json, i);
            cq_json_mute_end(&r.json);
            cq_json_name(&r.json, CQ_KEY("b"));
            cq_json_int(&r.json, round);
            all_at += (size_t)sprintf(all + all_at, ",\"muted\":%d,\"b\":%d", i, round);
            at += (size_t)sprintf(want + at, ",\"b\":%d", round);
        }
        strcpy(want + at, "}");
        strcpy(all + all_at, "}\n");
        hex_of(want, hash);
        assert_int_equal(cq_rec_end(&r, &line), 0);
        assert_memory_equal(line.p + r.hash_at, hash, 32);
        assert_memory_equal(line.p + line.n - strlen(all) + 1, all + 1, strlen(all) - 1);
    }
    cq_rec_fini(&r);
}

/* Time, kind and flags of each record are its own. */
static void heads_change(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } times[] = {
        {1795236000123, "\"observed_at\":\"2026-11-21T04:40:00.123Z\","},
        {1795236000124, "\"observed_at\":\"2026-11-21T04:40:00.124Z\","},
        {-5, "\"observed_at\":null,"},
        {0, "\"observed_at\":\"1970-01-01T00:00:00.000Z\","},
    };
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    cq_rec_init(&r, &cq_mem_libc);
    cq_rec_scope(&r, CQ_LIT("c \"1\""), CQ_LIT("{\"a\":1}"), UINT64_MAX >> 22);
    for (unsigned i = 0; i < 64; i++) {
        struct cq_rec_head head = {.kind = CQ_KIND_KEYSPACE + i % 6,
                                   .system = i & 1,
                                   .virtual_ = i & 2,
                                   .hashed = i & 4,
                                   .structured = i & 8};
        char want[600], rest[200];

        r.wall_ms = times[i / 4 % 4].ms;
        cq_rec_begin(&r, &head);
        assert_int_equal(cq_rec_end(&r, &line), 0);
        snprintf(want, sizeof(want),
                 "{\"schema\":\"cqlcrawl/"
                 "1\",\"kind\":\"%s\",\"op\":\"upsert\",\"id\":\"c%%20%%221%%22/%s"
                 "\",\"epoch\":%llu,\"version\":%llu,%s\"hash\":",
                 cq_kind_name(head.kind), cq_kind_name(head.kind), UINT64_MAX >> 22 | 0ull,
                 ((UINT64_MAX >> 22) << 22) + i + 0ull, times[i / 4 % 4].text);
        assert_memory_equal(line.p, want, strlen(want));
        snprintf(
            rest, sizeof(rest),
            ",\"cluster\":\"c \\\"1\\\"\",\"labels\":{\"a\":1},\"system\":%s,\"virtual\":%s}\n",
            head.system ? "true" : "false", head.virtual_ ? "true" : "false");
        assert_memory_equal(line.p + line.n - strlen(rest), rest, strlen(rest));
        assert_int_equal(line.p[strlen(want)], head.hashed ? '"' : 'n');
    }
    cq_rec_scope(&r, CQ_LIT("other"), CQ_NULL, 7);
    cq_rec_begin(&r, &(struct cq_rec_head){.kind = CQ_KIND_NODE});
    assert_int_equal(cq_rec_end(&r, &line), 0);
    cq_buf_putc(&r.out, 0);
    assert_non_null(strstr((const char *)r.out.p, "\"id\":\"other/node\",\"epoch\":7,"));
    assert_non_null(strstr((const char *)r.out.p, "\"cluster\":\"other\",\"labels\":{},"));
    cq_rec_fini(&r);
}

/* Every version is the one before and one, in all its digits; a failed record has none. */
static void versions_rise(void **state)
{
    static const uint64_t epochs[] = {0, 1, 24, 217432719, UINT64_MAX >> 22};
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    cq_rec_init(&r, &cq_mem_libc);
    for (size_t e = 0; e < sizeof(epochs) / sizeof(epochs[0]); e++) {
        cq_rec_scope(&r, CQ_LIT("c"), CQ_NULL, epochs[e]);
        for (uint64_t i = 0; i < 1200; i++) {
            char want[64];

            cq_rec_begin(&r, &(struct cq_rec_head){.kind = CQ_KIND_NODE});
            if (i % 100 == 7) { /* not to be: the next one has its version */
                cq_rec_abort(&r);
                cq_rec_begin(&r, &(struct cq_rec_head){.kind = CQ_KIND_NODE});
            }
            assert_int_equal(cq_rec_end(&r, &line), 0);
            snprintf(want, sizeof(want), ",\"version\":%llu,\"observed_at\"",
                     (unsigned long long)((epochs[e] << 22) + i));
            cq_buf_putc(&r.out, 0);
            if (!strstr((const char *)r.out.p, want)) fail_msg("%s in %s", want, r.out.p);
        }
    }
    cq_rec_fini(&r);
}

static void no_hash_and_no_body(void **state)
{
    struct cq_rec_head head = {.kind = CQ_KIND_SCOPE_BEGIN};
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    cq_rec_init(&r, &cq_mem_libc);
    cq_rec_scope(&r, CQ_LIT("c"), CQ_NULL, 1);
    r.wall_ms = -1;
    cq_rec_begin(&r, &head);
    assert_int_equal(cq_rec_end(&r, &line), 0);
    cq_buf_putc(&r.out, 0);
    assert_string_equal((const char *)r.out.p,
                        "{\"schema\":\"cqlcrawl/1\",\"kind\":\"scope_begin\",\"op\":\"upsert\","
                        "\"id\":\"c/scope_begin\",\"epoch\":1,\"version\":4194304,"
                        "\"observed_at\":null,\"hash\":null,\"structure_hash\":null,"
                        "\"cluster\":\"c\",\"labels\":{},\"system\":false,\"virtual\":false}\n");
    head = (struct cq_rec_head){.kind = CQ_KIND_KEYSPACE, .hashed = true};
    cq_rec_begin(&r, &head);
    assert_int_equal(cq_rec_end(&r, &line), 0);
    cq_buf_putc(&r.out, 0); /* XXH3-128 of {} as xxhsum -H2 prints it */
    assert_non_null(strstr((const char *)r.out.p, "\"hash\":\"dc7048f8f8747f561349cde127705c16\""));
    cq_rec_fini(&r);
}

static void id_is(struct cq_rec_head head, cq_bytes cluster, const char *want)
{
    struct cq_buf out;

    cq_buf_init(&out, &cq_mem_libc, 100000);
    cq_buf_puts(&out, "before");
    assert_int_equal(cq_rec_id(cluster, &head, &out), 0);
    cq_buf_putc(&out, 0);
    assert_string_equal((const char *)out.p + 6, want);
    cq_buf_fini(&out);
}

static void ids(void **state)
{
    const cq_bytes types[] = {CQ_LIT("int"), CQ_LIT("map<text, int>")};

    (void)state;
    id_is((struct cq_rec_head){.kind = CQ_KIND_KEYSPACE, .part = {CQ_LIT("shop")}},
          CQ_LIT("prod-eu-1"), "prod-eu-1/keyspace/shop");
    id_is((struct cq_rec_head){.kind = CQ_KIND_SCOPE_END}, CQ_LIT("127.0.0.1:9042"),
          "127.0.0.1%3A9042/scope_end");
    id_is(
        (struct cq_rec_head){.kind = CQ_KIND_TYPE, .part = {CQ_LIT("k"), CQ_LIT("A/b %\xc3\xbc~")}},
        CQ_LIT("c"), "c/type/k/A%2Fb%20%25%C3%BC~");
    id_is((struct cq_rec_head){.kind = CQ_KIND_FUNCTION,
                               .part = {CQ_LIT("k"), CQ_LIT("f()")},
                               .has_signature = true},
          CQ_LIT("c"), "c/function/k/f%28%29()");
    id_is((struct cq_rec_head){.kind = CQ_KIND_FUNCTION,
                               .part = {CQ_LIT("k"), CQ_LIT("f")},
                               .has_signature = true,
                               .argument_types = types,
                               .n_argument_types = 2},
          CQ_LIT("c"), "c/function/k/f(int,map%3Ctext%2C%20int%3E)");
    id_is((struct cq_rec_head){.kind = CQ_KIND_ANOMALY,
                               .part = {CQ_LIT("orphan"), CQ_LIT("table"), CQ_LIT("k"), CQ_NULL}},
          CQ_LIT("c"), "c/anomaly/orphan/table/k");
    id_is((struct cq_rec_head){.kind = CQ_KIND_TABLE, .part = {CQ_LIT(""), CQ_LIT("")}},
          CQ_LIT("c"), "c/table//");
}

/* 400 bytes stay as they are, one more is sealed: the cut is at byte 400 exactly. */
static void long_ids_are_sealed(void **state)
{
    char name[401], want[500];
    struct cq_rec_head head = {.kind = CQ_KIND_KEYSPACE};

    (void)state;
    memset(name, 'n', sizeof(name));
    head.part[0] = (cq_bytes){(const uint8_t *)name, 389};
    snprintf(want, sizeof(want), "c/keyspace/%.389s", name);
    assert_int_equal(strlen(want), 400);
    id_is(head, CQ_LIT("c"), want);
    head.part[0].n = 390;
    /* 33 more: "~" and the first half of printf c/keyspace/nnn...(390) | sha256sum */
    snprintf(want, sizeof(want), "c/keyspace/%.389s~dc157b4dcf5fff8a05a53700e504bfa6", name);
    id_is(head, CQ_LIT("c"), want);
}

static void labels(void **state)
{
    const struct cq_label two[] = {{CQ_LIT("env"), CQ_LIT("prod")}, {CQ_LIT("a\"b"), CQ_LIT("")}};
    struct cq_buf out;

    (void)state;
    cq_buf_init(&out, &cq_mem_libc, 1000);
    assert_int_equal(cq_rec_labels(two, 2, &out), 0);
    assert_int_equal(cq_rec_labels(NULL, 0, &out), 0);
    cq_buf_putc(&out, 0);
    assert_string_equal((const char *)out.p, "{\"env\":\"prod\",\"a\\\"b\":\"\"}{}");
    cq_buf_fini(&out);
}

static void add_hex(uint8_t sum[16], const char *hex)
{
    unsigned carry = 0;

    for (int i = 15; i >= 0; i--) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], 0};

        carry += sum[i] + (unsigned)strtoul(two, NULL, 16);
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* The digest: the sum of the hashes as numbers of 128 bits, whatever the order; not of an abort. */
static void digest_is_a_sum(void **state)
{
    char got[33], want[33], hash[33];
    uint8_t sum[16] = {0};
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    hex_of("{\"keyspace\":\"shop\",\"name\":\"orders\",\"comment\":\"c\"}", hash);
    cq_rec_init(&r, &cq_mem_libc);
    cq_rec_scope(&r, CQ_LIT("c"), CQ_NULL, 1);
    cq_rec_digest(&r, got);
    assert_string_equal(got, "00000000000000000000000000000000");
    for (int i = 0; i < 7; i++) {
        assert_int_equal(write_one(&r, &line), 0);
        add_hex(sum, hash);
    }
    cq_rec_begin(&r, &(struct cq_rec_head){.kind = CQ_KIND_TABLE, .hashed = true});
    cq_rec_abort(&r);
    cq_rec_begin(&r, &(struct cq_rec_head){.kind = CQ_KIND_NODE, .hashed = true});
    assert_int_equal(cq_rec_end(&r, &line), 0);
    cq_rec_digest(&r, got);
    for (int i = 0; i < 16; i++)
        snprintf(want + 2 * i, 3, "%02x", sum[i]);
    assert_string_equal(got, want);
    cq_rec_fini(&r);
}

static void bound(struct cq_buf *b, size_t max)
{
    cq_buf_fini(b);
    cq_buf_init(b, &cq_mem_libc, max);
}

static void failures(void **state)
{
    struct cq_rec r;
    cq_bytes line;

    (void)state;
    cq_rec_init(&r, &cq_mem_libc);
    cq_rec_scope(&r, CQ_LIT("c"), CQ_NULL, 1);
    r.sequence = 1u << 22;
    assert_int_equal(write_one(&r, &line), CQ_ETOO_MANY);
    r.sequence = (1u << 22) - 1;
    assert_int_equal(write_one(&r, &line), 0);
    r.sequence = 0;
    bound(&r.out, 300);
    assert_int_equal(write_one(&r, &line), CQ_ETOO_LARGE);
    bound(&r.out, CQ_MAX_RECORD);
    bound(&r.structure, 4);
    assert_int_equal(write_one(&r, &line), CQ_ETOO_LARGE);
    bound(&r.structure, CQ_MAX_RECORD);
    assert_int_equal(write_one(&r, &line), 0); /* it recovers */
    cq_rec_begin(&r, &(struct cq_rec_head){.kind = CQ_KIND_TABLE});
    cq_json_name(&r.json, CQ_KEY("a"));
    cq_json_open(&r.json, '[');
    assert_int_equal(cq_rec_end(&r, &line), CQ_EINTERNAL);
    cq_rec_fini(&r);
}

/* Whichever allocation fails: CQ_ENOMEM, nothing counted; and none at all once warm. */
static void out_of_memory(void **state)
{
    struct watched w;
    struct cq_rec r;
    cq_bytes line;
    size_t n;

    (void)state;
    for (n = 1; n < 100; n++) {
        int err;

        watched_init(&w, n);
        cq_rec_init(&r, &w.mem);
        cq_rec_scope(&r, CQ_LIT("c"), CQ_NULL, 1);
        err = write_one(&r, &line);
        if (err == 0) break;
        assert_int_equal(err, CQ_ENOMEM);
        assert_int_equal(r.counts[CQ_KIND_TABLE], 0);
        assert_int_equal(r.sequence, 0);
        cq_rec_fini(&r);
        assert_int_equal(w.alive, 0);
    }
    assert_in_range(n, 4, 99);
    w.calls = 0;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(write_one(&r, &line), 0);
    assert_int_equal(w.calls, 0);
    cq_rec_fini(&r);
    assert_int_equal(w.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line),
        cmocka_unit_test(mutes_of_any_number),
        cmocka_unit_test(heads_change),
        cmocka_unit_test(no_hash_and_no_body),
        cmocka_unit_test(versions_rise),
        cmocka_unit_test(ids),
        cmocka_unit_test(long_ids_are_sealed),
        cmocka_unit_test(labels),
        cmocka_unit_test(digest_is_a_sum),
        cmocka_unit_test(failures),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
