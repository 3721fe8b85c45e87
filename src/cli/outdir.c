/* SPDX-License-Identifier: Apache-2.0 */
/* A file per cluster (cli/outdir.h). Names are relative to the folder's descriptor: it may be moved
 * while it is written. */
#include "cli/outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/files.h"

static const char lock_name[] = ".cqlcrawl.lock"; /* no cluster's file begins with a dot */

static void fail(struct cq_outdir *d, const char *name, int err)
{
    if (d->err) return;
    d->err = err;
    (void)snprintf(d->err_name, sizeof(d->err_name), "%s", name);
}

/* ---- the folder ---- */

int cq_outdir_open(struct cq_outdir *d, const char *path)
{
    *d = (struct cq_outdir){.path = path, .fd = -1, .lock = -1};
    if (mkdir(path, 0777) && errno != EEXIST) return errno;
    d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0) return errno;
    d->lock = openat(d->fd, lock_name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (d->lock < 0) return errno;
    if (flock(d->lock, LOCK_EX | LOCK_NB)) return errno == EWOULDBLOCK ? EBUSY : errno;
    return 0;
}

bool cq_outdir_has(const struct cq_outdir *d, const char *cluster)
{
    char name[CQ_OUTDIR_NAME];
    struct stat st;

    cq_outdir_name(cluster, name);
    return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* ---- descriptors ---- */

static void unlink_from_cache(struct cq_outdir *d, struct cq_outfile *f)
{
    *(f->older ? &f->older->newer : &d->oldest) = f->newer;
    *(f->newer ? &f->newer->older : &d->newest) = f->older;
    f->older = f->newer = NULL;
    d->n_open--;
}

static void link_to_cache(struct cq_outdir *d, struct cq_outfile *f)
{
    f->older = d->newest;
    *(d->newest ? &d->newest->newer : &d->oldest) = f;
    d->newest = f;
    d->n_open++;
}

static void shut(struct cq_outdir *d, struct cq_outfile *f)
{
    if (f->fd < 0) return;
    if (close(f->fd)) fail(d, f->name, errno);
    f->fd = -1;
    unlink_from_cache(d, f);
}

static void partial_name(const struct cq_outfile *f, char out[CQ_OUTDIR_NAME + 16])
{
    (void)snprintf(out, CQ_OUTDIR_NAME + 16, "%s.partial", f->name);
}

static bool is_open(struct cq_outdir *d, struct cq_outfile *f)
{
    int how = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (f->created ? 0 : O_CREAT | O_TRUNC);
    char name[CQ_OUTDIR_NAME + 16];

    if (f->fd >= 0) {
        unlink_from_cache(d, f);
        link_to_cache(d, f);
        return true;
    }
    if (d->n_open == CQ_OUTDIR_FILES) shut(d, d->oldest);
    partial_name(f, name);
    f->fd = openat(d->fd, name, how, 0666);
    if (f->fd < 0) {
        fail(d, name, errno);
        return false;
    }
    f->created = true;
    link_to_cache(d, f);
    return true;
}

/* ---- records ---- */

static void forget(struct cq_outdir *d, struct cq_outfile *f)
{
    d->gathered -= f->n;
    f->n = 0;
}

static void write_out(struct cq_outdir *d, struct cq_outfile *f)
{
    int err;

    if (d->err || !is_open(d, f)) return;
    err = cq_write_all(f->fd, f->p, f->n);
    if (err) fail(d, f->name, err);
    forget(d, f);
    if (d->gathered < CQ_OUTDIR_GATHER / 2) return;
    free(f->p);
    f->p = NULL;
    f->cap = 0;
}

void cq_outdir_begin(struct cq_outdir *d, struct cq_outfile **at, const char *cluster)
{
    struct cq_outfile *f = *at;

    if (!f) {
        f = *at = calloc(1, sizeof(*f));
        if (!f) {
            fail(d, cluster, ENOMEM);
            return;
        }
        f->fd = -1;
        cq_outdir_name(cluster, f->name);
        return;
    }
    forget(d, f);
    shut(d, f);
    f->created = false;
}

static bool grow(struct cq_outfile *f, size_t n)
{
    size_t cap = f->cap ? f->cap : CQ_OUTDIR_PIECE;
    char *p;

    while (cap - f->n < n)
        cap *= 2;
    p = realloc(f->p, cap);
    if (!p) return false;
    f->p = p;
    f->cap = cap;
    return true;
}

void cq_outdir_put(struct cq_outdir *d, struct cq_outfile *f, const char *line, size_t n)
{
    if (d->err || !f) return;
    if (f->cap - f->n < n && !grow(f, n)) {
        fail(d, f->name, ENOMEM);
        return;
    }
    memcpy(f->p + f->n, line, n);
    f->n += n;
    d->gathered += n;
    if (f->n >= CQ_OUTDIR_LARGE || (d->gathered >= CQ_OUTDIR_GATHER && f->n >= CQ_OUTDIR_PIECE)) {
        write_out(d, f);
    }
}

/* ---- the end of a read ---- */

static void place(struct cq_outdir *d, struct cq_outfile *f, bool durable)
{
    char partial[CQ_OUTDIR_NAME + 16];

    partial_name(f, partial);
    if (!d->err && fsync(f->fd)) fail(d, partial, errno);
    shut(d, f);
    if (!d->err && renameat(d->fd, partial, d->fd, f->name)) fail(d, f->name, errno);
    if (!d->err && durable) (void)fsync(d->fd); /* best effort: not every file system can */
}

static void keep(struct cq_outdir *d, struct cq_outfile *f)
{
    char partial[CQ_OUTDIR_NAME + 16];

    partial_name(f, partial);
    shut(d, f);
    (void)unlinkat(d->fd, partial, 0); /* of an earlier run; there may be none */
    if (utimensat(d->fd, f->name, NULL, AT_SYMLINK_NOFOLLOW)) fail(d, f->name, errno);
}

bool cq_outdir_finish(struct cq_outdir *d, struct cq_outfile **at, enum cq_outdir_end end,
                      bool durable)
{
    struct cq_outfile *f = *at;

    *at = NULL;
    if (!f) return d->err == 0;
    if (end != CQ_OUTDIR_KEPT && (f->n || f->created)) write_out(d, f);
    if (end == CQ_OUTDIR_WHOLE) place(d, f, durable);
    if (end == CQ_OUTDIR_KEPT && !d->err) keep(d, f);
    forget(d, f);
    shut(d, f);
    d->ends[end] += d->err == 0;
    free(f->p);
    free(f);
    return d->err == 0;
}

int cq_outdir_close(struct cq_outdir *d)
{
    if (d->fd >= 0) {
        (void)fsync(d->fd);
        (void)close(d->fd);
    }
    if (d->lock >= 0) (void)close(d->lock);
    d->fd = d->lock = -1;
    return d->err;
}
