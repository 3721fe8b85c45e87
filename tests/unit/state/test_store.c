/* SPDX-License-Identifier: Apache-2.0 */
/* DIR/state.db: what comes back, over a reopening; foreign, newer and damaged files. */
#include "state/store.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "unit/base/cmocka_all.h"
#include "unit/state/folder.h"

#define AT(s) ((int64_t)CQ_EPOCH_2020_MS + (int64_t)(s)*1000)
#define A CQ_LIT("a")

struct bench {
    struct folder folder;
    struct cq_store *s;
    struct cq_fault f;
};

static int setup(void **state)
{
    static struct bench b;

    b = (struct bench){0};
    folder_begin(&b.folder);
    assert_int_equal(mkdir(b.folder.dir, 0700), 0);
    assert_int_equal(cq_store_open(&b.s, b.folder.dir, &b.f), 0);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    cq_store_close(b->s);
    folder_end(&b->folder);
    return 0;
}

static void reopen(struct bench *b)
{
    cq_store_close(b->s);
    assert_int_equal(cq_store_open(&b->s, b->folder.dir, &b->f), 0);
}

static uint64_t begin(struct bench *b, cq_bytes name, int64_t wall_ms, struct cq_known *k)
{
    uint64_t epoch = 0;

    assert_int_equal(cq_store_group(b->s, &b->f), 0);
    assert_int_equal(cq_store_begin(b->s, name, wall_ms, &epoch, k, &b->f), 0);
    assert_int_equal(cq_store_commit(b->s, &b->f), 0);
    return epoch;
}

static void end(struct bench *b, cq_bytes name, enum cq_ending ending, const struct cq_known *k)
{
    assert_int_equal(cq_store_group(b->s, &b->f), 0);
    assert_int_equal(cq_store_end(b->s, name, ending, k, &b->f), 0);
    assert_int_equal(cq_store_commit(b->s, &b->f), 0);
}

static struct cq_known example(void)
{
    struct cq_known k = {
        .identity = {.cluster_name = "Prod 'x'", .partitioner = "p", .whole = true},
        .complete = {.epoch = 77,
                     .finished_ms = 123456789,
                     .proof = 2,
                     .hash_v = 1,
                     .schema_version = "61616161-6161-6161-6161-616161616161",
                     .digest = "0123456789abcdef0123456789abcdef",
                     .filters_hash = "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0",
                     .settings = "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"},
        .memory = 123456,
    };

    for (int i = 0; i < CQ_KNOWN_COUNTS; i++)
        k.complete.counts[i] = i == 3 ? UINT64_MAX : (uint64_t)i * 1000;
    cq_identity_add(&k.identity, CQ_LIT("0123456789abcdef"));
    cq_identity_add(&k.identity, CQ_LIT("fedcba9876543210"));
    return k;
}

static void test_epochs_grow(void **state)
{
    struct bench *b = *state;
    struct cq_known k;

    assert_int_equal(begin(b, A, AT(1000), &k), 1000);
    assert_int_equal(begin(b, A, AT(1000), &k), 1001);
    assert_int_equal(begin(b, CQ_LIT("b"), AT(1000), &k), 1000);
    reopen(b);
    assert_int_equal(begin(b, A, AT(1000), &k), 1002);
    assert_int_equal(begin(b, A, AT(500), &k), 1003); /* the clock was set back */
    assert_int_equal(begin(b, A, AT(9000), &k), 9000);
    assert_int_equal(begin(b, A, -5, &k), 9001);
    assert_int_equal(k.complete.epoch, 0);
    assert_int_equal(k.identity.n_hosts, 0);
}

static void test_everything_comes_back(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example();

    begin(b, A, AT(77), &k);
    end(b, A, CQ_ENDING_COMPLETE, &was);
    reopen(b);
    begin(b, A, AT(78), &k);
    assert_memory_equal(&k.complete, &was.complete, sizeof(k.complete));
    assert_memory_equal(&k.identity, &was.identity, sizeof(k.identity));
    assert_int_equal(k.memory, 123456);
    begin(b, CQ_LIT("b"), AT(78), &k); /* nobody else has it */
    assert_int_equal(k.complete.epoch, 0);
}

