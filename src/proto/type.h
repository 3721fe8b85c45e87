/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types as the wire has them: an [option] (v5.spec 4.2.5.2). A type is kept as the slice of bytes
 * that describes it and walked when it is needed: no tree, no allocation, nesting bounded by
 * CQ_MAX_TYPE_DEPTH and CQ_MAX_TYPE_NODES.
 */
#ifndef CQL_PROTO_TYPE_H
#define CQL_PROTO_TYPE_H

#include "base/buf.h"
#include "base/bytes.h"

/*
 * Length of the option that begins at b.p, or a negative error: CQ_EPROTOCOL (cut short, or an id
 * whose shape nobody knows), CQ_ETOO_MANY (nesting).
 */
long cql_type_length(cq_bytes b);

/* The id of an option; CQL_TYPE_CUSTOM for a slice shorter than two bytes. */
int cql_type_id(cq_bytes option);

/*
 * The type's CQL text ("map<text, frozen<list<int>>>" with the names of CQL: varchar is written
 * text; a custom class as 'org.apache...', a VectorType class as vector<float, 3>, a duration class
 * as duration; a UDT by its name). Appends to out; what cannot be read is written as
 * 'unknown(0x0080)'. Returns 0 or out->err.
 */
int cql_type_text(cq_bytes option, struct cq_buf *out);

/*
 * For CQL type *strings* as system_schema carries them ("frozen<list<frozen<\"Addr\">>>"): calls
 * back nothing, builds nothing; yields each identifier that is not a built-in type name, one at a
 * time, unquoted into out (cleared first). *at starts at 0 and moves on. Returns 1: a name; 0: the
 * end; negative: CQ_ETOO_MANY or out->err. Text inside single quotes (custom classes) is passed
 * over. Names may repeat.
 */
int cql_type_names(cq_bytes text, size_t *at, struct cq_buf *out);

#endif
