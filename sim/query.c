/* SPDX-License-Identifier: Apache-2.0 */
/* Reads requests with statements (query.h). */
#include "sim/query.h"

enum { VALUES = 1, SKIP = 2, PAGE = 4, STATE = 8, NAMED = 64 };
enum { WITH_KEYSPACE = 1 };

/* <query_parameters>, up to what the simulator has to know of them. */
static bool parameters(struct cqsim_reader *r, unsigned version, struct cqsim_query *out)
{
    out->consistency = cqsim_get_u16(r);
    uint32_t flags = version >= 5 ? cqsim_get_u32(r) : cqsim_get_u8(r);
    out->skip_metadata = (flags & SKIP) != 0;
    if (flags & VALUES) out->n_values = cqsim_get_u16(r);
    for (unsigned i = 0; i < out->n_values && !r->bad; i++) {
        if (flags & NAMED) cqsim_get_string(r);
        struct cqsim_slice value = cqsim_get_bytes(r);
        if (i == 0) out->value = value;
    }
    if (flags & PAGE) out->page_size = cqsim_get_u32(r);
    if (out->page_size > INT32_MAX) out->page_size = 0;
    if (flags & STATE) out->state = cqsim_get_bytes(r);
    return !r->bad;
}

bool cqsim_query_parse(struct cqsim_slice body, unsigned version, struct cqsim_query *out)
{
    struct cqsim_reader r = cqsim_reader(body);
    *out = (struct cqsim_query){.text = cqsim_get_long_string(&r)};
    return parameters(&r, version, out);
}

bool cqsim_execute_parse(struct cqsim_slice body, unsigned version, struct cqsim_query *out)
{
    struct cqsim_reader r = cqsim_reader(body);
    *out = (struct cqsim_query){.text = cqsim_get_string(&r)}; /* [short bytes] look like one */
    if (version >= 5) cqsim_get_string(&r);                    /* the result's metadata id */
    return parameters(&r, version, out);
}

bool cqsim_prepare_parse(struct cqsim_slice body, unsigned version, struct cqsim_slice *text)
{
    struct cqsim_reader r = cqsim_reader(body);
    *text = cqsim_get_long_string(&r);
    if (version >= 5 && cqsim_get_u32(&r) & WITH_KEYSPACE) cqsim_get_string(&r);
    return !r.bad && text->n <= UINT16_MAX;
}
