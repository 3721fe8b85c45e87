/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of JSON for tests: one token after the other; commas and colons are passed over. Texts
   have their escapes undone and are valid until the next token. Broken input gives JSON_END. */
#ifndef CQSIM_TEST_JSON_H
#define CQSIM_TEST_JSON_H

#include "sim/bytes.h"

enum json_kind {
    JSON_END,
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_TEXT,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json {
    const char *p;
    const char *end;
    enum json_kind kind;
    struct cqsim_buf text; /* with a final NUL, for texts and numbers */
    size_t n;              /* without it */
};

void json_begin(struct json *j, struct cqsim_slice in);
void json_fini(struct json *j);
enum json_kind json_next(struct json *j);

#endif
