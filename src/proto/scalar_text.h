/* SPDX-License-Identifier: Apache-2.0 */
/* One simple cell as text, for value_text.c. */
#ifndef CQL_PROTO_SCALAR_TEXT_H
#define CQL_PROTO_SCALAR_TEXT_H

#include "base/buf.h"
#include "base/bytes.h"

/*
 * id is a simple cql_type_id, cell neither null nor empty. nested: texts are quoted and whole
 * numbers of float types keep their ".0". False: the cell is not of that type's form, nothing was
 * written.
 */
bool cql_scalar_text(int id, cq_bytes cell, bool nested, struct cq_buf *out);

/* 0x and lower-case hex */
void cql_hex_text(cq_bytes cell, struct cq_buf *out);

#endif
