/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of cli/yaml.h, by an explicit stack: no recursion on input. The first fault ends it. */
#include "cli/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct level {
    struct cq_node *node;  /* LIST or MAP that is open */
    struct cq_node **tail; /* where its next element or key goes */
    struct cq_node *key;   /* MAP: the key that waits for its value */
    unsigned n;
};

struct reader {
    struct cq_pool *pool;
    struct cq_diags *d;
    const char *file;
    struct level stack[CQ_MAX_CONFIG_DEPTH];
    unsigned depth, nodes, documents;
    struct cq_node *root;
    enum { NONE, BEFORE, INSIDE, BEHIND } list; /* the long list around the tree */
};

static struct cq_place place(const struct reader *r, yaml_mark_t m)
{
    return (struct cq_place){r->file, (unsigned)m.line + 1, (unsigned)m.column + 1};
}

static bool refuse(struct reader *r, yaml_mark_t m, const char *why)
{
    cq_diag(r->d, place(r, m), "%s", why);
    return false;
}

static bool is_twice(const struct cq_node *map, const char *key)
{
    for (const struct cq_node *k = map->first; k; k = k->next) {
        if (strcmp(k->text, key) == 0) return true;
    }
    return false;
}

static bool add_key(struct reader *r, struct level *l, struct cq_node *node, yaml_mark_t m)
{
    if (node->kind != CQ_NODE_SCALAR) return refuse(r, m, "a key must be a word");
    if (++l->n > CQ_MAX_CONFIG_KEYS) return refuse(r, m, "too many keys in one map");
    if (is_twice(l->node, node->text)) {
        cq_diag(r->d, place(r, m), "key '%s' is there twice", node->text);
        return false;
    }
    *l->tail = node;
    l->tail = &node->next;
    l->key = node;
    return true;
}

/* Puts a node where the innermost open map or list wants it. */
static bool attach(struct reader *r, struct cq_node *node, yaml_mark_t m)
{
    struct level *l = r->depth ? &r->stack[r->depth - 1] : NULL;

    if (!l) {
        r->root = node;
    } else if (l->node->kind == CQ_NODE_LIST) {
        *l->tail = node;
        l->tail = &node->next;
    } else if (!l->key) {
        return add_key(r, l, node, m);
    } else {
        l->key->value = node;
        l->key = NULL;
    }
    return true;
}

static struct cq_node *make(struct reader *r, enum cq_node_kind kind, yaml_mark_t m)
{
    struct cq_node *node;

    if (++r->nodes > CQ_MAX_CONFIG_NODES) {
        (void)refuse(r, m, "the file holds too many values");
        return NULL;
    }
    node = cq_pool_alloc(r->pool, sizeof(*node));
    if (!node) {
        (void)refuse(r, m, "out of memory");
        return NULL;
    }
    node->kind = kind;
    node->at = place(r, m);
    return node;
}

static bool scalar(struct reader *r, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    struct cq_node *node;

    if (e->data.scalar.anchor) return refuse(r, e->start_mark, "anchors (&) are not supported");
    if (e->data.scalar.tag) return refuse(r, e->start_mark, "tags (!) are not supported");
    if (memchr(text, 0, e->data.scalar.length)) {
        return refuse(r, e->start_mark, "a NUL character cannot be in a value");
    }
    node = make(r, CQ_NODE_SCALAR, e->start_mark);
    if (!node) return false;
    node->text = cq_pool_dup(r->pool, text, e->data.scalar.length);
    if (!node->text) return refuse(r, e->start_mark, "out of memory");
    node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return attach(r, node, e->start_mark);
}

static bool open_node(struct reader *r, enum cq_node_kind kind, const void *anchor, const void *tag,
                      yaml_mark_t m)
{
    struct cq_node *node;

    if (anchor) return refuse(r, m, "anchors (&) are not supported");
    if (tag) return refuse(r, m, "tags (!) are not supported");
    if (r->depth == CQ_MAX_CONFIG_DEPTH) return refuse(r, m, "nested too deeply");
    node = make(r, kind, m);
    if (!node || !attach(r, node, m)) return false;
    r->stack[r->depth++] = (struct level){.node = node, .tail = &node->first};
    return true;
}