/* What the server said comes back, is left alone where there is nothing new, and is forgotten. */
static void test_greeting(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example(), none = example();

    assert_true(cq_greeting_make(&was.greeting, CQ_LIT("\0\1 supported"), CQ_LIT("5.0.9"), 999));
    begin(b, A, AT(77), &k);
    assert_int_equal(k.greeting.n, 0);
    end(b, A, CQ_ENDING_COMPLETE, &was);
    reopen(b);
    begin(b, A, AT(78), &k);
    assert_memory_equal(&k.greeting, &was.greeting, sizeof(k.greeting));
    end(b, A, CQ_ENDING_UNTOUCHED, &none);
    begin(b, A, AT(79), &k);
    assert_memory_equal(&k.greeting, &was.greeting, sizeof(k.greeting));
    none.greeting.learnt_ms = 5;
    end(b, A, CQ_ENDING_UNTOUCHED, &none);
    begin(b, A, AT(80), &k);
    assert_int_equal(k.greeting.n, 0);
}

/* Killed between begin and end: something may have left. */
static void test_no_end(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example(), nothing = {0};

    begin(b, A, AT(77), &k);
    end(b, A, CQ_ENDING_COMPLETE, &was);
    begin(b, A, AT(80), &k);
    assert_int_equal(k.complete.epoch, 77);
    reopen(b);
    begin(b, A, AT(81), &k);
    assert_int_equal(k.complete.epoch, 0);
    assert_string_equal(k.identity.cluster_name, "Prod 'x'"); /* this it still knows */
    end(b, A, CQ_ENDING_UNTOUCHED, &nothing);                 /* which mends nothing */
    begin(b, A, AT(82), &k);
    assert_int_equal(k.complete.epoch, 0);
}

static void test_endings(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example(), nothing = {0};

    begin(b, A, AT(77), &k);
    end(b, A, CQ_ENDING_COMPLETE, &was);
    begin(b, A, AT(78), &k);
    end(b, A, CQ_ENDING_UNTOUCHED, &nothing);
    begin(b, A, AT(79), &k);
    assert_int_equal(k.complete.epoch, 77);
    assert_string_equal(k.identity.cluster_name, "Prod 'x'");
    assert_int_equal(k.memory, 123456);
    end(b, A, CQ_ENDING_SPOILED, &nothing);
    begin(b, A, AT(80), &k);
    assert_int_equal(k.complete.epoch, 0);
    assert_string_equal(k.identity.cluster_name, "Prod 'x'");
    was.complete.epoch = 80;
    was.memory = 0; /* not known this time */
    end(b, A, CQ_ENDING_COMPLETE, &was);
    begin(b, A, AT(81), &k);
    assert_int_equal(k.complete.epoch, 80);
    assert_int_equal(k.memory, 123456);
}

static void test_group_leaves_no_trace(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example();
    uint64_t epoch;

    begin(b, A, AT(77), &k);
    assert_int_equal(cq_store_group(b->s, &b->f), 0);
    assert_int_equal(cq_store_begin(b->s, A, AT(5000), &epoch, &k, &b->f), 0);
    assert_int_equal(cq_store_end(b->s, A, CQ_ENDING_COMPLETE, &was, &b->f), 0);
    cq_store_abandon(b->s);
    cq_store_abandon(b->s);
    assert_int_equal(begin(b, A, AT(77), &k), 78);
    assert_int_equal(k.complete.epoch, 0);
}

static void test_doubt(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example();

    begin(b, A, AT(77), &k);
    end(b, A, CQ_ENDING_COMPLETE, &was);
    assert_int_equal(cq_store_doubt(b->s, &b->f), 0);
    assert_int_equal(begin(b, A, AT(77), &k), 78);
    assert_int_equal(k.complete.epoch, 0);
}

/* Names are bytes: quotes, percent signs, what is not UTF-8. */
static void test_names(void **state)
{
    struct bench *b = *state;
    cq_bytes names[] = {CQ_LIT("o'hare"), CQ_LIT("100%"), CQ_LIT("\xff\xfe"), CQ_LIT("A"), A};
    struct cq_known k;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(begin(b, names[i], AT(10), &k), 10);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(begin(b, names[i], AT(10), &k), 11);
}

/* ---- files that are not ours ---- */

