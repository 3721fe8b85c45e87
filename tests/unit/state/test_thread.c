/* SPDX-License-Identifier: Apache-2.0 */
/* The thread: answers in order, the lock, failures that are said once, the end. */
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit/base/cmocka_all.h"
#include "unit/state/folder.h"

#define AT(s) ((int64_t)CQ_EPOCH_2020_MS + (int64_t)(s)*1000)
#define A CQ_LIT("a")

struct bench {
    struct folder folder;
    uv_loop_t loop;
    struct cq_state *s;
    struct cq_fault f;
    unsigned answers, failures, closed;
    uint64_t epoch; /* of the last answer */
    uintptr_t token, in_order;
    struct cq_known known;
    char text[CQ_MAX_ERRMSG];
};

static void answered(void *ctx, void *token, uint64_t epoch, const struct cq_known *known)
{
    struct bench *b = ctx;

    b->answers++;
    b->in_order += (uintptr_t)token == b->token + 1;
    b->token = (uintptr_t)token;
    b->epoch = epoch;
    b->known = *known;
}

static void failed(void *ctx, const char *text)
{
    struct bench *b = ctx;

    b->failures++;
    (void)snprintf(b->text, sizeof(b->text), "%s", text);
}

static void closed(void *ctx)
{
    ((struct bench *)ctx)->closed++;
}

static int open_with(struct bench *b, const struct cq_mem *mem)
{
    struct cq_state_options o = {.loop = &b->loop, .mem = mem, .dir = b->folder.dir};

    o.answered = answered;
    o.failed = failed;
    o.ctx = b;
    b->f = (struct cq_fault){0};
    return cq_state_open(&b->s, &o, &b->f);
}

static void setup(struct bench *b)
{
    *b = (struct bench){0};
    folder_begin(&b->folder);
    assert_int_equal(uv_loop_init(&b->loop), 0);
}

static void close_state(struct bench *b)
{
    b->closed = 0;
    cq_state_close(b->s, closed, b);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(b->closed, 1);
}

static void teardown(struct bench *b)
{
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    folder_end(&b->folder);
}

/* The loop goes on as long as somebody waits, and no longer. */
static void wait_answers(struct bench *b, unsigned n)
{
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    if (b->answers == n) return;
    (void)fprintf(stderr, "%u answers, not %u\n", b->answers, n);
    abort();
}

static void test_order(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0);
    for (uintptr_t i = 1; i <= 10000; i++)
        assert_int_equal(cq_state_begin(b.s, A, AT(100), (void *)i), 0);
    wait_answers(&b, 10000);
    assert_int_equal(b.in_order, 10000);
    assert_int_equal(b.epoch, 100 + 9999);
    assert_int_equal(cq_state_failures(b.s), 0);
    close_state(&b);
    teardown(&b);
}

/* What was asked for before the end is written. */
static void test_flushed(void **state)
{
    struct cq_known k = {.complete = {.epoch = 100}};
    struct bench b;

    (void)state;
    setup(&b);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0);
    assert_int_equal(cq_state_begin(b.s, A, AT(100), NULL), 0);
    wait_answers(&b, 1);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(cq_state_end(b.s, CQ_LIT("b"), CQ_ENDING_SPOILED, &k), 0);
    assert_int_equal(cq_state_end(b.s, A, CQ_ENDING_COMPLETE, &k), 0);
    close_state(&b);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0);
    assert_int_equal(cq_state_begin(b.s, A, AT(100), NULL), 0);
    wait_answers(&b, 2);
    assert_int_equal(b.known.complete.epoch, 100);
    assert_int_equal(b.epoch, 101);
    close_state(&b);
    teardown(&b);
}

static void test_locked(void **state)
{
    struct bench b, second;
    char pid[32];

    (void)state;
    setup(&b);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0);
    second = (struct bench){.folder = b.folder};
    assert_int_equal(uv_loop_init(&second.loop), 0);
    assert_int_equal(open_with(&second, &cq_mem_libc), CQ_ESTATE_LOCKED);
    (void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_non_null(strstr(second.f.text, pid));
    assert_non_null(strstr(second.f.text, b.folder.dir));
    close_state(&b);
    assert_int_equal(open_with(&second, &cq_mem_libc), 0); /* the other one has left */
    close_state(&second);
    assert_int_equal(uv_loop_close(&second.loop), 0);
    teardown(&b);
}

