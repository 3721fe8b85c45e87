/* SPDX-License-Identifier: Apache-2.0 */
/* An inventory and what it is made of, for tests: loaded from options, expected, dropped. */
#ifndef CQ_TESTS_WORLD_H
#define CQ_TESTS_WORLD_H

#include "cli/http_sd.h"
#include "cli/inventory.h"

/* One test's world. */
struct world {
    struct cq_pool pool;
    struct cq_diags d;
    struct cq_secrets secrets;
    struct cq_args a;
    struct cq_inventory *inv;
};

extern char yaml[64], list[64], json[64]; /* paths of this process */
extern char o[512];

#define WITH(...) ((void)snprintf(o, sizeof(o), __VA_ARGS__), o)

void put(const char *path, const char *text);
void parse(struct world *w, const char *options);
struct world *load(const char *options, enum cq_purpose purpose);
void drop(struct world *w);
struct world *good(const char *options);
void expect_names(const char *options, const char *names);
void expect_refused(const char *options, const char *word);
void name_files(void);
void remove_files(void);

#endif
