/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's encoder against bytes of real servers (tests/data/transcripts):
 *  - rows that an independent client decoded (rows.json), written by our row writer, give the
 * recorded cells byte for byte, under the columns and types that release.c claims;
 *  - recorded clients' bytes, fed to a connection that replays, give the recorded answers byte for
 * byte;
 *  - the generated reference schema gives the recorded rows of a 5.0.9 server with that schema.
 */
#include "json.h"
#include "recorded.h"

#include "sim/files.h"
#include "sim/fleet.h"
#include "sim/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#define DIR CQ_TEST_DATA "/transcripts/"

/* ---- values of rows.json by the type's name ---- */

static void put_hex(struct cqsim_buf *b, const char *text)
{
    for (; text[0] != 0 && text[1] != 0; text += 2) {
        char digits[3] = {text[0], text[1], 0};
        if (text[0] == '-') {
            text--;
            continue;
        }
        cqsim_put_u8(b, (unsigned)strtoul(digits, NULL, 16));
    }
}

static void put_scalar(struct cqsim_buf *b, const char *type, const struct json *j)
{
    const char *text = (const char *)cqsim_buf_head(&j->text);
    if (strcmp(type, "varchar") == 0) {
        cqsim_put(b, text, j->n);
    } else if (strcmp(type, "blob") == 0 || strcmp(type, "uuid") == 0) {
        put_hex(b, text);
    } else if (strcmp(type, "boolean") == 0) {
        cqsim_put_u8(b, j->kind == JSON_TRUE);
    } else if (strcmp(type, "inet") == 0) {
        uint8_t ip[4];
        assert_int_equal(inet_pton(AF_INET, text, ip), 1);
        cqsim_put(b, ip, sizeof ip);
    } else {
        fail_msg("no reader for type %s", type);
    }
}

static void put_collection(struct cqsim_row *row, const char *name, const char *type,
                           struct json *j)
{
    char inner[2][32] = {"", ""};
    assert_int_equal(sscanf(type, "%*[a-z]<%31[a-z], %31[a-z]", inner[0], inner[1]) >= 1, 1);
    bool map = inner[1][0] != 0;
    struct cqsim_buf cell = {0}, element = {0};
    uint32_t n = 0;
    while (json_next(j) != JSON_OBJECT_END && j->kind != JSON_ARRAY_END) {
        cqsim_buf_clear(&element);
        put_scalar(&element, inner[map && n % 2], j);
        cqsim_put_bytes(&cell, cqsim_buf_slice(&element));
        n++;
    }
    struct cqsim_buf *b = cqsim_row_set(row, name);
    cqsim_put_u32(b, map ? n / 2 : n);
    cqsim_put(b, cqsim_buf_head(&cell), cqsim_buf_len(&cell));
    cqsim_buf_fini(&cell);
    cqsim_buf_fini(&element);
}

static void put_value(struct cqsim_row *row, const char *name, const char *type, struct json *j)
{
    const char *text = (const char *)cqsim_buf_head(&j->text);
    if (j->kind == JSON_NULL) return;
    if (j->kind == JSON_OBJECT || j->kind == JSON_ARRAY)
        put_collection(row, name, type, j);
    else if (strcmp(type, "int") == 0)
        cqsim_row_int(row, name, (int32_t)strtol(text, NULL, 10));
    else if (strcmp(type, "timestamp") == 0)
        cqsim_row_long(row, name, strtoll(text, NULL, 10));
    else if (strcmp(type, "double") == 0)
        cqsim_row_double(row, name, strtod(text, NULL));
    else if (strcmp(type, "boolean") == 0)
        cqsim_row_bool(row, name, j->kind == JSON_TRUE);
    else
        put_scalar(cqsim_row_set(row, name), type, j);
}

/* ---- one table of rows.json ---- */

struct json_columns {
    unsigned n;
    char names[CQSIM_MAX_COLUMNS][CQSIM_MAX_NAME];
    char types[CQSIM_MAX_COLUMNS][CQSIM_MAX_NAME];
};

