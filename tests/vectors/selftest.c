/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the runner able to fail? Each leaf of each expectation is changed, one at a time, and the line
 * must turn red.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/vector.h"

/* Another value of the same kind. */
static json_t *mutated(const json_t *leaf)
{
    char *s;
    size_t n;
    json_t *out;

    if (json_is_integer(leaf)) return json_integer(json_integer_value(leaf) + 1);
    if (json_is_boolean(leaf)) return json_boolean(!json_boolean_value(leaf));
    if (!json_is_string(leaf)) return json_string("00");
    n = json_string_length(leaf);
    s = malloc(n + 2);
    memcpy(s, json_string_value(leaf), n);
    s[n] = 0;
    if (n == 0)
        s[n++] = '0';
    else
        s[n - 1] = s[n - 1] == '0' ? '1' : '0';
    out = json_stringn_nocheck(s, n);
    free(s);
    return out;
}

struct walk {
    struct vector v; /* with the mutated expectation */
    unsigned mutations;
    unsigned green;
};

static void try_it(struct walk *w)
{
    struct why why;
    char *dump;

    w->mutations++;
    if (vector_check(&w->v, false, &why) == FAILED) return;
    w->green++;
    dump = json_dumps(w->v.expect, JSON_COMPACT);
    fprintf(stderr, "%s stays green with %.400s\n", w->v.id, dump);
    free(dump);
}

static void walk_array(struct walk *w, json_t *array, int depth);

static void walk_object(struct walk *w, json_t *object, int depth)
{
    json_t *keys = json_array(), *name;
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach(object, key, value) json_array_append_new(keys, json_string(key));
    json_array_foreach(keys, i, name)
    {
        key = json_string_value(name);
        value = json_incref(json_object_get(object, key));
        if (json_is_object(value) && depth) {
            walk_object(w, value, depth - 1);
        } else if (json_is_array(value) && depth) {
            walk_array(w, value, depth - 1);
        } else {
            json_object_set_new_nocheck(object, key, mutated(value));
            try_it(w);
            json_object_set_nocheck(object, key, value);
        }
        json_decref(value);
    }
    json_decref(keys);
}

static void walk_array(struct walk *w, json_t *array, int depth)
{
    json_array_append_new(array, json_string("00"));
    try_it(w);
    json_array_remove(array, json_array_size(array) - 1);
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *value = json_incref(json_array_get(array, i));

        if (json_is_object(value) && depth) {
            walk_object(w, value, depth - 1);
        } else if (json_is_array(value) && depth) {
            walk_array(w, value, depth - 1);
        } else {
            json_array_set_new(array, i, mutated(value));
            try_it(w);
            json_array_set(array, i, value);
        }
        json_decref(value);
    }
}

unsigned self_test(const struct vector *v, unsigned *mutations)
{
    enum { DEPTH = 40 };
    struct walk w = {.v = *v};

    w.v.expect = json_deep_copy(v->expect);
    walk_object(&w, w.v.expect, DEPTH);
    json_decref(w.v.expect);
    *mutations += w.mutations;
    return w.green;
}
