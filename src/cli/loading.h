/* SPDX-License-Identifier: Apache-2.0 */
/* An inventory that is being made: for inventory.c and the readers of its sources. */
#ifndef CQ_CLI_LOADING_H
#define CQ_CLI_LOADING_H

#include "cli/inventory.h"

#define CQ_HERE ((struct cq_place){NULL, 0, 0})

/* Something that is said once, with a count. */
struct cq_counted {
    size_t n;
    struct cq_place first;
};

struct cq_loading {
    struct cq_inventory *inv;
    struct cq_pool *pool; /* of the inventory */
    struct cq_diags *d;
    const struct cq_args *a;
    struct cq_secrets *secrets;
    enum cq_purpose purpose;
    struct cq_pool scratch;      /* of one entry */
    struct cq_lookup configured; /* clusters of the configuration */
    struct cq_spec *line_spec;   /* of targets that say nothing but where they are */
    struct cq_spec **specs; /* of discovered targets: by group, the last of those without one */
    struct cq_spec *listed; /* of the same without a group in --targets */
    const char **texts;     /* labels: each text once */
    size_t n_texts;
    struct cq_lookup known; /* of texts */
    bool has_free;          /* the login of the command line is somebody's */
    struct cq_counted empty, cut;
};

/* A cluster more, of the last source; NULL: no memory (the pool's flag says so). */
struct cq_cluster *cq_loading_more(struct cq_loading *l);
/* Its name is known now: it is the only one, or a diagnostic. */
void cq_loading_named(struct cq_loading *l, struct cq_cluster *c);
/* Puts the command line over it, once, and places its secrets. */
void cq_loading_seal(struct cq_loading *l, struct cq_spec *s);
void cq_loading_origin(struct cq_loading *l, const char *name, const char *form);
/* One copy of every text. */
const char *cq_loading_text(struct cq_loading *l, const char *s);
/* host:port, [v6]:port, in the pool. */
const char *cq_endpoint_title(struct cq_pool *pool, const struct cqlcrawl_endpoint *e);

/* lines.c: --targets, whatever its form. */
void cq_load_targets_file(struct cq_loading *l, const char *file);
/* One TARGET of the command line or of a line. */
void cq_load_target(struct cq_loading *l, struct cq_place at, const char *text);
/* file_sd.c: the list in this text; group: of targets that name none. Login: that of the command
 * line is meant, too. */
void cq_load_file_sd(struct cq_loading *l, const char *file, const char *text, size_t n,
                     const char *group, bool login);
/* sources.c: everything under `discovery`. */
void cq_load_discovery(struct cq_loading *l);
/* choose.c: --select, then --shard. */
void cq_choose(struct cq_loading *l);
/* twice.c: one address under two names. */
void cq_note_addresses(struct cq_loading *l);

#endif
