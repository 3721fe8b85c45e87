/* SPDX-License-Identifier: Apache-2.0 */
/* The password of standard input (cli/password.h). The line end is the library's to take off. */
#include "cli/password.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAPPED = 1 << 17, LONGEST = (1 << 16) + 2 };

const char *cq_password_read(struct cq_password *out, int fd)
{
    const char *why = NULL;
    ssize_t got = 1;

    *out = (struct cq_password){NULL, 0};
    if (isatty(fd)) return "standard input is a terminal, where the password would be shown";
    out->p = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (out->p == MAP_FAILED) {
        out->p = NULL;
        return "out of memory";
    }
    (void)madvise(out->p, MAPPED, MADV_DONTDUMP);
    (void)mlock(out->p, MAPPED);
    while (got != 0 && out->n <= LONGEST && !why) {
        got = read(fd, out->p + out->n, MAPPED - out->n);
        if (got > 0) out->n += (size_t)got;
        if (got < 0 && errno != EINTR) why = strerror(errno);
    }
    if (out->n > LONGEST) why = "longer than a password may be";
    if (!why && out->n == 0) why = "standard input is empty";
    if (why) cq_password_wipe(out);
    return why;
}

void cq_password_wipe(struct cq_password *p)
{
    if (!p->p) return;
    explicit_bzero(p->p, MAPPED);
    (void)munmap(p->p, MAPPED);
    *p = (struct cq_password){NULL, 0};
}
