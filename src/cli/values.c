/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the configuration by type, and maps by their tables (cli/section.h). */
#include "cli/section.h"

#include <string.h>

#include "cli/words.h"

enum { MOST_KEYS = 48, MOST_TEXTS = 256 };

bool cq_section_is(struct cq_reading *r, const struct cq_node *v, enum cq_node_kind kind,
                   const char *what)
{
    static const char *const kinds[] = {"a value", "a list", "a map"};

    if (v->kind == kind) return true;
    cq_diag(r->d, v->at, "%s: %s is expected here, not %s", what, kinds[kind], kinds[v->kind]);
    return false;
}

static void unknown_key(struct cq_reading *r, const struct cq_node *key, const char *what,
                        const struct cq_section_key *keys)
{
    const char *names[MOST_KEYS + 1], *near;
    size_t n = 0;

    for (; keys[n].name && n < MOST_KEYS; n++)
        names[n] = keys[n].name;
    names[n] = NULL;
    near = cq_nearest(key->text, names);
    if (near) {
        cq_diag(r->d, key->at, "unknown key '%s' in %s; did you mean '%s'?", key->text, what, near);
    } else {
        cq_diag(r->d, key->at, "unknown key '%s' in %s", key->text, what);
    }
}

void cq_section_read(struct cq_reading *r, const struct cq_node *map, const char *what,
                     const struct cq_section_key *keys)
{
    if (!cq_section_is(r, map, CQ_NODE_MAP, what)) return;
    for (const struct cq_node *k = map->first; k; k = k->next) {
        const struct cq_section_key *row = keys;

        while (row->name && strcmp(row->name, k->text) != 0)
            row++;
        if (row->name) {
            row->read(r, k->value);
        } else {
            unknown_key(r, k, what, keys);
        }
    }
}

/* ---- values ---- */

static bool is_nothing(const struct cq_node *v)
{
    return !v->quoted && (!*v->text || strcmp(v->text, "~") == 0 || strcmp(v->text, "null") == 0);
}

bool cq_value_text(struct cq_reading *r, const struct cq_node *v, const char *what,
                   const char **out)
{
    if (!cq_section_is(r, v, CQ_NODE_SCALAR, what)) return false;
    if (is_nothing(v)) {
        cq_diag(r->d, v->at, "%s: a value is missing", what);
        return false;
    }
    *out = v->text;
    return true;
}

bool cq_value_bool(struct cq_reading *r, const struct cq_node *v, const char *what, int *out)
{
    const char *s;

    if (!cq_value_text(r, v, what, &s)) return false;
    *out = !v->quoted && strcmp(s, "true") == 0;
    if (*out || (!v->quoted && strcmp(s, "false") == 0)) return true;
    cq_diag(r->d, v->at, "%s: true or false is expected, not '%s'", what, s);
    return false;
}

bool cq_value_duration(struct cq_reading *r, const struct cq_node *v, const char *what,
                       uint64_t *ms)
{
    const char *s;

    if (!cq_value_text(r, v, what, &s)) return false;
    if (cq_parse_duration(s, ms)) return true;
    cq_diag(r->d, v->at, "%s: '%s' is not a duration (500ms, 30s, 5m; at most 24h)", what, s);
    return false;
}

bool cq_value_uint(struct cq_reading *r, const struct cq_node *v, const char *what, uint64_t min,
                   uint64_t max, uint64_t *out)
{
    const char *s;

    if (!cq_value_text(r, v, what, &s)) return false;
    if (cq_parse_uint(s, min, max, out)) return true;
    cq_diag(r->d, v->at, "%s: '%s' is not a number from %llu to %llu", what, s,
            (unsigned long long)min, (unsigned long long)max);
    *out = 0;
    return false;
}

bool cq_value_size(struct cq_reading *r, const struct cq_node *v, const char *what, uint64_t *bytes)
{
    const char *s;

    if (!cq_value_text(r, v, what, &s)) return false;
    if (cq_parse_size(s, bytes)) return true;
    cq_diag(r->d, v->at, "%s: '%s' is not a size (64MiB, 512KiB, 1GiB)", what, s);
    return false;
}

bool cq_value_word(struct cq_reading *r, const struct cq_node *v, const char *what,
                   const char *const *words, int *out)
{
    const char *s, *near;
    char all[128] = "";

    if (!cq_value_text(r, v, what, &s)) return false;
    *out = cq_parse_word(s, words);
    if (*out >= 0) return true;
    near = cq_nearest(s, words);
    for (int i = 0; words[i]; i++) {
        if (i) strncat(all, words[i + 1] ? ", " : " or ", sizeof(all) - strlen(all) - 1);
        strncat(all, words[i], sizeof(all) - strlen(all) - 1);
    }
    cq_diag(r->d, v->at, "%s: %s is expected, not '%s'%s%s%s", what, all, s,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return false;
}

bool cq_value_texts(struct cq_reading *r, const struct cq_node *v, const char *what,
                    const char *const **out)
{
    const char **list;
    size_t n = 0;

    if (!cq_section_is(r, v, CQ_NODE_LIST, what)) return false;
    for (const struct cq_node *e = v->first; e; e = e->next)
        n++;
    if (n > MOST_TEXTS) {
        cq_diag(r->d, v->at, "%s: more than %d entries", what, MOST_TEXTS);
        return false;
    }
    list = cq_pool_alloc(r->pool, (n + 1) * sizeof(*list));
    if (!list) return false;
    n = 0;
    for (const struct cq_node *e = v->first; e; e = e->next) {
        if (!cq_value_text(r, e, what, &list[n++])) return false;
    }
    *out = list;
    return true;
}

const char *cq_value_path(struct cq_reading *r, const char *path)
{
    if (path[0] == '/' || !*r->folder) return path;
    return cq_pool_printf(r->pool, "%s%s", r->folder, path);
}

bool cq_value_pem(struct cq_reading *r, const struct cq_node *v, const char *what,
                  struct cqlcrawl_text *out)
{
    const char *s;

    if (!cq_value_text(r, v, what, &s)) return false;
    if (strncmp(s, "-----BEGIN", 10) == 0) {
        *out = (struct cqlcrawl_text){CQLCRAWL_BYTES, s, strlen(s)};
        return true;
    }
    *out = (struct cqlcrawl_text){CQLCRAWL_FILE, cq_value_path(r, s), 0};
    return out->text != NULL;
}

bool cq_value_secret(struct cq_reading *r, const struct cq_node *v, const char *what,
                     struct cqlcrawl_text *out)
{
    const struct cq_node *k;
    const char *s;

    if (v->kind != CQ_NODE_MAP) {
        cq_diag(r->d, v->at,
                "%s: a secret is never written here: say where it is, {file: PATH} or {env: NAME}",
                what);
        return false;
    }
    k = v->first;
    if (!k || k->next || (strcmp(k->text, "file") != 0 && strcmp(k->text, "env") != 0)) {
        cq_diag(r->d, v->at, "%s: {file: PATH} or {env: NAME} is expected", what);
        return false;
    }
    if (!cq_value_text(r, k->value, what, &s)) return false;
    if (k->text[0] == 'e') {
        *out = (struct cqlcrawl_text){CQLCRAWL_ENV, s, 0};
        return true;
    }
    *out = (struct cqlcrawl_text){CQLCRAWL_FILE, cq_value_path(r, s), 0};
    return out->text != NULL;
}
