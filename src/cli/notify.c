/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's socket (cli/notify.h). */
#include "cli/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_STATUS = 512 };

static void say(struct cq_notify *n, const char *words)
{
    if (n->fd >= 0) (void)send(n->fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "/run/systemd/notify", or "@name" in the abstract space: its first byte is NUL. */
static int open_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = path ? strlen(path) : 0;
    int fd;

    if (n < 2 || n >= sizeof(a.sun_path) || (path[0] != '/' && path[0] != '@')) return -1;
    (void)memcpy(a.sun_path, path, n);
    if (path[0] == '@') a.sun_path[0] = 0;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    n += offsetof(struct sockaddr_un, sun_path) + (path[0] == '/');
    if (!connect(fd, (struct sockaddr *)&a, (socklen_t)n)) return fd;
    (void)close(fd);
    return -1;
}

static uint64_t number_of(const char *name)
{
    const char *s = getenv(name);
    char *end;
    uint64_t x;

    if (!s || *s < '0' || *s > '9') return 0;
    x = strtoull(s, &end, 10);
    return *end ? 0 : x;
}

void cq_notify_open(struct cq_notify *n, uint64_t now)
{
    uint64_t pid = number_of("WATCHDOG_PID");
    uint64_t us = number_of("WATCHDOG_USEC");

    *n = (struct cq_notify){.fd = open_socket(getenv("NOTIFY_SOCKET")), .next_ns = UINT64_MAX};
    if (n->fd < 0 || !us || us > UINT64_MAX / 1000 || (pid && pid != (uint64_t)getpid())) return;
    n->watchdog_ns = us * 1000 / 2; /* half of it, as sd_watchdog_enabled(3) recommends */
    n->next_ns = now;
}

void cq_notify_close(struct cq_notify *n)
{
    if (n->fd >= 0) (void)close(n->fd);
    *n = (struct cq_notify){.fd = -1, .next_ns = UINT64_MAX};
}

void cq_notify_ready(struct cq_notify *n)
{
    say(n, "READY=1");
}

void cq_notify_reloading(struct cq_notify *n, uint64_t now)
{
    char words[64];

    (void)snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now / 1000);
    say(n, words);
}

void cq_notify_stopping(struct cq_notify *n)
{
    say(n, "STOPPING=1");
}

void cq_notify_status(struct cq_notify *n, const char *words)
{
    char line[MAX_STATUS];

    (void)snprintf(line, sizeof(line), "STATUS=%s", words);
    line[strcspn(line, "\n")] = 0; /* a line break would begin another variable */
    say(n, line);
}

void cq_notify_turn(struct cq_notify *n, uint64_t now)
{
    if (now < n->next_ns) return;
    say(n, "WATCHDOG=1");
    n->next_ns = now + n->watchdog_ns;
}
