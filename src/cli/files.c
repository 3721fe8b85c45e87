/* SPDX-License-Identifier: Apache-2.0 */
/* Small things with files (cli/files.h). */
#include "cli/files.h"

#include <errno.h>
#include <unistd.h>

int cq_write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return errno;
        p += done;
        n -= (size_t)done;
    }
    return 0;
}
