/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer for the hot path: no tree, no allocation of its own, no locale. It writes
 * what it is told, in order, into a cq_buf (sticky errors there) and puts the commas. Keys are
 * literals of the program, never data.
 *
 * Texts from servers: valid UTF-8 goes out as it is, escaped as RFC 8259 asks (and nothing more:
 * \" \\ \b \f \n \r \t, other controls as \u00xx); bytes that are not UTF-8 become U+FFFD (one for
 * each maximal part of a sequence) and the caller is told, so that it can add the twin key
 * "..._base64" (cq_json_member_text does both).
 * Numbers: integers in decimal; doubles in the shortest form that reads back the same, laid out as
 * ECMAScript does (RFC 8785 3.2.2.3); not finite: null.
 */
#ifndef CQ_RECORD_JSON_H
#define CQ_RECORD_JSON_H

#include "base/bounds.h"
#include "base/buf.h"
#include "base/bytes.h"

enum { CQ_JSON_MAX_DEPTH = 16, CQ_JSON_MAX_MUTES = CQ_MAX_OBJECT_ROWS + 16 };

struct cq_json_mute {
    size_t from, to; /* offsets in out */
};

struct cq_json {
    struct cq_buf *out;
    bool comma; /* one is due before the next member or element */
    int depth;
    /* Stretches of out that the content hash leaves out. */
    struct cq_buf mutes; /* of struct cq_json_mute */
    size_t mute_from;
    bool muting;
};

void cq_json_init(struct cq_json *j, struct cq_buf *out, const struct cq_mem *mem);
void cq_json_fini(struct cq_json *j);
void cq_json_reset(struct cq_json *j);

void cq_json_open(struct cq_json *j, char bracket);   /* '{' or '[' as an element or after a key */
void cq_json_close(struct cq_json *j, char bracket);  /* '}' or ']' */
void cq_json_key(struct cq_json *j, const char *key); /* a literal: [a-z0-9_] only, not escaped */
void cq_json_null(struct cq_json *j);
void cq_json_bool(struct cq_json *j, bool v);
void cq_json_int(struct cq_json *j, int64_t v);
void cq_json_uint(struct cq_json *j, uint64_t v);
void cq_json_double(struct cq_json *j, double v);
void cq_json_raw(struct cq_json *j, cq_bytes json); /* a finished value */
/* A string (null for a null slice). False: it was not UTF-8 and was written with replacement
 * characters. */
bool cq_json_text(struct cq_json *j, cq_bytes text);
void cq_json_base64(struct cq_json *j, cq_bytes bytes);
/* "key":"text" and, where it is not UTF-8, "key_base64":"...". */
void cq_json_member_text(struct cq_json *j, const char *key, cq_bytes text);

/*
 * Members between begin and end are not covered by `hash`. Never the first member of an object (the
 * comma before belongs to the stretch). Not nested.
 */
void cq_json_mute_begin(struct cq_json *j);
void cq_json_mute_end(struct cq_json *j);

#endif
