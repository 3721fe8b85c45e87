/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published vectors (tests/data/record-vectors.json), whose expectations an independent program
 * computed: ids from their parts, hashes from the text that they cover. That the model writes those
 * very lines is checked by tests/records/run.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "record/record.h"
#include "unit/base/cmocka_all.h"

enum { MAX_PARTS = 8 };

static int load(void **state)
{
    json_error_t error;

    *state = json_load_file(CQ_TEST_DATA "/record-vectors.json", 0, &error);
    return *state ? 0 : -1;
}

static int unload(void **state)
{
    json_decref(*state);
    return 0;
}

static cq_bytes text_of(const json_t *one)
{
    return (cq_bytes){(const uint8_t *)json_string_value(one), json_string_length(one)};
}

static enum cq_kind kind_of(const char *name)
{
    int k = 0;

    while (k < CQ_N_KINDS && strcmp(cq_kind_name((enum cq_kind)k), name) != 0)
        k++;
    assert_int_not_equal(k, CQ_N_KINDS);
    return (enum cq_kind)k;
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(digits, c);

    return at && c ? (int)(at - digits) : 0;
}

/* Into room, which is as long as the text. */
static cq_bytes from_base64(const json_t *one, uint8_t *room)
{
    const char *p = json_string_value(one);
    size_t n = json_string_length(one), k = 0;

    for (size_t i = 0; i + 4 <= n; i += 4) {
        int v = digit(p[i]) << 18 | digit(p[i + 1]) << 12 | digit(p[i + 2]) << 6 | digit(p[i + 3]);

        room[k++] = (uint8_t)(v >> 16);
        if (p[i + 2] != '=') room[k++] = (uint8_t)(v >> 8);
        if (p[i + 3] != '=') room[k++] = (uint8_t)v;
    }
    return (cq_bytes){room, k};
}

static void check_id(const json_t *vector)
{
    const json_t *parts = json_object_get(vector, "parts");
    const json_t *binary = json_object_get(vector, "parts_base64");
    const json_t *signature = json_object_get(vector, "signature");
    struct cq_rec_head head = {.kind = kind_of(json_string_value(json_object_get(vector, "kind"))),
                               .has_signature = signature != NULL,
                               .n_argument_types = json_array_size(signature)};
    cq_bytes types[MAX_PARTS];
    uint8_t room[MAX_PARTS][1000];
    struct cq_buf out;

    assert_in_range(json_array_size(parts), 0, 4);
    for (size_t i = 0; i < json_array_size(parts); i++)
        head.part[i] = binary ? from_base64(json_array_get(binary, i), room[i])
                              : text_of(json_array_get(parts, i));
    for (size_t i = 0; i < json_array_size(signature); i++)
        types[i] = text_of(json_array_get(signature, i));
    head.argument_types = types;
    cq_buf_init(&out, &cq_mem_libc, 10000);
    assert_int_equal(cq_rec_id(text_of(json_object_get(vector, "cluster")), &head, &out), 0);
    cq_buf_putc(&out, 0);
    assert_string_equal((const char *)out.p, json_string_value(json_object_get(vector, "id")));
    cq_buf_fini(&out);
}

static void ids(void **state)
{
    const json_t *all = json_object_get(*state, "ids");

    assert_in_range(json_array_size(all), 15, 1000);
    for (size_t i = 0; i < json_array_size(all); i++)
        check_id(json_array_get(all, i));
}

static size_t check_hash(const json_t *vector, const char *text_key, const char *hash_key)
{
    const json_t *text = json_object_get(vector, text_key);
    const json_t *want = json_object_get(vector, hash_key);
    char got[33];

    if (!text) {
        assert_true(json_is_null(want));
        return 0;
    }
    cq_rec_hash(text_of(text), got);
    assert_string_equal(got, json_string_value(want));
    assert_non_null(strstr(json_string_value(json_object_get(vector, "line")), got));
    return 1;
}

static void hashes(void **state)
{
    const json_t *all = json_object_get(*state, "records");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(all); i++) {
        n += check_hash(json_array_get(all, i), "content", "hash");
        n += check_hash(json_array_get(all, i), "structure", "structure_hash");
    }
    assert_in_range(n, 80, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ids), cmocka_unit_test(hashes)};

    return cmocka_run_group_tests(tests, load, unload);
}
