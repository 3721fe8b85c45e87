/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: where they come from, exactly one line end taken off, what is refused, and that they are
 * not in a core dump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cred/secret.h"

static char path[64];

static void put_file(const void *p, size_t n, mode_t mode)
{
    FILE *f;

    (void)unlink(path);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void expect(const char *in, size_t n, const char *out)
{
    struct cq_secret *s = NULL;
    struct cq_fault f = {0};

    put_file(in, n, 0600);
    assert_int_equal(cq_secret_from_file(&s, CQ_SECRET_PASSWORD, path, &f), 0);
    assert_true(cq_eq(cq_secret_bytes(s), cq_str(out)));
    cq_secret_release(s);
}

static void refuse(int err, const char *word, const struct cq_fault *f, const struct cq_secret *s)
{
    assert_int_equal(err, CQ_ESECRET);
    assert_null(s);
    if (!strstr(f->text, word)) fail_msg("'%s' does not say '%s'", f->text, word);
}

static void test_line_end(void **state)
{
    (void)state;
    expect("hunter2", 7, "hunter2");
    expect("hunter2\n", 8, "hunter2");
    expect("hunter2\r\n", 9, "hunter2");
    expect("hunter2\n\n", 9, "hunter2\n");
    expect("hunter2\r\n\r\n", 11, "hunter2\r\n");
    expect("hunter2\r", 8, "hunter2\r");
    expect(" hunter2 ", 9, " hunter2 ");
}

static void test_refused(void **state)
{
    static char big[CQ_MAX_SECRET + 16];
    struct cq_secret *s = NULL;
    struct cq_fault f;
    int err;

    (void)state;
    memset(big, 'x', sizeof(big));
#define TRY(word)                                                                                  \
    (f = (struct cq_fault){0}, err = cq_secret_from_file(&s, CQ_SECRET_PASSWORD, path, &f),        \
     refuse(err, word, &f, s))
    put_file("", 0, 0600);
    TRY("empty");
    put_file("\n", 1, 0600);
    TRY("empty");
    put_file("a\0b", 3, 0600);
    TRY("NUL");
    put_file(big, sizeof(big), 0600);
    TRY("longer");
    put_file("pw", 2, 0602);
    TRY("written by everybody");
    (void)unlink(path);
    TRY("No such file");
    assert_int_equal(mkfifo(path, 0600), 0);
    TRY("not a regular file");
    (void)unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    TRY("not a regular file");
    (void)rmdir(path);
#undef TRY
}

static void test_longest(void **state)
{
    static char big[CQ_MAX_SECRET + 2];
    struct cq_secret *s = NULL;
    struct cq_fault f = {0};

    (void)state;
    memset(big, 'x', sizeof(big));
    memcpy(big + CQ_MAX_SECRET, "\r\n", 2);
    put_file(big, sizeof(big), 0600);
    assert_int_equal(cq_secret_from_file(&s, CQ_SECRET_PASSWORD, path, &f), 0);
    assert_int_equal(cq_secret_bytes(s).n, CQ_MAX_SECRET);
    cq_secret_release(s);
    (void)unlink(path);
}

static void test_env(void **state)
{
    struct cq_secret *s = NULL;
    struct cq_fault f = {0};
    int err;

    (void)state;
    assert_int_equal(setenv("CQ_TEST_SECRET", "pw\n", 1), 0);
    assert_int_equal(cq_secret_from_env(&s, CQ_SECRET_PASSWORD, "CQ_TEST_SECRET", &f), 0);
    assert_true(cq_eq(cq_secret_bytes(s), CQ_LIT("pw")));
    cq_secret_release(s);
    assert_int_equal(unsetenv("CQ_TEST_SECRET"), 0);
    err = cq_secret_from_env(&s, CQ_SECRET_PASSWORD, "CQ_TEST_SECRET", &f);
    refuse(err, "not set", &f, s);
}

static void test_bytes_and_references(void **state)
{
    struct cq_secret *s = NULL;
    struct cq_fault f = {0};

    (void)state;
    assert_int_equal(cq_secret_from_bytes(&s, CQ_SECRET_PEM, CQ_LIT("-----BEGIN\n"), &f), 0);
    assert_int_equal(cq_secret_bytes(s).n, 11); /* PEM stays as it is */
    assert_ptr_equal(cq_secret_retain(s), s);
    cq_secret_release(s);
    assert_int_equal(cq_secret_bytes(s).n, 11);
    cq_secret_release(s);
    cq_secret_release(NULL);
    assert_int_equal(cq_secret_from_bytes(&s, CQ_SECRET_PASSWORD, CQ_LIT("pw\n"), &f), 0);
    assert_true(cq_eq(cq_secret_bytes(s), CQ_LIT("pw\n"))); /* given bytes are meant */
    cq_secret_release(s);
    assert_true(cq_is_null(cq_secret_bytes(NULL)));
}

/* Does the mapping that p is in carry "dd" (do not dump) in /proc/self/smaps? */
static bool is_left_out(const void *p)
{
    unsigned long from = 0, to = 0, a, b, at = (unsigned long)(uintptr_t)p;
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/smaps", "r");

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx ", &a, &b) == 2) from = a, to = b;
        if (strncmp(line, "VmFlags:", 8) == 0 && at >= from && at < to)
            found = strstr(line, " dd") != NULL;
    }
    (void)fclose(maps);
    return found;
}