static void test_no_directory(void **state)
{
    struct bench b;

    (void)state;
    setup(&b);
    folder_write(b.folder.dir, "a file", 6);
    assert_int_equal(open_with(&b, &cq_mem_libc), CQ_ESTATE);
    assert_non_null(strstr(b.f.text, b.folder.dir));
    assert_int_equal(unlink(b.folder.dir), 0);
    (void)snprintf(b.folder.dir, sizeof(b.folder.dir), "/tmp/no/such/parent");
    assert_int_equal(open_with(&b, &cq_mem_libc), CQ_ESTATE);
    assert_non_null(strstr(b.f.text, "No such file"));
    teardown(&b);
}

/* SQLite would go on in files that have no name any more. */
static void test_taken_away(void **state)
{
    struct cq_known k = {.complete = {.epoch = 101}};
    struct bench b;
    char away[80];

    (void)state;
    setup(&b);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0);
    (void)cq_state_begin(b.s, A, AT(100), NULL);
    (void)cq_state_begin(b.s, A, AT(100), NULL); /* 101, ahead of the clock */
    wait_answers(&b, 2);
    (void)cq_state_end(b.s, A, CQ_ENDING_COMPLETE, &k);
    (void)cq_state_begin(b.s, CQ_LIT("b"), AT(100), NULL);
    wait_answers(&b, 3);
    (void)snprintf(away, sizeof(away), "%s.away", b.folder.dir);
    assert_int_equal(rename(b.folder.dir, away), 0);
    (void)cq_state_begin(b.s, A, AT(101), NULL);
    wait_answers(&b, 4);
    assert_int_equal(b.epoch, 102); /* above all that were given */
    assert_int_equal(b.known.complete.epoch, 0);
    assert_int_equal(b.failures, 1);
    assert_non_null(strstr(b.text, "taken away"));
    assert_int_equal(access(b.folder.db, F_OK), 0);
    (void)cq_state_begin(b.s, A, AT(500), NULL);
    wait_answers(&b, 5);
    assert_int_equal(b.epoch, 500);
    folder_end(&b.folder);
    assert_int_equal(rename(away, b.folder.dir), 0); /* it is there again: what it knows is old */
    (void)cq_state_begin(b.s, A, AT(500), NULL);
    wait_answers(&b, 6);
    assert_int_equal(b.epoch, 501);
    assert_int_equal(b.known.complete.epoch, 0);
    assert_int_equal(cq_state_failures(b.s), 2);
    close_state(&b);
    teardown(&b);
}

