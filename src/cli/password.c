/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords of standard input and of variables (cli/password.h). */
#include "cli/password.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LONGEST = (1 << 16) + 2 };

static bool map(struct cq_password *out, size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *out = (struct cq_password){NULL, 0, 0};
    if (p == MAP_FAILED) return false;
    (void)madvise(p, n, MADV_DONTDUMP);
    (void)mlock(p, n); /* best effort */
    *out = (struct cq_password){p, 0, n};
    return true;
}

static void strip(struct cq_password *p)
{
    if (p->n && p->p[p->n - 1] == '\n') {
        p->n--;
        if (p->n && p->p[p->n - 1] == '\r') p->n--;
    }
}

const char *cq_password_read(struct cq_password *out, int fd)
{
    const char *why = NULL;
    ssize_t got = 1;

    if (isatty(fd)) return "standard input is a terminal, where the password would be shown";
    if (!map(out, LONGEST + 1)) return "out of memory";
    while (got != 0 && out->n <= LONGEST && !why) {
        got = read(fd, out->p + out->n, LONGEST + 1 - out->n);
        if (got > 0) out->n += (size_t)got;
        if (got < 0 && errno != EINTR) why = strerror(errno);
    }
    if (out->n > LONGEST) why = "longer than a password may be";
    strip(out);
    if (!why && out->n == 0) why = "standard input is empty";
    if (why) cq_password_wipe(out);
    return why;
}

bool cq_password_take_env(struct cq_password *out, const char *name)
{
    char *value = getenv(name);
    size_t n = value ? strlen(value) : 0;

    if (n == 0 || n > LONGEST || !map(out, n)) return false;
    memcpy(out->p, value, n);
    out->n = n;
    strip(out);
    explicit_bzero(value, n); /* where the system put it when the program began */
    (void)unsetenv(name);
    return true;
}

void cq_password_wipe(struct cq_password *p)
{
    if (!p->p) return;
    explicit_bzero(p->p, p->mapped);
    (void)munmap(p->p, p->mapped);
    *p = (struct cq_password){NULL, 0, 0};
}
