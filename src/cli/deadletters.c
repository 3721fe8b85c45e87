/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters (cli/deadletters.h). */
#include "cli/deadletters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/files.h"
#include "cli/loop.h"

void cq_deadletters_line(struct cq_text *t, const struct cqlcrawl_dead_letter *l, int64_t now_ms)
{
    size_t n = l->n_answer < CQ_MAX_ANSWER ? l->n_answer : CQ_MAX_ANSWER;

    cq_text_puts(t, "{\"time\":\"");
    cq_text_utc(t, now_ms);
    cq_text_puts(t, "\",\"sink\":");
    cq_text_json(t, l->sink);
    cq_text_printf(t, ",\"status\":%ld,\"why\":", l->status);
    cq_text_json(t, l->why);
    cq_text_puts(t, ",\"answer\":");
    cq_text_json_n(t, l->answer ? l->answer : "", l->answer ? n : 0);
    cq_text_puts(t, ",\"record\":");
    cq_text_put(t, l->line, l->n && l->line[l->n - 1] == '\n' ? l->n - 1 : l->n);
    cq_text_puts(t, "}\n");
}

int cq_deadletters_check(const char *path)
{
    char *folder, *slash;
    struct stat st;
    int err = 0;

    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) return EISDIR;
        return access(path, W_OK) ? errno : 0;
    }
    folder = strdup(path);
    if (!folder) return ENOMEM;
    slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    if (access(slash ? folder : ".", W_OK | X_OK)) err = errno;
    free(folder);
    return err;
}

/* The whole line, or none of it. */
static int append(int fd, const char *p, size_t n)
{
    struct stat st;
    int err;

    if (flock(fd, LOCK_EX)) return errno;
    err = fstat(fd, &st) ? errno : cq_write_all(fd, p, n);
    if (!err && fdatasync(fd) && errno != EINVAL) err = errno; /* EINVAL: a device or a pipe */
    if (err && S_ISREG(st.st_mode) && ftruncate(fd, st.st_size)) err = errno;
    (void)flock(fd, LOCK_UN);
    return err;
}

int cq_deadletters_keep(void *ctx, const struct cqlcrawl_dead_letter *letter)
{
    struct cq_deadletters *d = ctx;

    d->text.n = 0;
    cq_deadletters_line(&d->text, letter, cq_unix_ms());
    d->err = d->text.failed ? ENOMEM : 0;
    if (!d->err && d->fd < 0) {
        d->fd = open(d->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (d->fd < 0) d->err = errno;
    }
    if (!d->err) d->err = append(d->fd, d->text.p, d->text.n);
    d->text.failed = false;
    d->n += d->err == 0;
    return d->err;
}

void cq_deadletters_close(struct cq_deadletters *d)
{
    if (d->fd >= 0) (void)close(d->fd);
    d->fd = -1;
    cq_text_free(&d->text);
}