static void test_not_in_core(void **state)
{
    static const enum cq_secret_kind kinds[] = {CQ_SECRET_PASSWORD, CQ_SECRET_PEM,
                                                CQ_SECRET_PUBLIC};
    struct cq_fault f = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct cq_secret *s = NULL;

        assert_int_equal(cq_secret_from_bytes(&s, kinds[i], CQ_LIT("canary"), &f), 0);
        assert_true(cq_eq(cq_secret_bytes(s), CQ_LIT("canary")));
        assert_int_equal(is_left_out(cq_secret_bytes(s).p), kinds[i] != CQ_SECRET_PUBLIC);
        assert_ptr_equal(cq_secret_retain(s), s);
        cq_secret_release(s);
        cq_secret_release(s);
    }
}

/* What has just been changed has no stamp yet: the next change might have the same. */
static void test_stamp(void **state)
{
    int64_t now = (int64_t)time(NULL);
    struct cq_stamp a, b;

    (void)state;
    put_file("one", 3, 0600);
    assert_false(cq_secret_stamp(&a, path, now));
    assert_false(cq_secret_stamp(&a, path, now - 100));
    assert_true(cq_secret_stamp(&a, path, now + 5));
    assert_true(cq_secret_stamp(&b, path, now + 500));
    assert_memory_equal(&a, &b, sizeof(a));
    put_file("two", 3, 0600);
    assert_true(cq_secret_stamp(&b, path, now + 5));
    assert_memory_not_equal(&a, &b, sizeof(a));
    assert_false(cq_secret_stamp(&b, "/", now + 5));
    assert_int_equal(unlink(path), 0);
    assert_false(cq_secret_stamp(&b, path, now + 5));
}

/* Not the file's fault: whoever asks comes again. */
static void test_no_descriptor(void **state)
{
    struct cq_secret *s = NULL;
    struct cq_fault f = {0};
    struct rlimit old, none;

    (void)state;
    put_file("secret", 6, 0600);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){0, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(cq_secret_from_file(&s, CQ_SECRET_PASSWORD, path, &f), CQ_EDESCRIPTORS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_null(s);
    assert_non_null(strstr(f.text, path));
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_end),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_env),
        cmocka_unit_test(test_bytes_and_references),
        cmocka_unit_test(test_not_in_core),
        cmocka_unit_test(test_stamp),
        cmocka_unit_test(test_no_descriptor),
    };

    (void)snprintf(path, sizeof(path), "/tmp/cq-secret-%ld", (long)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