static void read_columns(struct json *j, struct json_columns *out)
{
    out->n = 0;
    assert_int_equal(json_next(j), JSON_ARRAY);
    while (json_next(j) == JSON_ARRAY) {
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(json_next(j), JSON_TEXT);
            cqsim_copy_text(i == 0 ? out->names[out->n] : out->types[out->n], CQSIM_MAX_NAME,
                            (struct cqsim_slice){cqsim_buf_head(&j->text), j->n});
        }
        assert_int_equal(json_next(j), JSON_ARRAY_END);
        out->n++;
    }
}

/* Behind the table's name in rows.json; returns the rows compared. */
static size_t check_table(struct json *j, const struct cqsim_release *rel,
                          struct cqsim_recording *rec, const char *keyspace, const char *name)
{
    struct cqsim_table ours;
    struct json_columns columns;
    struct cqsim_row row = {0};
    struct cqsim_table *theirs = cqsim_recording_find(rec, keyspace, name);
    assert_non_null(theirs);
    assert_int_equal(json_next(j), JSON_OBJECT);
    json_next(j);
    if (strcmp((const char *)cqsim_buf_head(&j->text), "error") == 0) {
        struct cqsim_error e;
        assert_false(cqsim_release_table(rel, keyspace, name, &ours));
        cqsim_release_absent(rel, strncmp(theirs->error_text, "Keyspace", 8) != 0, keyspace, name,
                             &e);
        assert_int_equal(e.code, theirs->error);
        assert_string_equal(e.text, theirs->error_text);
        json_next(j);
        json_next(j);
        return 0;
    }
    assert_true(cqsim_release_table(rel, keyspace, name, &ours));
    recorded_check_columns(&ours, theirs);
    read_columns(j, &columns);
    assert_int_equal(columns.n, ours.n_columns);
    json_next(j);
    assert_int_equal(json_next(j), JSON_ARRAY);
    while (json_next(j) == JSON_ARRAY) {
        cqsim_row_begin(&row, &ours);
        for (unsigned i = 0; i < columns.n; i++) {
            json_next(j);
            put_value(&row, columns.names[i], columns.types[i], j);
        }
        assert_int_equal(json_next(j), JSON_ARRAY_END);
        cqsim_row_end(&row, &ours.rows);
    }
    assert_int_equal(json_next(j), JSON_OBJECT_END);
    recorded_check_rows(&ours.rows, &theirs->rows);
    size_t n = ours.rows.n;
    cqsim_row_fini(&row);
    cqsim_table_fini(&ours);
    return n;
}

static void check_rows_json(const char *release, const char *json_file, const char *recording,
                            size_t n_expected)
{
    struct cqsim_recording *rec = calloc(1, sizeof *rec);
    struct cqsim_buf file = {0};
    struct json j;
    size_t n_rows = 0;
    recorded_read(recording, rec);
    assert_true(cqsim_file_read(json_file, &file));
    json_begin(&j, cqsim_buf_slice(&file));
    assert_int_equal(json_next(&j), JSON_OBJECT);
    while (json_next(&j) == JSON_TEXT) {
        char keyspace[64], name[64];
        const char *text = (const char *)cqsim_buf_head(&j.text);
        assert_int_equal(sscanf(text, "%63[^.].%63s", keyspace, name), 2);
        n_rows += check_table(&j, cqsim_release_find(release), rec, keyspace, name);
    }
    assert_int_equal(n_rows, n_expected);
    json_fini(&j);
    cqsim_buf_fini(&file);
    cqsim_recording_fini(rec);
    free(rec);
}

static void rows_of_40(void **state)
{
    (void)state;
    check_rows_json("4.0", DIR "4.0.19.rows.json", "4.0.19-v4", 1021);
}

static void rows_of_311(void **state)
{
    (void)state;
    check_rows_json("3.11", DIR "3.11.19.rows.json", "3.11.19-v4", 800);
}

/* ---- whole conversations ---- */

enum { MAX_ANSWERS = 64 };

struct answers {
    size_t n;
    struct {
        unsigned version, flags, opcode;
        int stream;
        uint8_t *body;
        size_t n_body;
    } all[MAX_ANSWERS];
};