static void sql(struct bench *b, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(b->folder.db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int refused(struct bench *b)
{
    int err;

    cq_store_close(b->s);
    b->s = NULL;
    b->f = (struct cq_fault){0};
    err = cq_store_open(&b->s, b->folder.dir, &b->f);
    assert_null(b->s);
    assert_int_equal(b->f.err, err);
    assert_non_null(strstr(b->f.text, b->folder.db));
    return err;
}

static void test_newer(void **state)
{
    struct bench *b = *state;

    cq_store_close(b->s);
    b->s = NULL;
    sql(b, "PRAGMA user_version = 3");
    assert_int_equal(refused(b), CQ_ESTATE_NEWER);
    assert_non_null(strstr(b->f.text, "version 3"));
}

static void test_foreign(void **state)
{
    struct bench *b = *state;

    cq_store_close(b->s);
    b->s = NULL;
    folder_end(&b->folder);
    assert_int_equal(mkdir(b->folder.dir, 0700), 0);
    sql(b, "CREATE TABLE theirs (x)");
    assert_int_equal(refused(b), CQ_ESTATE);
    assert_non_null(strstr(b->f.text, "none of cqlcrawl's"));
    sql(b, "SELECT x FROM theirs"); /* and left alone */
}

/* Version 0 is the oldest: an empty file. */
static void test_migrated(void **state)
{
    struct bench *b = *state;
    struct cq_known k;

    cq_store_close(b->s);
    b->s = NULL;
    folder_end(&b->folder);
    assert_int_equal(mkdir(b->folder.dir, 0700), 0);
    folder_write(b->folder.db, "", 0);
    assert_int_equal(cq_store_open(&b->s, b->folder.dir, &b->f), 0);
    assert_int_equal(begin(b, A, AT(3), &k), 3);
}

/* What 0.2 has written. */
static void test_migrated_from_1(void **state)
{
    struct bench *b = *state;
    struct cq_known k, was = example();

    begin(b, A, AT(77), &k);
    end(b, A, CQ_ENDING_COMPLETE, &was);
    cq_store_close(b->s);
    b->s = NULL;
    sql(b, "ALTER TABLE detail DROP COLUMN greeting; ALTER TABLE detail DROP COLUMN release;"
           "ALTER TABLE detail DROP COLUMN greeted_ms; PRAGMA user_version = 1");
    assert_int_equal(cq_store_open(&b->s, b->folder.dir, &b->f), 0);
    begin(b, A, AT(78), &k);
    assert_memory_equal(&k.complete, &was.complete, sizeof(k.complete));
    assert_int_equal(k.greeting.n, 0);
}

static void test_damaged(void **state)
{
    struct bench *b = *state;
    struct cq_known k;
    uint8_t zeros[64] = {0};
    uint64_t epoch;

    for (int i = 0; i < 1000; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "c%d", i);
        begin(b, cq_str(name), AT(3), &k);
    }
    cq_store_close(b->s);
    b->s = NULL;
    {
        FILE *out = fopen(b->folder.db, "r+b"); /* a page in the middle of `cluster` */

        assert_non_null(out);
        for (long at = 4096; at < 12 * 4096; at += 64) {
            assert_int_equal(fseek(out, at, SEEK_SET), 0);
            assert_int_equal(fwrite(zeros, 1, sizeof(zeros), out), sizeof(zeros));
        }
        assert_int_equal(fclose(out), 0);
    }
    if (cq_store_open(&b->s, b->folder.dir, &b->f) == 0) { /* found out later, in words, too */
        assert_int_equal(cq_store_group(b->s, &b->f), 0);
        assert_int_equal(cq_store_begin(b->s, CQ_LIT("c500"), AT(3), &epoch, &k, &b->f), CQ_ESTATE);
        cq_store_abandon(b->s);
    }
    assert_non_null(strstr(b->f.text, "malformed"));
    folder_write(b->folder.db, "This is no database at all, whatever its name may say.......", 60);
    assert_int_equal(refused(b), CQ_ESTATE);
    assert_non_null(strstr(b->f.text, "not a database"));
}

/* The file system takes no byte more. */
static void test_full(void **state)
{
    struct bench *b = *state;
    struct rlimit before, none;
    struct cq_known k;
    uint64_t epoch;
    int err = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(begin(b, A, AT(3), &k), 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    err = cq_store_group(b->s, &b->f);
    if (!err) err = cq_store_begin(b->s, A, AT(3), &epoch, &k, &b->f);
    if (!err) err = cq_store_commit(b->s, &b->f);
    cq_store_abandon(b->s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, CQ_ESTATE);
    assert_int_equal(begin(b, A, AT(3), &k), 4); /* there is room again */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_epochs_grow),
        T(test_everything_comes_back),
        T(test_no_end),
        T(test_endings),
        T(test_group_leaves_no_trace),
        T(test_doubt),
        T(test_names),
        T(test_newer),
        T(test_foreign),
        T(test_migrated),
        T(test_migrated_from_1),
        T(test_greeting),
        T(test_damaged),
        T(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
