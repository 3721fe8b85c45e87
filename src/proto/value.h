/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers for cells (v5.spec 6). A cell is a cq_bytes: p == NULL is null, n == 0 is empty (legal
 * for most types and not the same). All are total: any bytes are allowed, false means "null, empty
 * or of another length". Nothing is copied.
 */
#ifndef CQL_PROTO_VALUE_H
#define CQL_PROTO_VALUE_H

#include "base/buf.h"
#include "base/bytes.h"

bool cql_get_bool(cq_bytes cell, bool *v);
bool cql_get_int(cq_bytes cell, int32_t *v);
bool cql_get_bigint(cq_bytes cell,
                    int64_t *v); /* bigint, timestamp (ms since 1970), counter, time */
bool cql_get_double(cq_bytes cell, double *v);
bool cql_get_uuid(cq_bytes cell, char out[37]); /* "8-4-4-4-12" and NUL */
bool cql_get_inet(cq_bytes cell,
                  char out[46]); /* address text and NUL; IPv4-mapped IPv6 stays IPv6 */

/* Walks a list, set, map, tuple or UDT value: [int] n, then n * [bytes] (a map: 2n). */
struct cql_iter {
    const uint8_t *p;
    const uint8_t *end;
    uint32_t left; /* elements (or pairs) still to come */
    bool bad;      /* the value was cut short or lied about its length: what came before stands */
};

void cql_iter_begin(struct cql_iter *it, cq_bytes cell); /* null and empty: no elements */
bool cql_iter_next(struct cql_iter *it, cq_bytes *element);
bool cql_iter_pair(struct cql_iter *it, cq_bytes *key, cq_bytes *value);

/*
 * A cell as text, the way cqlsh would show it (numbers, uuids, addresses, RFC 3339 for timestamps,
 * 0x.. for blobs and for whatever is not known, [a, b], {k: v}, text inside collections in single
 * quotes). Appends to out. Returns 0 or out->err.
 */
int cql_value_text(cq_bytes option, cq_bytes cell, struct cq_buf *out);

#endif
