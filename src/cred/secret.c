/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in mappings of their own (auth.md 6): the count, the sizes and the bytes are one block.
 * Failure leaves nothing mapped.
 */
#include "cred/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { SETTLED_S = 3 };

struct cq_secret {
    const struct cq_mem *mem; /* where the block is from */
    size_t cap;
    size_t n;
    unsigned refs;
    uint8_t data[];
};

static size_t most(enum cq_secret_kind kind)
{
    return kind == CQ_SECRET_PASSWORD ? CQ_MAX_SECRET : CQ_MAX_PEM;
}

static struct cq_secret *make(size_t cap, enum cq_secret_kind kind)
{
    const struct cq_mem *mem = kind == CQ_SECRET_PUBLIC ? &cq_mem_libc : &cq_mem_secret;
    struct cq_secret *s = cq_alloc(mem, sizeof(*s) + cap);

    if (s) *s = (struct cq_secret){.mem = mem, .cap = cap, .refs = 1};
    return s;
}

struct cq_secret *cq_secret_retain(struct cq_secret *s)
{
    if (s) s->refs++;
    return s;
}

void cq_secret_release(struct cq_secret *s)
{
    if (s && --s->refs == 0) cq_free(s->mem, s);
}

cq_bytes cq_secret_bytes(const struct cq_secret *s)
{
    return s ? (cq_bytes){s->data, s->n} : CQ_NULL;
}

/* Where from, for messages: never the bytes. */
struct origin {
    const char *what; /* "file", "variable", "value" */
    const char *name;
    bool has_line_end; /* an editor or a shell may have put one behind a password */
};

static int refuse(struct cq_fault *f, const struct origin *from, const char *why)
{
    return cq_fault_set(f, CQ_ESECRET, "%s %s: %s", from->what, from->name, why);
}

/* The last look at the bytes: takes the line end off a password and checks what is left. */
static int finish(struct cq_secret **out, struct cq_secret *s, enum cq_secret_kind kind,
                  const struct origin *from, struct cq_fault *f)
{
    const char *why = NULL;

    if (kind == CQ_SECRET_PASSWORD && from->has_line_end && s->n && s->data[s->n - 1] == '\n') {
        s->n--;
        if (s->n && s->data[s->n - 1] == '\r') s->n--;
    }
    if (s->n > most(kind)) {
        why = "is longer than a secret may be";
    } else if (s->n == 0) {
        why = "is empty";
    } else if (kind == CQ_SECRET_PASSWORD && memchr(s->data, 0, s->n)) {
        why = "holds a NUL byte, which no password may";
    }
    if (kind != CQ_SECRET_PUBLIC) cq_wipe_registers();
    if (why) {
        cq_secret_release(s);
        return refuse(f, from, why);
    }
    *out = s;
    return 0;
}

static int copy(struct cq_secret **out, enum cq_secret_kind kind, cq_bytes b,
                const struct origin *from, struct cq_fault *f)
{
    struct cq_secret *s;

    if (b.n > most(kind) + 2) return refuse(f, from, "is longer than a secret may be");
    s = make(b.n, kind);
    if (!s) return cq_fault_set(f, CQ_ENOMEM, "no memory for a secret");
    if (b.n) memcpy(s->data, b.p, b.n);
    s->n = b.n;
    return finish(out, s, kind, from, f);
}

int cq_secret_from_bytes(struct cq_secret **out, enum cq_secret_kind kind, cq_bytes b,
                         struct cq_fault *f)
{
    *out = NULL;
    return copy(out, kind, b, &(struct origin){"the value", "given", false}, f);
}

int cq_secret_from_env(struct cq_secret **out, enum cq_secret_kind kind, const char *name,
                       struct cq_fault *f)
{
    const struct origin from = {"environment variable", name, true};
    const char *v = getenv(name);

    *out = NULL;
    if (!v) return refuse(f, &from, "is not set");
    return copy(out, kind, cq_str(v), &from, f);
}

/* Reads to the end of the file, at most cap bytes; more: n is cap + 1. */
static int slurp(int fd, struct cq_secret *s)
{
    while (s->n < s->cap) {
        ssize_t got = read(fd, s->data + s->n, s->cap - s->n);

        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) break;
        s->n += (size_t)got;
    }
    return 0;
}

static const char *objection(const struct stat *st, enum cq_secret_kind kind)
{
    if (!S_ISREG(st->st_mode)) return "is not a regular file";
    if (kind == CQ_SECRET_PASSWORD && (st->st_mode & S_IWOTH)) {
        return "may be written by everybody (chmod o-w)";
    }
    if (st->st_size < 0 || (uint64_t)st->st_size > most(kind) + 2) {
        return "is longer than a secret may be";
    }
    return NULL;
}

static int read_file(struct cq_secret **out, enum cq_secret_kind kind, int fd,
                     const struct origin *from, struct cq_fault *f)
{
    struct cq_secret *s;
    struct stat st;
    const char *why;
    int e;

    if (fstat(fd, &st)) return refuse(f, from, strerror(errno));
    why = objection(&st, kind);
    if (why) return refuse(f, from, why);
    s = make((size_t)st.st_size + 3, kind); /* a file that grows meanwhile shows as too long */
    if (!s) return cq_fault_set(f, CQ_ENOMEM, "no memory for a secret");
    e = slurp(fd, s);
    if (e) {
        cq_secret_release(s);
        return refuse(f, from, strerror(e));
    }
    return finish(out, s, kind, from, f);
}

int cq_secret_from_file(struct cq_secret **out, enum cq_secret_kind kind, const char *path,
                        struct cq_fault *f)
{
    const struct origin from = {"file", path, true};
    int fd, err;

    *out = NULL;
    /* NONBLOCK: a FIFO under that name must not stop the loop; it is refused below. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) { /* it passes; the file is in order */
        return cq_fault_set(f, CQ_EDESCRIPTORS, "file %s: %s", path, strerror(errno));
    }
    if (fd < 0) return refuse(f, &from, strerror(errno));
    err = read_file(out, kind, fd, &from, f);
    (void)close(fd);
    return err;
}

bool cq_secret_stamp(struct cq_stamp *out, const char *path, int64_t wall_s)
{
    struct stat st;

    *out = (struct cq_stamp){0};
    if (stat(path, &st) || !S_ISREG(st.st_mode)) return false;
    if (wall_s - st.st_mtim.tv_sec < SETTLED_S || wall_s - st.st_ctim.tv_sec < SETTLED_S)
        return false;
    *out = (struct cq_stamp){
        .device = st.st_dev,
        .inode = st.st_ino,
        .size = st.st_size,
        .modified_s = st.st_mtim.tv_sec,
        .modified_ns = st.st_mtim.tv_nsec,
        .changed_s = st.st_ctim.tv_sec,
        .changed_ns = st.st_ctim.tv_nsec,
    };
    return true;
}
