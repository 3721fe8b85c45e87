/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same bytes as a type option, as the Java class of a custom one, and as a type string of
 * system_schema. What has a length must have a text of its own, and names must come to an end.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "base/bounds.h"
#include "proto/type.h"
#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cq_bytes b = {data, size};
    struct cq_buf out, custom;
    size_t at = 0, steps = 0;
    long n = cql_type_length(b);

    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(4));
    cq_buf_init(&custom, &cq_mem_libc, CQ_MIB(4));
    if (n > (long)size) abort();
    cql_type_text(b, &out);
    if (n > 0 && !out.err && out.n == 0) abort();
    cq_buf_clear(&out);
    cql_write_u16(&custom, 0);
    cql_write_string(&custom, b);
    cql_type_text(cq_buf_view(&custom), &out);
    while (cql_type_names(b, &at, &out) == 1)
        if (++steps > size) abort();
    cq_buf_fini(&out);
    cq_buf_fini(&custom);
    return 0;
}
