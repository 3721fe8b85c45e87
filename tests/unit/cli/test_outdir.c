/* SPDX-License-Identifier: Apache-2.0 */
/* A file per cluster: names, whole files only, few descriptors, errors that rename nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/outdir.h"

enum { CLUSTERS = 300 };

static char folder[64];

static int make(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/cq-outdir-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int sweep(void **state)
{
    DIR *d = opendir(folder);
    struct dirent *e;

    (void)state;
    while (d && (e = readdir(d)))
        (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d) (void)closedir(d);
    return rmdir(folder);
}

/* What the file holds, or NULL where it is not there; freed by the next call. */
static const char *content(const char *name)
{
    static char text[8192];
    char path[512];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "r");
    if (!f) return NULL;
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = 0;
    (void)fclose(f);
    return text;
}

static void put(struct cq_outdir *d, struct cq_outfile *f, const char *s)
{
    cq_outdir_put(d, f, s, strlen(s));
}

static void test_names(void **state)
{
    static const char *const rows[][2] = {
        {"prod-eu-1", "prod-eu-1.ndjson"},
        {"127.0.0.1:9042", "127.0.0.1%3A9042.ndjson"},
        {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd~"},
        {"a/b", "a%2Fb.ndjson"},
        {"a~b", "a%7Eb.ndjson"},
        {"a%2fb", "a%252fb.ndjson"},
        {"..", "%2E.~"},
        {"", "~"},
        {".cqlcrawl.lock", "%2Ecqlcrawl.lock~"},
        {"end.", "end.~"},
        {"nul", "nul~"},
        {"com1.prod", "com1.prod~"},
        {"console", "console.ndjson"},
        {"Prod", "Prod~"},
        {"caf\xc3\xa9", "caf%C3%A9.ndjson"},
        {"a\nb\x1b", "a%0Ab%1B.ndjson"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *want = rows[i][1];
        char name[CQ_OUTDIR_NAME];
        size_t n = strlen(want);

        cq_outdir_name(rows[i][0], name);
        if (want[n - 1] != '~') {
            assert_string_equal(name, want);
            continue;
        }
        assert_memory_equal(name, want, n);
        assert_int_equal(strlen(name), n + 32 + strlen(".ndjson"));
    }
}

/* Names that differ have files that differ, where case does not count either. */
static void test_names_never_meet(void **state)
{
    char long_a[1000], long_b[1000], a[CQ_OUTDIR_NAME], b[CQ_OUTDIR_NAME];

    (void)state;
    cq_outdir_name("prod", a);
    cq_outdir_name("PROD", b);
    assert_int_not_equal(strcasecmp(a, b), 0);
    cq_outdir_name("Prod", a);
    assert_int_not_equal(strcasecmp(a, b), 0);
    memset(long_a, 'x', sizeof(long_a));
    memset(long_b, 'x', sizeof(long_b));
    long_a[999] = long_b[999] = 0;
    long_b[998] = 'y';
    cq_outdir_name(long_a, a);
    cq_outdir_name(long_b, b);
    assert_int_not_equal(strcasecmp(a, b), 0);
    assert_true(strlen(a) + strlen(".partial") < 255);
    memset(long_a, '/', 998);
    cq_outdir_name(long_a, a);
    assert_true(strlen(a) + strlen(".partial") < 255);
}

static void test_only_whole_reads(void **state)
{
    struct cq_outfile *f = NULL;
    struct cq_outdir d;
    struct stat st;
    char path[512];

    (void)state;
    assert_int_equal(cq_outdir_open(&d, folder), 0);
    assert_false(cq_outdir_has(&d, "a"));
    cq_outdir_begin(&d, &f, "a");
    put(&d, f, "torn\n");
    cq_outdir_begin(&d, &f, "a"); /* once more */
    put(&d, f, "one\n");
    assert_null(content("a.ndjson"));
    assert_true(cq_outdir_finish(&d, &f, CQ_OUTDIR_WHOLE, true));
    assert_null(f);
    assert_string_equal(content("a.ndjson"), "one\n");
    assert_null(content("a.ndjson.partial"));
    assert_true(cq_outdir_has(&d, "a"));

    cq_outdir_begin(&d, &f, "a");
    put(&d, f, "failed\n");
    assert_true(cq_outdir_finish(&d, &f, CQ_OUTDIR_PARTIAL, false));
    assert_string_equal(content("a.ndjson"), "one\n");
    assert_string_equal(content("a.ndjson.partial"), "failed\n");

    (void)snprintf(path, sizeof(path), "%s/a.ndjson", folder);
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){{1, 0}, {1, 0}}, 0), 0);
    cq_outdir_begin(&d, &f, "a");
    put(&d, f, "heartbeat\n");
    assert_true(cq_outdir_finish(&d, &f, CQ_OUTDIR_KEPT, false));
    assert_string_equal(content("a.ndjson"), "one\n");
    assert_null(content("a.ndjson.partial"));
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_mtim.tv_sec > 1000);
    assert_int_equal(cq_outdir_close(&d), 0);
}

