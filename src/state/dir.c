/* SPDX-License-Identifier: Apache-2.0 */
/* The directory and its lock (state/dir.h). */
#include "state/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct cq_fault *f, const char *path, const char *what)
{
    return cq_fault_set(f, CQ_ESTATE, "%s: %s: %s", path, what, strerror(errno));
}

int cq_dir_path(const char *dir, const char *name, char out[CQ_MAX_PATH], struct cq_fault *f)
{
    int n = snprintf(out, CQ_MAX_PATH, "%s/%s", dir, name);

    if (n > 0 && n < (int)CQ_MAX_PATH) return 0;
    return cq_fault_set(f, CQ_ESTATE, "%.80s...: the path is too long", dir);
}

/* Who holds it wrote its process id there; the words do without where that cannot be read. */
static int held(struct cq_fault *f, const char *dir, int fd)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

    if (n < 0) n = 0;
    pid[n] = 0;
    pid[strspn(pid, "0123456789")] = 0;
    return cq_fault_set(f, CQ_ESTATE_LOCKED, "%s: in use by %s%s", dir,
                        *pid ? "process " : "another process", pid);
}

static int lock(const char *dir, int fd, struct cq_fault *f)
{
    char pid[24];
    int n;

    if (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK) return held(f, dir, fd);
        return failed(f, dir, "cannot be locked");
    }
    n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)n, 0) != n)
        return failed(f, dir, "cannot be written");
    return 0;
}

int cq_dir_lock(const char *dir, int *fd, struct cq_fault *f)
{
    char path[CQ_MAX_PATH];
    int err = cq_dir_path(dir, "lock", path, f);

    *fd = -1;
    if (err) return err;
    if (mkdir(dir, 0700) && errno != EEXIST) return failed(f, dir, "cannot be made");
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) return failed(f, path, "cannot be opened");
    err = lock(dir, *fd, f);
    if (!err) return 0;
    (void)close(*fd);
    *fd = -1;
    return err;
}

void cq_dir_unlock(int fd)
{
    if (fd >= 0) (void)close(fd);
}
