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

/* ---- all of them ---- */

struct cq_taken {
    char *name;
    struct cq_password password;
};

static const struct cq_password *take_env(struct cq_secrets *s, const char *name)
{
    struct cq_taken *more, *t;

    for (size_t i = 0; i < s->n_taken; i++) {
        if (strcmp(s->taken[i].name, name) == 0) return &s->taken[i].password;
    }
    more = realloc(s->taken, (s->n_taken + 1) * sizeof(*more));
    if (!more) return NULL;
    s->taken = more;
    t = &more[s->n_taken];
    t->name = strdup(name);
    if (!t->name || !cq_password_take_env(&t->password, name)) {
        free(t->name);
        return NULL;
    }
    s->n_taken++;
    return &t->password;
}

void cq_secrets_place(struct cq_secrets *s, struct cqlcrawl_text *x)
{
    const struct cq_password *p = x->source == CQLCRAWL_ENV ? take_env(s, x->text) : NULL;

    if (p) *x = (struct cqlcrawl_text){CQLCRAWL_BYTES, p->p, p->n};
}

void cq_secrets_fini(struct cq_secrets *s)
{
    cq_password_wipe(&s->input);
    for (size_t i = 0; i < s->n_taken; i++) {
        cq_password_wipe(&s->taken[i].password);
        free(s->taken[i].name);
    }
    free(s->taken);
    *s = (struct cq_secrets){0};
}
