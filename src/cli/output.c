/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to a stream or a file (cli/output.h). A stream that we opened ourselves is non-blocking
 * and takes as much as it likes. One that is shared with others is left as it is: poll() promises
 * room for PIPE_BUF bytes, and never more are written at once.
 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* CHUNK: a page that is touched first costs as much as two kilobytes written (design.md, "The
 * start"), and 64 KiB stay in the cache; the room is for the record that goes over it. */
enum { HIGH = 1 << 20, LOW = 1 << 18, CHUNK = 1 << 16, ROOM = 3 << 15, WORTH = 1 << 15 };
enum { MOST = 1 << 18, PIECES_PER_TURN = 256 };

static int stream(struct cq_output *o, int fd, const char *name)
{
    o->kind = CQ_OUTPUT_STREAM;
    o->fd = fd;
    o->name = name;
    return fd < 0 ? errno : 0;
}

/* An open file description that nobody else has: O_NONBLOCK is ours to set. */
static void make_own(struct cq_output *o)
{
    int flags = o->fd < 0 ? -1 : fcntl(o->fd, F_GETFL);

    o->is_own = flags >= 0 && fcntl(o->fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* A regular file never blocks. A pipe or /dev/null can be opened once more (Linux), as a
 * description of our own; where that fails (a socket, no /proc) it stays a shared one, as a
 * terminal does. */
static int standard_output(struct cq_output *o)
{
    struct stat st = {0};
    int fd = -1;

    (void)fstat(STDOUT_FILENO, &st);
    if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(STDOUT_FILENO))) {
        fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        o->is_own = fd >= 0;
    } else {
        o->is_own = S_ISREG(st.st_mode);
    }
    if (fd < 0) fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return stream(o, fd, "standard output");
}

/* The lock keeps two runs from writing one FILE.partial; it goes with the descriptor. */
static int open_partial(struct cq_output *o)
{
    o->fd = open(o->partial, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (o->fd < 0) return errno;
    if (flock(o->fd, LOCK_EX | LOCK_NB)) return errno == EWOULDBLOCK ? EBUSY : errno;
    return ftruncate(o->fd, 0) ? errno : 0;
}

static int open_file(struct cq_output *o, const char *path)
{
    size_t n;

    o->kind = CQ_OUTPUT_FILE;
    o->name = path;
    o->path = realpath(path, NULL); /* the file behind a link is replaced, not the link */
    if (!o->path) o->path = strdup(path);
    if (!o->path) return ENOMEM;
    n = strlen(o->path) + sizeof(".partial");
    o->partial = malloc(n);
    if (!o->partial) return ENOMEM;
    (void)snprintf(o->partial, n, "%s.partial", o->path);
    return open_partial(o);
}

static int open_folder(struct cq_output *o, const char *path)
{
    o->kind = CQ_OUTPUT_FOLDER;
    o->name = path;
    return cq_outdir_open(&o->dir, path);
}

int cq_output_open(struct cq_output *o, const char *path, bool sinks)
{
    struct stat st;
    int err;

    *o = (struct cq_output){.kind = CQ_OUTPUT_NONE, .fd = -1};
    if (path && strcmp(path, "none") == 0) return 0;
    if (!path && (sinks || isatty(STDOUT_FILENO))) return 0;
    if (!path || strcmp(path, "-") == 0) {
        return standard_output(o);
    }
    if (path[strlen(path) - 1] == '/') return open_folder(o, path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        if (S_ISDIR(st.st_mode)) return EISDIR; /* a folder is meant where a slash says so */
        err = stream(o, open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), path);
        make_own(o);
        return err;
    }
    return open_file(o, path);
}

static void fail(struct cq_output *o, int err)
{
    if (!o->err) o->err = err;
    o->n = o->off = 0;
}

/* One write of at most n bytes; false: no more now. */
static bool write_some(struct cq_output *o, size_t most)
{
    size_t n = o->n - o->off < most ? o->n - o->off : most;
    ssize_t done = write(o->fd, o->p + o->off, n);

    if (done < 0) {
        if (errno != EINTR && errno != EAGAIN) fail(o, errno);
        return errno == EINTR;
    }
    o->off += (size_t)done;
    o->bytes += (uint64_t)done;
    if (o->off == o->n) o->n = o->off = 0;
    return true;
}

static bool is_writable(const struct cq_output *o)
{
    struct pollfd p = {.fd = o->fd, .events = POLLOUT};

    return poll(&p, 1, 0) > 0;
}

static bool may_block(const struct cq_output *o)
{
    return o->kind == CQ_OUTPUT_STREAM && !o->is_own;
}

static void push(struct cq_output *o)
{
    size_t most = may_block(o) ? PIPE_BUF : MOST;
    int pieces = 0;

    while (cq_output_is_pending(o)) {
        if (may_block(o) && (pieces++ == PIECES_PER_TURN || !is_writable(o))) return;
        if (!write_some(o, most)) return;
    }
}

void cq_output_flush(struct cq_output *o)
{
    push(o);
    o->is_refusing = cq_output_is_pending(o);
}

static bool grow(struct cq_output *o, size_t n)
{
    size_t cap = o->cap ? o->cap : ROOM;
    char *p;

    if (o->off) {
        memmove(o->p, o->p + o->off, o->n - o->off);
        o->n -= o->off;
        o->off = 0;
    }
    while (cap - o->n < n)
        cap *= 2;
    if (cap == o->cap) return true;
    p = realloc(o->p, cap);
    if (!p) return false;
    o->p = p;
    o->cap = cap;
    return true;
}

void cq_output_put(struct cq_output *o, const char *line, size_t n)
{
    o->lines++;
    if (o->kind == CQ_OUTPUT_NONE || o->kind == CQ_OUTPUT_DISCARD || o->err) return;
    if (o->cap - o->n < n && !grow(o, n)) {
        fail(o, ENOMEM);
        return;
    }
    memcpy(o->p + o->n, line, n);
    o->n += n;
    if (!may_block(o) && !o->is_refusing && o->n - o->off >= CHUNK) cq_output_flush(o);
}

bool cq_output_is_full(const struct cq_output *o)
{
    return o->n - o->off >= HIGH;
}

bool cq_output_has_room(const struct cq_output *o)
{
    return o->n - o->off < LOW;
}

bool cq_output_is_worth(const struct cq_output *o)
{
    return o->n - o->off >= WORTH;
}

bool cq_output_is_pending(const struct cq_output *o)
{
    return o->n > o->off && !o->err;
}

/* The folder, so that the rename survives a power cut. Best effort: not every file system can. */
static void sync_folder(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    int fd;

    if (slash) slash[slash == folder] = 0;
    fd = folder ? open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(folder);
}

int cq_output_close(struct cq_output *o, bool whole)
{
    cq_output_flush(o);
    if (cq_output_is_pending(o)) fail(o, EPIPE); /* given up: nobody took the rest */
    if (o->kind == CQ_OUTPUT_FILE && o->fd >= 0 && !o->err) {
        if (fsync(o->fd)) fail(o, errno);
        if (!o->err && whole) {
            if (rename(o->partial, o->path)) fail(o, errno);
            sync_folder(o->path);
        }
    }
    if (o->fd >= 0 && close(o->fd) && o->kind == CQ_OUTPUT_FILE) fail(o, errno);
    if (o->kind == CQ_OUTPUT_FOLDER) {
        int err = cq_outdir_close(&o->dir);

        if (err) fail(o, err);
    }
    o->fd = -1;
    free(o->p);
    free(o->path);
    free(o->partial);
    o->p = o->path = o->partial = NULL;
    return o->err;
}

void cq_output_discard(struct cq_output *o)
{
    if (o->kind == CQ_OUTPUT_FILE && o->partial) (void)unlink(o->partial);
    (void)cq_output_close(o, false);
}
