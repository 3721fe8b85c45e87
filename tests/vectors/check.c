/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares what our decoders say with what a line expects, key by key. A key that nothing here
 * knows is a failure. Bodies are also read cut short at every length, against an unreadable page:
 * an error or the same facts, never a crash nor other facts.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vectors/vector.h"

static json_t *stream_facts(const struct decoded *d, bool *is_rows_broken)
{
    json_t *facts = NULL, *envelopes = json_array();

    for (size_t i = 0; i < decoded_count(d); i++) {
        bool broken = false;
        json_t *one = facts_of(decoded_envelope(d, i), &broken);

        json_array_append_new(envelopes, json_hex(decoded_envelope(d, i)));
        if (!one) {
            json_decref(envelopes);
            json_decref(facts);
            return NULL;
        }
        *is_rows_broken = *is_rows_broken || broken;
        if (facts)
            json_decref(one);
        else
            facts = one;
    }
    if (!facts) facts = json_object();
    json_object_set_new(facts, "envelopes", envelopes);
    json_object_set_new(facts, "slices", json_integer(d->slices));
    return facts;
}

static enum verdict compare_key(const struct vector *v, const char *key, json_t *want,
                                json_t *facts, const struct decoded *d, struct why *why)
{
    json_t *got = json_object_get(facts, key);
    char *dump;

    if (strcmp(key, "cell_rule") == 0) {
        const char *rule = json_string_value(want);

        return rule && check_cell_rule(rule, decoded_envelope(d, 0), why) ? PASSED : FAILED;
    }
    if (strcmp(key, "result_error_ok") == 0)
        return json_is_true(want) ? PASSED : fail_why(why, "%s: result_error_ok", v->id);
    if (!got) return fail_why(why, "%s: no fact \"%s\" there", v->id, key);
    if (json_equal(got, want)) return PASSED;
    dump = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);
    fail_why(why, "%s: \"%s\" is not as expected: %.300s", v->id, key, dump);
    free(dump);
    return FAILED;
}

static enum verdict compare(const struct vector *v, const struct decoded *d, struct why *why)
{
    bool is_rows_broken = false;
    json_t *facts = d->error ? NULL : stream_facts(d, &is_rows_broken), *want;
    const char *error = d->error ? d->error : !facts ? "body" : NULL;
    json_t *want_error = json_object_get(v->expect, "error");
    enum verdict verdict = PASSED;
    const char *key;

    if (is_rows_broken && !json_object_get(v->expect, "result_error_ok")) error = "body";
    if (want_error) {
        if (!error || !json_is_string(want_error) || strcmp(error, json_string_value(want_error)))
            verdict = fail_why(why, "%s: expected error %s, got %s", v->id,
                               json_string_value(want_error), error ? error : "none");
    } else if (error) {
        verdict = fail_why(why, "%s: error %s", v->id, error);
    } else {
        json_object_foreach(v->expect, key, want)
        {
            verdict = compare_key(v, key, want, facts, d, why);
            if (verdict != PASSED) break;
        }
    }
    json_decref(facts);
    return verdict;
}

/* What reads a body must stand it cut short anywhere; n bytes of it end at an unreadable page. */
static bool check_short_bodies(const struct vector *v, cq_bytes envelope, struct why *why)
{
    enum { ALL = 4096 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t data = (envelope.n + page - 1) / page * page;
    uint8_t *map =
        mmap(NULL, data + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool broken, good = map != MAP_FAILED && mprotect(map + data, page, PROT_NONE) == 0;
    json_t *whole = facts_of(envelope, &broken);
    size_t step = envelope.n / ALL + 1;

    if (broken) {
        json_decref(whole);
        whole = NULL;
    }
    if (whole) json_object_del(whole, "envelope_len");
    for (size_t n = CQL_HEADER_BYTES; n < envelope.n && good; n += step) {
        json_t *facts;

        memcpy(map + data - n, envelope.p, n);
        facts = facts_of((cq_bytes){map + data - n, n}, &broken);
        if (facts) json_object_del(facts, "envelope_len");
        if (facts && !broken && whole) good = json_equal(facts, whole);
        if (!good) fail_why(why, "%s: other facts in %zu of %zu bytes", v->id, n, envelope.n);
        json_decref(facts);
    }
    json_decref(whole);
    munmap(map, data + page);
    return good;
}

enum verdict vector_check(const struct vector *v, bool cuts, struct why *why)
{
    struct decoded d;
    enum verdict verdict;

    if (v->version < 4) return SKIPPED;
    if (v->is_request) return request_check(v, why);
    decode(v, v->n, v->n, &d);
    verdict = compare(v, &d, why);
    if (verdict == PASSED && cuts && !check_cuts(v, &d, why)) verdict = FAILED;
    for (size_t i = 0; i < decoded_count(&d) && cuts && verdict == PASSED; i++)
        if (!check_short_bodies(v, decoded_envelope(&d, i), why)) verdict = FAILED;
    decoded_free(&d);
    return verdict;
}
