/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a vectors file (tests/data/PROVENANCE.md has the format): bytes made by somebody
 * else's implementation and the facts that are in them. Everything that a line expects is compared;
 * a fact that this program does not know is a failure, not an omission.
 */
#ifndef TESTS_VECTORS_VECTOR_H
#define TESTS_VECTORS_VECTOR_H

#include <jansson.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "proto/envelope.h"
#include "proto/inflow.h"

enum verdict { PASSED, FAILED, SKIPPED };

struct vector {
    json_t *line;
    json_t *expect; /* borrowed from line, or a mutation of it */
    const char *id;
    bool is_request;
    bool is_segmented;
    bool is_lz4;
    int version;
    uint8_t *bytes;
    size_t n;
};

struct why {
    char text[512];
};

/* What came out of a stream: envelopes one after the other, and how it ended. */
struct decoded {
    struct cq_buf envelopes; /* headers as sent and bodies as unpacked; offsets in at */
    struct cq_buf at;        /* size_t each: where envelope i begins */
    const char *error;       /* NULL, or the kind of error */
    unsigned slices;
};

/* NULL and why: the line has not the form. */
struct vector *vector_parse(const char *text, struct why *why);
void vector_free(struct vector *v);

/* cuts: try every prefix and split point too. */
enum verdict vector_check(const struct vector *v, bool cuts, struct why *why);

enum verdict request_check(const struct vector *v, struct why *why);

/* response.c: decoding a stream in chunks: `first` bytes, then `size` at a time. */
void decode(const struct vector *v, size_t first, size_t size, struct decoded *d);
/* Every prefix and split point must give what the whole gives. */
bool check_cuts(const struct vector *v, const struct decoded *whole, struct why *why);
void decoded_free(struct decoded *d);
size_t decoded_count(const struct decoded *d);
cq_bytes decoded_envelope(const struct decoded *d, size_t i);

/* facts.c: everything that an envelope says, as JSON; NULL: its body is broken. */
json_t *facts_of(cq_bytes envelope, bool *is_rows_broken);
bool check_cell_rule(const char *rule, cq_bytes envelope, struct why *why);

json_t *json_hex(cq_bytes b);
json_t *json_text(cq_bytes b);
/* False: no hex. *out is malloc'ed. */
bool unhex(const char *s, size_t n, uint8_t **out, size_t *out_n);
enum verdict fail_why(struct why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* selftest.c: mutates each leaf of each expect; returns the number of those that stayed green. */
unsigned self_test(const struct vector *v, unsigned *mutations);

#endif
