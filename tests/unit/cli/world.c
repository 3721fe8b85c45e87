/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of inventories share (world.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "world.h"

enum { MOST = 24 };

char yaml[64], list[64], json[64], o[512];

void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void parse(struct world *w, const char *options)
{
    char **argv = cq_pool_alloc(&w->pool, MOST * sizeof(char *));
    char *line = cq_pool_printf(&w->pool, "cqlcrawl crawl%s%s", *options ? " " : "", options);
    int n = 0;

    argv[n++] = line;
    for (char *s = line; *s; s++) {
        if (*s != ' ') continue;
        *s = 0;
        argv[n++] = s + 1;
    }
    if (!cq_args_parse(&w->pool, &w->d, n, argv, &w->a)) fail_msg("%s", w->d.messages[0]);
}

struct world *load(const char *options, enum cq_purpose purpose)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->d.pool = &w->pool;
    parse(w, options);
    w->inv = cq_inventory_load(&w->d, &w->a, &w->secrets, purpose);
    return w;
}

void drop(struct world *w)
{
    cq_inventory_unref(w->inv);
    cq_secrets_fini(&w->secrets);
    cq_pool_free(&w->pool);
    free(w);
}

struct world *good(const char *options)
{
    struct world *w = load(options, CQ_TO_READ);

    if (!w->inv) fail_msg("%s: %s", options, w->d.messages[0]);
    return w;
}

void expect_names(const char *options, const char *names)
{
    struct world *w = good(options);
    char got[512] = "";

    for (size_t i = 0; i < w->inv->n_clusters; i++) {
        if (i) strcat(got, " ");
        strcat(got, w->inv->clusters[i].name);
        assert_ptr_equal(cq_inventory_find(w->inv, w->inv->clusters[i].name), &w->inv->clusters[i]);
    }
    assert_string_equal(got, names);
    drop(w);
}

void expect_refused(const char *options, const char *word)
{
    struct world *w = load(options, CQ_TO_READ);

    if (w->inv) fail_msg("taken: %s", options);
    if (!strstr(w->d.messages[0], word))
        fail_msg("%s says '%s', not '%s'", options, w->d.messages[0], word);
    drop(w);
}

void name_files(void)
{
    (void)snprintf(yaml, sizeof(yaml), "/tmp/cq-inventory-%ld.yaml", (long)getpid());
    (void)snprintf(list, sizeof(list), "/tmp/cq-inventory-%ld.list", (long)getpid());
    (void)snprintf(json, sizeof(json), "/tmp/cq-inventory-%ld.json", (long)getpid());
}

void remove_files(void)
{
    (void)unlink(yaml);
    (void)unlink(list);
    (void)unlink(json);
}