/* In a process of its own: its files may not grow any more. */
static int full_disk(struct bench *b)
{
    struct rlimit none = {4096, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    struct cq_known k = {.complete = {.epoch = 100}};

    (void)signal(SIGXFSZ, SIG_IGN);
    setup(b);
    if (open_with(b, &cq_mem_libc)) return 1;
    (void)cq_state_begin(b->s, A, AT(100), NULL);
    wait_answers(b, 1);
    (void)cq_state_end(b->s, A, CQ_ENDING_COMPLETE, &k);
    (void)cq_state_begin(b->s, CQ_LIT("b"), AT(100), NULL);
    wait_answers(b, 2);
    if (setrlimit(RLIMIT_FSIZE, &none)) return 2;
    for (unsigned n = 3; n < 6; n++) {
        (void)cq_state_begin(b->s, A, AT(200), NULL);
        wait_answers(b, n);
        if (b->epoch != 0 || b->known.complete.epoch) return 3;
    }
    if (b->failures != 1 || cq_state_failures(b->s) != 3) return 4;
    if (!strstr(b->text, b->folder.db)) return 5;
    if (setrlimit(RLIMIT_FSIZE, &all)) return 6;
    (void)cq_state_begin(b->s, A, AT(200), NULL);
    wait_answers(b, 6);
    if (b->epoch != 200 || b->known.complete.epoch) return 7; /* doubted */
    close_state(b);
    teardown(b);
    return 0;
}

static void test_full_disk(void **state)
{
    struct bench b;
    int status = 0;
    pid_t pid;

    (void)state;
    pid = fork();
    if (pid == 0) _exit(full_disk(&b));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Killed at any moment: what was answered stands. */
static void test_killed(void **state)
{
    struct bench b;
    int status = 0;
    int pipes[2];
    uint64_t epoch = 0;
    pid_t pid;

    (void)state;
    setup(&b);
    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        struct bench child = {.folder = b.folder};

        (void)uv_loop_init(&child.loop);
        if (open_with(&child, &cq_mem_libc)) _exit(1);
        for (unsigned n = 1;; n++) {
            (void)cq_state_begin(child.s, A, AT(100), NULL);
            wait_answers(&child, n);
            if (write(pipes[1], &child.epoch, sizeof(epoch)) != sizeof(epoch)) _exit(2);
        }
    }
    for (int i = 0; i < 200; i++)
        assert_int_equal(read(pipes[0], &epoch, sizeof(epoch)), sizeof(epoch));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(close(pipes[1]), 0);
    while (read(pipes[0], &epoch, sizeof(epoch)) == sizeof(epoch)) {
    }
    assert_int_equal(close(pipes[0]), 0);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0); /* the lock went with it */
    assert_int_equal(cq_state_begin(b.s, A, AT(100), NULL), 0);
    wait_answers(&b, 1);
    assert_true(b.epoch > epoch && epoch >= 100 + 199);
    close_state(&b);
    teardown(&b);
}

/* ---- memory ---- */

struct counted {
    unsigned left; /* allocations that succeed */
    long held;
};

static void *resize(void *ctx, void *p, size_t n)
{
    struct counted *c = ctx;

    if (n == 0) {
        c->held -= p != NULL;
        free(p);
        return NULL;
    }
    if (c->left == 0) return NULL;
    c->left--;
    c->held += p == NULL;
    return realloc(p, n);
}

static void test_no_memory(void **state)
{
    struct counted counted = {0};
    struct cq_mem mem = {resize, &counted};
    struct cq_known k = {0};
    struct bench b;

    (void)state;
    setup(&b);
    assert_int_equal(open_with(&b, &mem), CQ_ENOMEM);
    counted.left = 1;
    assert_int_equal(open_with(&b, &mem), 0);
    assert_int_equal(cq_state_begin(b.s, A, AT(1), NULL), CQ_ENOMEM);
    assert_int_equal(cq_state_end(b.s, A, CQ_ENDING_SPOILED, &k), CQ_ENOMEM);
    counted.left = 1;
    assert_int_equal(cq_state_begin(b.s, A, AT(1), NULL), 0);
    wait_answers(&b, 1);
    close_state(&b);
    assert_int_equal(counted.held, 0);
    teardown(&b);
}

/* Says how fast; far below what is expected is a fault. */
static void test_speed(void **state)
{
    enum { CLUSTERS = 50000, WINDOW = 1000 };
    struct cq_known k = {.identity = {.cluster_name = "x"}, .complete = {.epoch = 100}};
    struct bench b;
    uint64_t start;
    double s;

    (void)state;
    setup(&b);
    assert_int_equal(open_with(&b, &cq_mem_libc), 0);
    start = uv_hrtime();
    for (unsigned i = 0; i < CLUSTERS; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "cluster-%u", i * 2654435761u);
        assert_int_equal(cq_state_begin(b.s, cq_str(name), AT(100), NULL), 0);
        assert_int_equal(cq_state_end(b.s, cq_str(name), CQ_ENDING_COMPLETE, &k), 0);
        if (i % WINDOW == WINDOW - 1) wait_answers(&b, i + 1);
    }
    s = (double)(uv_hrtime() - start) / 1e9;
    (void)printf("%.0f begins and as many ends per second\n", CLUSTERS / s);
    assert_true(CLUSTERS / s > 500);
    close_state(&b);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),      cmocka_unit_test(test_flushed),
        cmocka_unit_test(test_locked),     cmocka_unit_test(test_no_directory),
        cmocka_unit_test(test_taken_away), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_killed),     cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_speed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
