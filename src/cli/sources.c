/* SPDX-License-Identifier: Apache-2.0 */
/* `discovery`: files of patterns in the order of their names, and the answers that came by HTTP. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "cli/loading.h"
#include "cli/yaml.h"

enum { MAX_LIST = 256 << 20 };

static void load_file(struct cq_loading *l, const struct cq_discovery *x, const char *file)
{
    size_t n;
    char *text;

    file = cq_pool_dup(l->pool, file, strlen(file));
    text = file ? cq_read_file(l->d, file, MAX_LIST, &n) : NULL;
    if (!text) return;
    n = cq_yaml_from_json(text, n);
    cq_loading_origin(l, file, "file_sd");
    if (l->inv->n_origins) cq_load_file_sd(l, file, text, n, x->group, false);
    free(text);
}

/* A folder that is not there matches nothing; one that may not be read could hide a list. */
static int unreadable(const char *path, int err)
{
    (void)path;
    return err != ENOENT && err != ENOTDIR;
}

/* A pattern may match nothing; a plain path must be there. */
static void load_files(struct cq_loading *l, const struct cq_discovery *x, const char *pattern)
{
    bool plain = !strpbrk(pattern, "*?[");
    glob_t g;
    int err;

    if (plain) {
        load_file(l, x, pattern);
        return;
    }
    err = glob(pattern, 0, unreadable, &g);
    for (size_t i = 0; !err && i < g.gl_pathc && !l->pool->failed; i++)
        load_file(l, x, g.gl_pathv[i]);
    if (err == GLOB_NOMATCH) {
        cq_diag(&l->inv->notes, x->at, "file_sd: no file matches '%s'", pattern);
    } else if (err) {
        cq_diag(l->d, x->at, "file_sd: '%s' cannot be read", pattern);
    }
    globfree(&g);
}

void cq_load_discovery(struct cq_loading *l)
{
    const struct cq_config *c = &l->inv->config;

    for (size_t i = 0; i < c->n_discovery && !l->pool->failed; i++) {
        const struct cq_discovery *x = &c->discovery[i];

        for (const char *const *f = x->files; f && *f; f++)
            load_files(l, x, *f);
        if (x->kind != CQ_HTTP_SD) continue;
        cq_loading_origin(l, x->fetch.url, "http_sd");
        if (!l->inv->n_origins) return;
        l->inv->origins[l->inv->n_origins - 1].asked = x->body != NULL;
        if (x->body) cq_load_file_sd(l, x->fetch.url, x->body, x->n_body, x->group, false);
    }
}
