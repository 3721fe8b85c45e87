/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cqlcrawl bench --compare A.json B.json`: figure by figure the medians, their ratio with what the
 * rounds allow for, and whether that is a difference at all (cli/spread.h). Machine and options
 * that are not the same are said: they explain more than a version does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/yaml.h"

static const struct cq_node *find(const struct cq_node *map, const char *key)
{
    if (!map || map->kind != CQ_NODE_MAP) return NULL;
    for (const struct cq_node *k = map->first; k; k = k->next) {
        if (strcmp(k->text, key) == 0) return k->value;
    }
    return NULL;
}

static const char *text(const struct cq_node *map, const char *key)
{
    const struct cq_node *n = find(map, key);

    return n && n->kind == CQ_NODE_SCALAR ? n->text : "?";
}

static struct cq_node *load(struct cq_pool *pool, struct cq_diags *d, const char *path)
{
    struct cq_node *root;
    unsigned before = d->n;
    size_t n = 0;
    char *bytes = cq_read_file(d, path, CQ_MAX_CONFIG_BYTES, &n);

    if (!bytes) return NULL;
    root = cq_yaml_parse(pool, d, path, bytes, n);
    free(bytes);
    if (d->n > before) return NULL;
    if (strcmp(text(root, "schema"), "cqlcrawl-bench-1") == 0) return root;
    cq_diag(d, (struct cq_place){path, 0, 0}, "is no result of `cqlcrawl bench --json`");
    return NULL;
}

static struct cq_spread spread(const struct cq_node *root, const char *key)
{
    const struct cq_node *list = find(find(root, "figures"), key);
    double values[CQ_MAX_ROUNDS];
    size_t n = 0;

    if (!list || list->kind != CQ_NODE_LIST) return (struct cq_spread){.n = 0};
    for (const struct cq_node *v = list->first; v && n < CQ_MAX_ROUNDS; v = v->next) {
        if (v->kind == CQ_NODE_SCALAR) values[n++] = strtod(v->text, NULL);
    }
    return cq_spread_of(values, n);
}

/* Keys of a map that have not the same value in both. */
static void differences(struct cq_text *t, const struct cq_node *a, const struct cq_node *b,
                        const char *part)
{
    const struct cq_node *in = find(a, part), *other = find(b, part);

    for (const struct cq_node *k = in && in->kind == CQ_NODE_MAP ? in->first : NULL; k;
         k = k->next) {
        const char *x = text(in, k->text), *y = text(other, k->text);

        if (strcmp(x, y) == 0) continue;
        cq_text_printf(t, "%s.%s differs: ", part, k->text);
        cq_text_escaped(t, x);
        cq_text_puts(t, " | ");
        cq_text_escaped(t, y);
        cq_text_puts(t, "\n");
    }
}

static const char *words(enum cq_change c, int better)
{
    switch (c) {
    case CQ_CHANGE_NOISE:
        return "within noise";
    case CQ_CHANGE_FEW:
        return "too few rounds to say";
    case CQ_CHANGE_MORE:
        return better > 0 ? "better" : better < 0 ? "WORSE" : "more";
    case CQ_CHANGE_LESS:
        return better > 0 ? "WORSE" : better < 0 ? "better" : "less";
    }
    return "";
}

static void line(struct cq_text *t, const struct cq_figure_info *i, const struct cq_spread *a,
                 const struct cq_spread *b)
{
    bool ratio = a->min > 0 && a->median > 0;

    cq_text_printf(t, "%-24s%12.*f%12.*f", i->label, i->digits, a->median, i->digits, b->median);
    if (ratio) {
        cq_text_printf(t, "%9.3f  (%.3f to %.3f)", b->median / a->median, b->min / a->max,
                       b->max / a->min);
    }
    cq_text_printf(t, "  %s\n", words(cq_spread_compare(a, b), i->better));
}

static void compare(struct cq_text *t, const struct cq_node *a, const struct cq_node *b,
                    const char *const *paths)
{
    const struct cq_node *both[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        cq_text_printf(t, "%c: cqlcrawl ", 'A' + i);
        cq_text_escaped(t, text(both[i], "cqlcrawl"));
        cq_text_puts(t, ", ");
        cq_text_escaped(t, text(both[i], "time"));
        cq_text_printf(t, ", %s of %s crawls failed, ", text(both[i], "failed"),
                       text(both[i], "crawls"));
        cq_text_escaped(t, paths[i]);
        cq_text_puts(t, "\n");
    }
    differences(t, a, b, "machine");
    differences(t, a, b, "options");
    cq_text_printf(t, "\n%-24s%12s%12s%9s  %s\n", "medians of rounds", "A", "B", "B/A",
                   "(as far apart as rounds are)");
    for (int f = 0; f < CQ_N_FIGURES; f++) {
        struct cq_spread x = spread(a, cq_figure_infos[f].key);
        struct cq_spread y = spread(b, cq_figure_infos[f].key);

        if (x.n && y.n) line(t, &cq_figure_infos[f], &x, &y);
    }
}

int cq_bench_compare(struct cq_pool *pool, const struct cq_args *a)
{
    struct cq_diags d = {.pool = pool};
    const char *paths[2] = {a->bench.compare, a->n_targets == 1 ? a->targets[0] : NULL};
    struct cq_node *roots[2] = {NULL, NULL};
    struct cq_text t = {0};

    if (!paths[1]) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0}, "--compare needs two files: A.json B.json");
        return cq_complain(&d, a->json_log);
    }
    for (int i = 0; i < 2; i++)
        roots[i] = load(pool, &d, paths[i]);
    if (!roots[0] || !roots[1]) return cq_complain(&d, a->json_log);
    compare(&t, roots[0], roots[1], paths);
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
    return CQ_EXIT_OK;
}