static void keep(void *arg, const struct cqsim_envelope *e)
{
    struct answers *a = arg;
    assert_true(a->n < MAX_ANSWERS);
    a->all[a->n].version = e->version;
    a->all[a->n].flags = e->flags;
    a->all[a->n].opcode = e->opcode;
    a->all[a->n].stream = e->stream;
    a->all[a->n].n_body = e->body.n;
    a->all[a->n].body = malloc(e->body.n + 1);
    memcpy(a->all[a->n++].body, e->body.p, e->body.n);
}

static void drop(struct answers *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->all[i].body);
}

/* The same answers, found by their place in the handshake or by their stream behind it. */
static void check_same(const struct answers *ours, const struct answers *theirs)
{
    assert_int_equal(ours->n, theirs->n);
    for (size_t i = 0; i < theirs->n; i++) {
        size_t k = i;
        for (size_t m = 2; i >= 2 && m < ours->n; m++)
            if (ours->all[m].stream == theirs->all[i].stream) k = m;
        assert_int_equal(ours->all[k].version, theirs->all[i].version);
        assert_int_equal(ours->all[k].flags, theirs->all[i].flags);
        assert_int_equal(ours->all[k].opcode, theirs->all[i].opcode);
        assert_int_equal(ours->all[k].stream, theirs->all[i].stream);
        assert_int_equal(ours->all[k].n_body, theirs->all[i].n_body);
        assert_memory_equal(ours->all[k].body, theirs->all[i].body, theirs->all[i].n_body);
    }
}

static void check_conversation(const char *name)
{
    char server_path[512], client_path[512], error[256];
    snprintf(server_path, sizeof server_path, DIR "%s.s2c.bin", name);
    snprintf(client_path, sizeof client_path, DIR "%s.c2s.bin", name);
    struct cqsim_config config = {.n_clusters = 1,
                                  .n_schemas = 1,
                                  .n_nodes = 1,
                                  .release = cqsim_release_find("5.0"),
                                  .replay = server_path,
                                  .replay_c2s = client_path};
    struct cqsim_fleet *fleet = cqsim_fleet_new(&config, error, sizeof error);
    assert_non_null(fleet);
    struct cqsim_buf client = {0}, server = {0}, got = {0};
    assert_true(cqsim_file_read(client_path, &client));
    assert_true(cqsim_file_read(server_path, &server));
    struct cqsim_conn *conn = cqsim_conn_new(&fleet->clusters[0], 0);
    /* what follows STARTUP was sent when READY had come; the rest in one write */
    cqsim_conn_feed(conn, cqsim_buf_slice(&client), 0);
    struct cqsim_slice s;
    while ((s = cqsim_conn_pending(conn, 0)).n > 0) {
        cqsim_put(&got, s.p, s.n);
        cqsim_conn_sent(conn, s.n);
    }
    struct answers *ours = calloc(1, sizeof *ours), *theirs = calloc(1, sizeof *theirs);
    assert_true(cqsim_each_envelope(cqsim_buf_slice(&got), keep, ours));
    assert_true(cqsim_each_envelope(cqsim_buf_slice(&server), keep, theirs));
    assert_int_equal(theirs->n, 19);
    check_same(ours, theirs);
    drop(ours);
    drop(theirs);
    free(ours);
    free(theirs);
    cqsim_conn_free(conn);
    cqsim_buf_fini(&client);
    cqsim_buf_fini(&server);
    cqsim_buf_fini(&got);
    cqsim_fleet_free(fleet);
}

static void conversations(void **state)
{
    (void)state;
    static const char *const names[] = {"3.11.19-v4",         "3.11.19-v4-lz4",
                                        "4.0.19-v4",          "4.0.19-v4-lz4",
                                        "4.0.19-v5",          "4.0.19-v5-lz4",
                                        "5.0.9-v5-lz4-trio",  "5.0.9-v4-lz4-reference",
                                        "5.0.9-v5-reference", "5.0.9-v5-lz4-reference"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_conversation(names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_40),
        cmocka_unit_test(rows_of_311),
        cmocka_unit_test(conversations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