/* An attempt that was written to the disk and is repeated leaves nothing behind. */
static void test_long_attempt_is_forgotten(void **state)
{
    struct cq_outfile *f = NULL;
    struct cq_outdir d;
    char *line = malloc(CQ_OUTDIR_LARGE);

    (void)state;
    assert_int_equal(cq_outdir_open(&d, folder), 0);
    memset(line, 'x', CQ_OUTDIR_LARGE);
    cq_outdir_begin(&d, &f, "a");
    cq_outdir_put(&d, f, line, CQ_OUTDIR_LARGE);
    assert_non_null(content("a.ndjson.partial"));
    cq_outdir_begin(&d, &f, "a");
    put(&d, f, "one\n");
    assert_true(cq_outdir_finish(&d, &f, CQ_OUTDIR_WHOLE, false));
    assert_string_equal(content("a.ndjson"), "one\n");
    assert_int_equal(cq_outdir_close(&d), 0);
    free(line);
}

static int open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d))
        n++;
    if (d) (void)closedir(d);
    return n;
}

/* Many at once, in turns, in pieces: few descriptors, and each file has its own lines in order. */
static void test_many_at_once(void **state)
{
    static struct cq_outfile *files[CLUSTERS];
    static char piece[CQ_OUTDIR_LARGE / 4];
    struct cq_outdir d;
    int before = open_files();

    (void)state;
    assert_int_equal(cq_outdir_open(&d, folder), 0);
    for (int round = 0; round < 6; round++) {
        memset(piece, 'a' + round, sizeof(piece));
        for (int i = 0; i < CLUSTERS; i++) {
            char name[16];

            (void)snprintf(name, sizeof(name), "c%d", i);
            if (!round) cq_outdir_begin(&d, &files[i], name);
            cq_outdir_put(&d, files[i], piece, sizeof(piece));
        }
        assert_true(open_files() - before <= CQ_OUTDIR_FILES + 2);
        assert_true(d.gathered <= CQ_OUTDIR_GATHER);
    }
    for (int i = 0; i < CLUSTERS; i++)
        assert_true(cq_outdir_finish(&d, &files[i], CQ_OUTDIR_WHOLE, false));
    assert_int_equal(d.gathered, 0);
    assert_int_equal(d.n_open, 0);
    assert_int_equal(cq_outdir_close(&d), 0);
    assert_int_equal(open_files(), before);
    for (int i = 0; i < CLUSTERS; i++) {
        char path[512], text[6];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/c%d.ndjson", folder, i);
        fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        for (int round = 0; round < 6; round++)
            assert_int_equal(pread(fd, text + round, 1, (off_t)round * (off_t)sizeof(piece)), 1);
        assert_memory_equal(text, "abcdef", 6);
        assert_int_equal(lseek(fd, 0, SEEK_END), 6 * (off_t)sizeof(piece));
        (void)close(fd);
    }
}

/* A disk that takes no more: the error is told once, with its file, and nothing is renamed. */
static void test_full_disk(void **state)
{
    struct rlimit was, small;
    struct cq_outfile *f = NULL, *g = NULL;
    struct cq_outdir d;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(cq_outdir_open(&d, folder), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = was;
    small.rlim_cur = 10;
    cq_outdir_begin(&d, &f, "full");
    cq_outdir_begin(&d, &g, "small");
    put(&d, f, "more than ten bytes\n");
    put(&d, g, "one\n");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(cq_outdir_finish(&d, &f, CQ_OUTDIR_WHOLE, false));
    assert_false(cq_outdir_finish(&d, &g, CQ_OUTDIR_WHOLE, false));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_null(content("full.ndjson"));
    assert_null(content("small.ndjson"));
    assert_string_equal(d.err_name, "full.ndjson");
    assert_int_equal(cq_outdir_close(&d), EFBIG);
}

static void test_one_run_at_a_time(void **state)
{
    struct cq_outdir a, b;
    char path[512];

    (void)state;
    assert_int_equal(cq_outdir_open(&a, folder), 0);
    assert_int_equal(cq_outdir_open(&b, folder), EBUSY);
    (void)cq_outdir_close(&b);
    (void)cq_outdir_close(&a);
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    (void)close(creat(path, 0600));
    assert_int_equal(cq_outdir_open(&a, path), ENOTDIR);
    (void)cq_outdir_close(&a);
    (void)snprintf(path, sizeof(path), "%s/no/folder", folder);
    assert_int_equal(cq_outdir_open(&a, path), ENOENT);
    (void)cq_outdir_close(&a);
}

/* What somebody put in the place of a partial file is not followed. */
static void test_links_are_not_followed(void **state)
{
    struct cq_outfile *f = NULL;
    struct cq_outdir d;
    char path[512];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/a.ndjson.partial", folder);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(cq_outdir_open(&d, folder), 0);
    cq_outdir_begin(&d, &f, "a");
    put(&d, f, "one\n");
    assert_false(cq_outdir_finish(&d, &f, CQ_OUTDIR_WHOLE, false));
    assert_int_equal(cq_outdir_close(&d), ELOOP);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make, sweep)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_names_never_meet),
        TEST(test_only_whole_reads),  TEST(test_long_attempt_is_forgotten),
        TEST(test_many_at_once),      TEST(test_full_disk),
        TEST(test_one_run_at_a_time), TEST(test_links_are_not_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
