/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which columns an index target names. Forms (protocol.md 5.5, 3.6):
 *
 *   col   "Col"   keys(col)   values("Col")   entries(col)   full(col)     Cassandra, ScyllaDB
 *   {"pk":["a"],"ck":["b"]}                                                ScyllaDB, local index
 *   (a, b), c                                                              YugabyteDB
 *
 * Whatever has another form is taken for the name itself, which is what old versions wrote
 * unquoted.
 */
#include "model/row.h"

struct reader {
    const uint8_t *p;
    const uint8_t *end;
};

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n'))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->p == r->end || *r->p != (uint8_t)c) return false;
    r->p++;
    return true;
}

/* A quoted text from the opening quote on: `quote` doubled or a backslash (where allowed) gives the
 * character behind it. Into out, cleared first. False: it has no end. */
static bool unquote(struct reader *r, bool backslash, struct cq_buf *out)
{
    cq_buf_clear(out);
    for (r->p++; r->p < r->end; r->p++) {
        if (*r->p == '"') {
            if (backslash || r->p + 1 == r->end || r->p[1] != '"') {
                r->p++;
                return true;
            }
            r->p++;
        } else if (backslash && *r->p == '\\' && r->p + 1 < r->end) {
            r->p++;
        }
        cq_buf_putc(out, (char)*r->p);
    }
    return false;
}

/* {"pk":["a"],"ck":["b"]}: every text inside square brackets, in order. False: it is not of that
 * form; what was written then has to be taken back. */
static bool put_json(struct cq_model *m, cq_bytes target)
{
    struct reader r = {target.p, target.p + target.n};
    bool inside = false;

    if (!take(&r, '{')) return false;
    for (;;) {
        skip_space(&r);
        if (r.p == r.end) return false;
        if (*r.p == '"') {
            if (!unquote(&r, true, &m->text)) return false;
            if (inside) cq_json_text(&m->rec->json, cq_buf_view(&m->text));
        } else if (*r.p == '}') {
            return r.p + 1 == r.end;
        } else if (*r.p == '[' || *r.p == ']') {
            inside = *r.p++ == '[';
        } else if (*r.p == ',' || *r.p == ':') {
            r.p++;
        } else {
            return false;
        }
    }
}

/* (a, "B"), c */
static bool put_list(struct cq_model *m, cq_bytes target)
{
    struct reader r = {target.p, target.p + target.n};

    if (!take(&r, '(')) return false;
    for (;;) {
        cq_bytes name;

        skip_space(&r);
        if (r.p == r.end) return true;
        if (*r.p == '(' || *r.p == ')' || *r.p == ',') {
            r.p++;
            continue;
        }
        if (*r.p == '"') {
            if (!unquote(&r, false, &m->text)) return false;
            cq_json_text(&m->rec->json, cq_buf_view(&m->text));
            continue;
        }
        name.p = r.p;
        while (r.p < r.end && !memchr("(), ", *r.p, 4))
            r.p++;
        name.n = (size_t)(r.p - name.p);
        cq_json_text(&m->rec->json, name);
    }
}

static cq_bytes without_function(cq_bytes target)
{
    static const char *const functions[] = {"keys(", "values(", "entries(", "full("};

    if (target.n == 0 || target.p[target.n - 1] != ')') return target;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        cq_bytes f = cq_str(functions[i]);

        if (cq_has_prefix(target, f)) return (cq_bytes){target.p + f.n, target.n - f.n - 1};
    }
    return target;
}

static void put_name(struct cq_model *m, cq_bytes target)
{
    cq_bytes name = without_function(target);
    struct reader r = {name.p, name.p + name.n};

    if (name.n >= 2 && name.p[0] == '"' && unquote(&r, false, &m->text) && r.p == r.end) {
        name = cq_buf_view(&m->text);
    }
    cq_json_text(&m->rec->json, name);
}

void cq_put_target_columns(struct cq_model *m, struct cq_json_key key, cq_bytes target)
{
    struct cq_json *j = &m->rec->json;
    bool (*put)(struct cq_model *, cq_bytes) = NULL;
    size_t at;

    cq_json_name(j, key);
    cq_json_open(j, '[');
    at = j->out->n;
    if (target.n && target.p[0] == '{') put = put_json;
    if (target.n && target.p[0] == '(') put = put_list;
    if (!cq_is_null(target) && (!put || !put(m, target))) {
        j->out->n = at;
        j->comma = false;
        put_name(m, target);
    }
    cq_model_fail(m, m->text.err);
    cq_json_close(j, ']');
}
