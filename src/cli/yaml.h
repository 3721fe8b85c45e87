/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to a tree whose every node knows its line and column: scalars, lists, maps. Made of
 * libyaml's events; bounded in size, depth and number of nodes. Anchors, aliases, tags, merge keys
 * and further documents are refused: a configuration needs none of them, and they are how a small
 * file becomes a large one.
 */
#ifndef CQ_CLI_YAML_H
#define CQ_CLI_YAML_H

#include "cli/diag.h"

enum cq_node_kind { CQ_NODE_SCALAR, CQ_NODE_LIST, CQ_NODE_MAP };

struct cq_node {
    enum cq_node_kind kind;
    struct cq_place at;
    const char *text;      /* SCALAR, and keys of a map: no NUL inside */
    bool quoted;           /* SCALAR: not plain */
    struct cq_node *first; /* LIST: elements; MAP: keys */
    struct cq_node *next;  /* the sibling */
    struct cq_node *value; /* of a key */
};

enum {
    CQ_MAX_CONFIG_BYTES = 64 << 20,
    CQ_MAX_CONFIG_DEPTH = 12,
    CQ_MAX_CONFIG_NODES = 4000000,
    CQ_MAX_CONFIG_KEYS = 256, /* of one map */
};

/* The root, or NULL with diagnostics (an empty document: NULL without). */
struct cq_node *cq_yaml_parse(struct cq_pool *pool, struct cq_diags *d, const char *file,
                              const char *text, size_t n);

/*
 * The same of a document that is one long list, an element at a time: memory for one element is
 * enough. JSON is YAML, too.
 */
struct cq_yaml_list;

/* JSON writes characters beyond 16 bits as two escapes (RFC 8259 7), which YAML does not know:
 * those become the character itself, in place. The new length; columns behind one are smaller. */
size_t cq_yaml_from_json(char *text, size_t n);
/* text lives until close. NULL with a diagnostic: no memory. */
struct cq_yaml_list *cq_yaml_list_open(struct cq_diags *d, const char *file, const char *text,
                                       size_t n);
/* The next element, in the pool; NULL: it is over, or a diagnostic says why not. */
struct cq_node *cq_yaml_list_next(struct cq_yaml_list *l, struct cq_pool *pool);
void cq_yaml_list_close(struct cq_yaml_list *l);

#endif
