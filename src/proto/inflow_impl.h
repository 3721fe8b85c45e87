/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two halves of inflow: bodies (inflow.c) and segments (inflow_segment.c). */
#ifndef CQL_PROTO_INFLOW_IMPL_H
#define CQL_PROTO_INFLOW_IMPL_H

#include "proto/inflow.h"

#define CQL_IN_FIRST 4096u /* what each buffer may hold without asking */
#define CQL_IN_MANY 32768u /* received at once where more came than that */

/* False: the account refused (in->err == 0), or no memory (in->err). */
bool cql_in_grow(struct cql_inflow *in, struct cql_in_buf *b, size_t cap);
void cql_in_release(struct cql_inflow *in, struct cql_in_buf *b); /* and what was charged */

/* Bytes of envelopes at hand, none (*b empty), or a negative error. */
int cql_in_supply(struct cql_inflow *in, cq_bytes *b);
/* n of them were used. */
int cql_in_consume(struct cql_inflow *in, size_t n);
/* The envelope in hand ends here: do its slices hold more than it? */
bool cql_in_overruns(const struct cql_inflow *in);

/* Capacity that raw must have for the next step. */
size_t cql_in_raw_wanted(const struct cql_inflow *in);
/* Bytes of envelopes at hand without reading further. */
size_t cql_in_at_hand(const struct cql_inflow *in);

#endif
