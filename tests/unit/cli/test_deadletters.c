/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: what a line holds, whole lines or none, for their owner only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/deadletters.h"

static const char record[] = "{\"id\":\"a\"}\n";

static struct cqlcrawl_dead_letter letter(const char *answer, size_t n)
{
    struct cqlcrawl_dead_letter l = CQLCRAWL_INIT(cqlcrawl_dead_letter);

    l.sink = "inventory";
    l.status = 422;
    l.why = "rejected";
    l.answer = answer;
    l.n_answer = n;
    l.line = record;
    l.n = sizeof(record) - 1;
    return l;
}

static void test_line(void **state)
{
    static const char answer[] = "no\0\"such\" \xff key\n";
    struct cqlcrawl_dead_letter l = letter(answer, sizeof(answer) - 1);
    struct cq_text t = {0};

    (void)state;
    cq_deadletters_line(&t, &l, 1790000000123);
    cq_text_put(&t, "", 1);
    assert_string_equal(t.p, "{\"time\":\"2026-09-21T14:13:20.123Z\",\"sink\":\"inventory\","
                             "\"status\":422,\"why\":\"rejected\","
                             "\"answer\":\"no\\u0000\\\"such\\\" \xef\xbf\xbd key\\u000a\","
                             "\"record\":{\"id\":\"a\"}}\n");
    cq_text_free(&t);
    l = letter(NULL, 0);
    cq_deadletters_line(&t, &l, 0);
    cq_text_put(&t, "", 1);
    assert_non_null(strstr(t.p, "\"answer\":\"\",\"record\":{\"id\":\"a\"}}\n"));
    cq_text_free(&t);
}

static void test_answer_is_bounded(void **state)
{
    char *answer = calloc(1, 1 << 20);
    struct cqlcrawl_dead_letter l = letter(answer, 1 << 20);
    struct cq_text t = {0};

    (void)state;
    memset(answer, 'x', 1 << 20);
    cq_deadletters_line(&t, &l, 0);
    assert_true(t.n < CQ_MAX_ANSWER + 300);
    cq_text_free(&t);
    free(answer);
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? -1 : st.st_size;
}

static void test_file(void **state)
{
    char folder[] = "/tmp/cq-letters-XXXXXX", path[64];
    struct cq_deadletters d = {.path = path, .fd = -1};
    struct cqlcrawl_dead_letter l = letter("no", 2);
    struct rlimit was, small;
    struct stat st;
    off_t one;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/letters", folder);
    assert_int_equal(cq_deadletters_check(path), 0);
    assert_int_equal(size_of(path), -1); /* not before there is one */
    assert_int_equal(cq_deadletters_keep(&d, &l), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    one = st.st_size;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = was;
    small.rlim_cur = (rlim_t)one + 10; /* a full disk, in the middle of the line */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(cq_deadletters_keep(&d, &l), EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(size_of(path), one);
    assert_int_equal(cq_deadletters_keep(&d, &l), 0);
    assert_int_equal(size_of(path), 2 * one);
    assert_int_equal(d.n, 2);
    cq_deadletters_close(&d);
    assert_int_equal(cq_deadletters_keep(&d, &l), 0); /* another run goes on in it */
    assert_int_equal(size_of(path), 3 * one);
    cq_deadletters_close(&d);
    assert_int_equal(cq_deadletters_check(path), 0);
    (void)unlink(path);
    assert_int_equal(cq_deadletters_check(folder), EISDIR);
    (void)rmdir(folder);
    assert_int_equal(cq_deadletters_check(path), ENOENT);
    assert_int_equal(cq_deadletters_keep(&d, &l), ENOENT);
    cq_deadletters_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_answer_is_bounded),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
