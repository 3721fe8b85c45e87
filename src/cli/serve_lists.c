/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of targets of `serve`, looked at again (cli/serve.h): files when stat says that they
 * changed, HTTP at every refresh. A list that did not change costs its question; one that did makes
 * another inventory of the configuration that holds. One that fails is said when it begins to, and
 * what it said last goes on.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/http_sd.h"
#include "cli/serve.h"

#define NS_PER_MS 1000000u

/* What changed is in the answer or in files. */
static bool again(struct cq_serve *v, const struct cq_list_answer *a, bool said)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_roster_change change = {0};
    struct cq_inventory *inv =
        cq_inventory_again(&d, v->a, v->roster.inv, &v->secrets, CQ_TO_SERVE);
    bool ok = inv && cq_serve_go_on(v, inv, &d, a, &change);

    v->facts.list_failures += !ok;
    if (ok && change.added + change.changed + change.removed)
        cq_serve_say_change(v, "list", &change);
    if (!ok && !said) {
        cq_serve_log_diags(v, "error", "list", &d);
        cq_serve_log(v, "error", "list", "what it said before goes on");
    }
    cq_pool_free(&pool);
    return ok;
}

static void forget(struct cq_asking *q)
{
    *q->at = q->next;
    if (q->next) q->next->at = q->at;
    free(q);
}

static void on_list(void *ctx, int err, const char *text, long status, const char *type,
                    const char *body, size_t n)
{
    struct cq_asking *q = ctx;
    struct cq_serve *v = q->v;
    struct cq_list_answer a = {q->i, err, text, status, type, body, n};
    bool stale = q->generation != v->generation || v->s.interrupted;
    const struct cq_discovery *x;
    bool ok;

    forget(q);
    if (stale) return;
    x = &v->roster.inv->config.discovery[a.i];
    v->lists[a.i].asking = false;
    ok = !err && status == 200 && x->body && x->n_body == n && memcmp(x->body, body, n) == 0;
    if (!ok) ok = again(v, &a, v->lists[a.i].failing);
    x = &v->roster.inv->config.discovery[a.i]; /* of the new inventory, if it is one */
    if (ok && v->lists[a.i].failing)
        cq_serve_log(v, "info", "list", "%s answers again", x->fetch.url);
    v->lists[a.i].failing = !ok;
}

static void ask(struct cq_serve *v, size_t i, uint64_t now)
{
    const struct cq_discovery *x = &v->roster.inv->config.discovery[i];
    struct cq_asking *q = calloc(1, sizeof(*q));

    v->lists[i].due_ns = now + x->refresh_ms * NS_PER_MS;
    if (!q) return;
    *q = (struct cq_asking){v, v->asking, &v->asking, v->generation, i};
    if (q->next) q->next->at = &q->next;
    v->asking = q;
    v->lists[i].fetch.done = on_list;
    v->lists[i].fetch.ctx = q;
    v->lists[i].asking = true;
    if (!cqlcrawl_fetch(v->s.c, &v->lists[i].fetch)) return;
    v->lists[i].asking = false;
    v->facts.list_failures++;
    cq_serve_log(v, "error", "list", "%s: %s", x->fetch.url, cqlcrawl_last_error(v->s.c));
    forget(q);
}

/* FNV-1a over what stat says: every write changes the time of change. */
static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const unsigned char *s = p;

    for (size_t i = 0; i < n; i++)
        h = (h ^ s[i]) * 0x100000001b3u;
    return h;
}

static uint64_t file_print(uint64_t h, const char *path)
{
    struct stat st = {0};

    h = mix(h, path, strlen(path) + 1);
    if (stat(path, &st)) return h;
    h = mix(h, &st.st_dev, sizeof(st.st_dev));
    h = mix(h, &st.st_ino, sizeof(st.st_ino));
    h = mix(h, &st.st_size, sizeof(st.st_size));
    h = mix(h, &st.st_mtim, sizeof(st.st_mtim));
    return mix(h, &st.st_ctim, sizeof(st.st_ctim));
}

static uint64_t pattern_print(uint64_t h, const char *pattern)
{
    glob_t g;

    if (glob(pattern, 0, NULL, &g)) return file_print(h, pattern);
    for (size_t i = 0; i < g.gl_pathc; i++)
        h = file_print(h, g.gl_pathv[i]);
    globfree(&g);
    return h;
}

static uint64_t files_print(const struct cq_serve *v)
{
    uint64_t h = CQ_NO_FILES;

    if (v->a->targets_file) h = file_print(h, v->a->targets_file);
    for (size_t i = 0; i < v->roster.inv->config.n_discovery; i++) {
        for (const char *const *f = v->roster.inv->config.discovery[i].files; f && *f; f++)
            h = pattern_print(h, *f);
    }
    return h;
}

static void look_at_files(struct cq_serve *v, uint64_t now)
{
    uint64_t print = files_print(v);
    bool ok;

    v->files_due_ns = now + CQ_SERVE_WATCH_NS;
    if (print == v->files) return;
    v->files = print;
    ok = again(v, NULL, false);
    if (ok && v->files_failing) cq_serve_log(v, "info", "list", "the files can be read again");
    v->files_failing = !ok;
}

void cq_serve_lists(struct cq_serve *v, uint64_t now)
{
    size_t failing = v->files_failing, n = v->roster.inv->config.n_discovery;

    if (now >= v->files_due_ns) look_at_files(v, now);
    for (size_t i = 0; i < n; i++) {
        if (v->lists[i].due_ns <= now && !v->lists[i].asking) ask(v, i, now);
        failing += v->lists[i].failing;
    }
    v->facts.lists = n;
    v->facts.lists_failing = failing;
}

uint64_t cq_serve_lists_deadline(const struct cq_serve *v)
{
    uint64_t first = v->files_due_ns;

    for (size_t i = 0; i < v->roster.inv->config.n_discovery; i++) {
        const struct cq_list_due *x = &v->lists[i];

        if (!x->asking && x->due_ns < first) first = x->due_ns;
    }
    return first;
}

void cq_serve_lists_fini(struct cq_serve *v)
{
    while (v->asking)
        forget(v->asking);
    free(v->lists);
    v->lists = NULL;
}
