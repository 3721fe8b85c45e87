/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TARGETs: of the command line, and of --targets, which is one a line or a list of Prometheus. What
 * a file is, its name or its first characters say.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/loading.h"
#include "cli/target.h"
#include "cli/yaml.h"

enum { MAX_TARGETS_FILE = 256 << 20 };

/* ---- one target ---- */

/* The spec of a target that says nothing but where it is: the same for all of them. */
static struct cq_spec *line_spec(struct cq_loading *l)
{
    if (l->line_spec) return l->line_spec;
    l->line_spec = cq_pool_alloc(l->pool, sizeof(*l->line_spec));
    if (!l->line_spec) return NULL;
    *l->line_spec = l->a->login;
    (void)cq_spec_inherit(l->pool, l->line_spec, &l->inv->config.defaults);
    cq_loading_seal(l, l->line_spec);
    return l->line_spec;
}

static void take_known(struct cq_loading *l, const struct cq_cluster *known)
{
    struct cq_cluster *c = cq_loading_more(l);
    unsigned source = c ? c->source : 0;

    if (!c) return;
    *c = *known;
    c->source = source;
    cq_loading_seal(l, c->spec);
    cq_loading_named(l, c);
}

void cq_load_target(struct cq_loading *l, struct cq_place at, const char *text)
{
    uint32_t known = cq_lookup_find(&l->configured, text);
    struct cq_cluster *c;

    if (known != CQ_NOWHERE) {
        take_known(l, &l->inv->config.clusters[known]);
        return;
    }
    c = cq_loading_more(l);
    if (!c) return;
    if (!cq_parse_target(l->pool, l->d, at, text, c)) {
        l->inv->n_clusters--; /* it has no name */
        return;
    }
    l->has_free = true;
    if (c->spec) {
        (void)cq_spec_inherit(l->pool, c->spec, &l->a->login);
        (void)cq_spec_inherit(l->pool, c->spec, &l->inv->config.defaults);
        cq_loading_seal(l, c->spec);
    } else {
        c->spec = line_spec(l);
    }
    if (!c->spec) return;
    c->labels = c->spec->t.labels;
    c->n_labels = (unsigned short)c->spec->t.n_labels;
    cq_loading_named(l, c);
}

/* ---- lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void load_line(struct cq_loading *l, struct cq_place at, const char *s, size_t n)
{
    const char *hash = memchr(s, '#', n);
    char text[CQ_LONGEST_TARGET + 2];

    if (hash) n = (size_t)(hash - s);
    while (n && is_blank(s[n - 1]))
        n--;
    while (n && is_blank(*s))
        s++, n--;
    if (!n) return;
    if (memchr(s, 0, n)) {
        cq_diag(l->d, at, "a NUL character cannot be in a target");
        return;
    }
    if (n > CQ_LONGEST_TARGET) n = CQ_LONGEST_TARGET + 1; /* too long as it is */
    memcpy(text, s, n);
    text[n] = 0;
    cq_load_target(l, at, text);
}

static void load_lines(struct cq_loading *l, const char *file, const char *s, size_t n)
{
    struct cq_place at = {file, 1, 0};

    for (; n && !l->pool->failed; at.line++) {
        const char *end = memchr(s, '\n', n);
        size_t len = end ? (size_t)(end - s) : n;

        load_line(l, at, s, len);
        s += len;
        n -= len;
        if (end) s++, n--;
    }
}

/* ---- what a file is ---- */

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n > k && strcmp(s + n - k, end) == 0;
}

static char first_of(const char **s, const char *end)
{
    while (*s < end && (is_blank(**s) || **s == '\n'))
        ++*s;
    return *s < end ? *(*s)++ : 0;
}

/* Why this is a list of Prometheus; NULL: lines. A line may begin with a bracket, too: [::1]. */
static const char *why_list(const char *file, const char *s, size_t n)
{
    const char *end = s + n;
    char c;

    if (ends_in(file, ".json")) return "its name ends in .json";
    if (ends_in(file, ".yaml")) return "its name ends in .yaml";
    if (ends_in(file, ".yml")) return "its name ends in .yml";
    c = first_of(&s, end);
    if (c == '-' && s < end && is_blank(*s)) return "it begins with '- '";
    if (c != '[') return NULL;
    c = first_of(&s, end);
    return c == '{' || c == ']' ? "it begins with '['" : NULL;
}

void cq_load_targets_file(struct cq_loading *l, const char *file)
{
    unsigned before = l->d->n;
    struct cq_origin *source;
    const char *why;
    char *all, *text;
    size_t n, had = l->inv->n_clusters;

    all = cq_read_file(l->d, file, MAX_TARGETS_FILE, &n);
    if (!all) return;
    text = all;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, n -= 3;
    why = why_list(file, text, n);
    cq_loading_origin(l, file, why ? "file_sd" : "lines");
    source = l->inv->n_origins ? &l->inv->origins[l->inv->n_origins - 1] : NULL;
    if (source) source->why = why;
    if (source && why) {
        n = cq_yaml_from_json(text, n);
        cq_load_file_sd(l, file, text, n, NULL, true);
        if (l->d->n != before) {
            cq_diag(l->d, (struct cq_place){file, 0, 0},
                    "was read as a list of Prometheus (file_sd), because %s", why);
        }
    } else if (source) {
        load_lines(l, file, text, n);
    }
    if (l->d->n == before && l->inv->n_clusters == had) {
        cq_diag(l->d, (struct cq_place){file, 0, 0}, "there is no target in it");
    }
    free(all);
}