static bool take(struct reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return scalar(r, e);
    case YAML_SEQUENCE_START_EVENT:
        if (r->list == BEFORE) {
            r->list = INSIDE;
            return true;
        }
        return open_node(r, CQ_NODE_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag,
                         e->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_node(r, CQ_NODE_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag,
                         e->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        if (r->depth)
            r->depth--;
        else
            r->list = BEHIND;
        return true;
    case YAML_ALIAS_EVENT:
        return refuse(r, e->start_mark, "aliases (*) are not supported");
    case YAML_DOCUMENT_START_EVENT:
        if (r->documents++) return refuse(r, e->start_mark, "a second document (---)");
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

static bool syntax_error(struct reader *r, const yaml_parser_t *p)
{
    /* A reader's fault (bytes that are not UTF-8) has an offset and no mark. */
    if (p->error == YAML_READER_ERROR) {
        cq_diag(r->d, (struct cq_place){r->file, 0, 0}, "not YAML: %s at byte %zu",
                p->problem ? p->problem : "unreadable", p->problem_offset);
    } else {
        cq_diag(r->d, place(r, p->problem_mark), "not YAML: %s%s%s",
                p->problem ? p->problem : "out of memory", p->context ? ", " : "",
                p->context ? p->context : "");
    }
    return false;
}

/* One event; false: the stream is over, or wrong. */
static bool step(struct reader *r, yaml_parser_t *p)
{
    yaml_event_t e;
    bool more;

    if (!yaml_parser_parse(p, &e)) return syntax_error(r, p);
    more = take(r, &e) && e.type != YAML_STREAM_END_EVENT;
    yaml_event_delete(&e);
    return more;
}

struct cq_node *cq_yaml_parse(struct cq_pool *pool, struct cq_diags *d, const char *file,
                              const char *text, size_t n)
{
    struct reader r = {.pool = pool, .d = d, .file = file};
    unsigned before = d->n;
    yaml_parser_t p;

    if (n > CQ_MAX_CONFIG_BYTES) {
        cq_diag(d, (struct cq_place){file, 0, 0}, "larger than 64 MiB");
        return NULL;
    }
    if (!yaml_parser_initialize(&p)) {
        cq_diag(d, (struct cq_place){file, 0, 0}, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string(&p, (const unsigned char *)text, n);
    while (step(&r, &p))
        continue;
    yaml_parser_delete(&p);
    return d->n == before ? r.root : NULL;
}

/* ---- a long list ---- */

struct cq_yaml_list {
    struct reader r;
    yaml_parser_t p;
};

struct cq_yaml_list *cq_yaml_list_open(struct cq_diags *d, const char *file, const char *text,
                                       size_t n)
{
    struct cq_yaml_list *l = calloc(1, sizeof(*l));

    if (!l || !yaml_parser_initialize(&l->p)) {
        cq_diag(d, (struct cq_place){file, 0, 0}, "out of memory");
        free(l);
        return NULL;
    }
    l->r = (struct reader){.d = d, .file = file, .list = BEFORE};
    yaml_parser_set_input_string(&l->p, (const unsigned char *)text, n);
    return l;
}

struct cq_node *cq_yaml_list_next(struct cq_yaml_list *l, struct cq_pool *pool)
{
    struct reader *r = &l->r;
    unsigned before = r->d->n;
    bool more = true;

    r->pool = pool;
    r->root = NULL;
    r->nodes = 0;
    while (more && !(r->root && !r->depth)) {
        more = step(r, &l->p);
        if (r->root && r->list != INSIDE && r->d->n == before) {
            cq_diag(r->d, r->root->at, "a list is expected here");
        }
        if (r->d->n != before) return NULL;
    }
    return r->root;
}

void cq_yaml_list_close(struct cq_yaml_list *l)
{
    if (!l) return;
    yaml_parser_delete(&l->p);
    free(l);
}

/* ---- JSON ---- */

enum { ESCAPE = 6, PAIR = 12 }; /* \uXXXX, twice */

static const char hex_digits[] = "0123456789abcdefABCDEF";

/* The code of the escape at s; 0: it is none. */
static unsigned escape(const char *s)
{
    unsigned v = 0;

    if (s[0] != '\\' || s[1] != 'u') return 0;
    for (int i = 2; i < ESCAPE; i++) {
        const char *digit = memchr(hex_digits, s[i], sizeof(hex_digits) - 1);

        if (!digit) return 0;
        v = v * 16 +
            (unsigned)(digit - hex_digits < 16 ? digit - hex_digits : digit - hex_digits - 6);
    }
    return v;
}

/* The character of the pair at s, 0: it is none. */
static unsigned pair(const char *s, const char *end)
{
    unsigned high, low;

    if (end - s < PAIR) return 0;
    high = escape(s);
    if (high < 0xd800 || high > 0xdbff) return 0;
    low = escape(s + ESCAPE);
    return low < 0xdc00 || low > 0xdfff ? 0 : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

size_t cq_yaml_from_json(char *text, size_t n)
{
    const char *s = text, *end = text + n;
    char *to = text;

    while (s < end) {
        unsigned c = *s == '\\' ? pair(s, end) : 0;

        if (c) {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
            *to++ = (char)(0x80 | (c >> 6 & 0x3f));
            *to++ = (char)(0x80 | (c & 0x3f));
            s += PAIR;
        } else {
            if (*s == '\\' && end - s > 1) *to++ = *s++; /* what is escaped, too: \\ ends here */
            *to++ = *s++;
        }
    }
    return (size_t)(to - text);
}
