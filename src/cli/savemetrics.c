/* SPDX-License-Identifier: Apache-2.0 */
/* Where metrics come from and go to that is not pure (cli/metrics.h): the process, the file. */
#include "cli/metrics.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/files.h"

static double resident(void)
{
    unsigned long long size, pages;
    FILE *f = fopen("/proc/self/statm", "re");
    int n = f ? fscanf(f, "%llu %llu", &size, &pages) : 0;

    if (f) (void)fclose(f);
    return n == 2 ? (double)pages * (double)sysconf(_SC_PAGESIZE) : -1;
}

static double open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = -3; /* itself, . and .. */

    if (!d) return -1;
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n;
}

void cq_process_read(struct cq_process *p)
{
    struct rusage u;
    struct rlimit l;

    *p = (struct cq_process){-1, resident(), open_files(), -1};
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        p->cpu_seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    }
    if (getrlimit(RLIMIT_NOFILE, &l) == 0) p->max_files = (double)l.rlim_cur;
}

int cq_metrics_save(const struct cq_text *t, const char *path)
{
    size_t n = strlen(path) + sizeof(".partial");
    char *partial = malloc(n);
    int err, fd;

    if (!partial || t->failed) {
        free(partial);
        return ENOMEM;
    }
    (void)snprintf(partial, n, "%s.partial", path);
    fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    err = fd < 0 ? errno : cq_write_all(fd, t->p, t->n);
    if (fd >= 0 && close(fd) && !err) err = errno;
    if (!err && rename(partial, path)) err = errno;
    if (err && fd >= 0) (void)unlink(partial);
    free(partial);
    return err;
}
