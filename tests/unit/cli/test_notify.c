/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's socket: what is sent, to which kind of name, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/notify.h"

/* A manager's socket under this name; NOTIFY_SOCKET says it. */
static int manager(const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    (void)memcpy(a.sun_path, name, n);
    if (name[0] == '@') a.sun_path[0] = 0;
    n += offsetof(struct sockaddr_un, sun_path) + (name[0] == '/');
    assert_int_equal(bind(fd, (struct sockaddr *)&a, (socklen_t)n), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static const char *heard(int fd)
{
    static char words[1024];
    ssize_t n = recv(fd, words, sizeof(words) - 1, 0);

    words[n > 0 ? n : 0] = 0;
    return n > 0 ? words : NULL;
}

static void talk(const char *name)
{
    struct cq_notify n;
    int fd = manager(name);

    cq_notify_open(&n, 0);
    cq_notify_ready(&n);
    assert_string_equal(heard(fd), "READY=1");
    cq_notify_reloading(&n, 12345678999);
    assert_string_equal(heard(fd), "RELOADING=1\nMONOTONIC_USEC=12345678");
    cq_notify_status(&n, "3 of 7\nREADY=0");
    assert_string_equal(heard(fd), "STATUS=3 of 7");
    cq_notify_stopping(&n);
    assert_string_equal(heard(fd), "STOPPING=1");
    cq_notify_turn(&n, UINT64_MAX - 1); /* no watchdog was asked for */
    assert_null(heard(fd));
    cq_notify_close(&n);
    cq_notify_ready(&n);
    assert_null(heard(fd));
    (void)close(fd);
}

static void test_names(void **state)
{
    char name[64];

    (void)state;
    (void)unsetenv("WATCHDOG_USEC");
    (void)snprintf(name, sizeof(name), "@cqlcrawl-test-%d", (int)getpid());
    talk(name);
    (void)snprintf(name, sizeof(name), "/tmp/cqlcrawl-test-%d", (int)getpid());
    talk(name);
    (void)unlink(name);
}

static void test_nobody(void **state)
{
    static const char *const names[] = {"", "x", "relative/name", "/nowhere/at/all", "@", NULL};
    struct cq_notify n;
    char longest[200];

    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    cq_notify_open(&n, 0);
    assert_int_equal(n.fd, -1);
    for (size_t i = 0; names[i]; i++) {
        (void)setenv("NOTIFY_SOCKET", names[i], 1);
        cq_notify_open(&n, 0);
        assert_int_equal(n.fd, -1);
        cq_notify_ready(&n);
        cq_notify_turn(&n, 1);
        cq_notify_close(&n);
    }
    (void)memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = 0;
    (void)setenv("NOTIFY_SOCKET", longest, 1);
    cq_notify_open(&n, 0);
    assert_int_equal(n.fd, -1);
}

static void test_watchdog(void **state)
{
    static const char *const wrong[] = {"", "x", "-5", "5s", "0", NULL};
    struct cq_notify n;
    char name[64], pid[16];
    int fd;

    (void)state;
    (void)snprintf(name, sizeof(name), "@cqlcrawl-dog-%d", (int)getpid());
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    fd = manager(name);
    (void)setenv("WATCHDOG_USEC", "2000000", 1);
    (void)setenv("WATCHDOG_PID", pid, 1);
    cq_notify_open(&n, 1000);
    assert_int_equal(n.next_ns, 1000);
    cq_notify_turn(&n, 1000);
    assert_string_equal(heard(fd), "WATCHDOG=1");
    cq_notify_turn(&n, 1000 + 999999999);
    assert_null(heard(fd));
    cq_notify_turn(&n, 1000 + 1000000000); /* half of the two seconds */
    assert_string_equal(heard(fd), "WATCHDOG=1");
    cq_notify_close(&n);

    (void)setenv("WATCHDOG_PID", "1", 1); /* another process is meant */
    cq_notify_open(&n, 0);
    assert_int_equal(n.next_ns, UINT64_MAX);
    cq_notify_close(&n);
    (void)unsetenv("WATCHDOG_PID");
    for (size_t i = 0; wrong[i]; i++) {
        (void)setenv("WATCHDOG_USEC", wrong[i], 1);
        cq_notify_open(&n, 0);
        assert_int_equal(n.next_ns, UINT64_MAX);
        cq_notify_close(&n);
    }
    (void)close(fd);
}

/* A manager whose queue is full is not waited for. */
static void test_a_manager_that_sleeps(void **state)
{
    struct cq_notify n;
    char name[64];
    int fd;

    (void)state;
    (void)snprintf(name, sizeof(name), "@cqlcrawl-sleep-%d", (int)getpid());
    fd = manager(name);
    cq_notify_open(&n, 0);
    for (int i = 0; i < 10000; i++)
        cq_notify_ready(&n);
    (void)close(fd);
    cq_notify_ready(&n); /* nor is one that is gone */
    cq_notify_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_watchdog),
        cmocka_unit_test(test_a_manager_that_sleeps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
