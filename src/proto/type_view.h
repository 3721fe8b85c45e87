/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node of a type, whichever way the server wrote it: as an [option] (v5.spec 4.2.5.2) or as the
 * Java class of a custom one ("org.apache.cassandra.db.marshal.VectorType(...FloatType , 3)"). For
 * type.c and value.c; nobody else needs it.
 */
#ifndef CQL_PROTO_TYPE_VIEW_H
#define CQL_PROTO_TYPE_VIEW_H

#include "base/bytes.h"

/* Beside the ids of cql_type_id: */
enum { CQL_VIEW_VECTOR = -1, CQL_VIEW_OPAQUE = -2, CQL_VIEW_UNKNOWN = -3 };

/* Where a type is written: an option, or the text of a class. */
struct cql_type_ref {
    cq_bytes s;
    bool is_class;
};

struct cql_type_view {
    int id;
    int wire_id;    /* UNKNOWN: the number that nobody knows */
    bool is_class;  /* children are class texts */
    bool is_frozen; /* a FrozenType class stood round it */
    cq_bytes rest;  /* children not read yet */
    uint32_t left;  /* how many (class texts: at most) */
    uint32_t dim;   /* VECTOR: number of elements */
    cq_bytes name;  /* UDT: its name (hex where is_class); OPAQUE: the class */
};

/* Total: what cannot be read becomes OPAQUE or UNKNOWN. */
void cql_type_open(struct cql_type_view *v, struct cql_type_ref ref);

/* The next child and, for a UDT, its field's name (hex where v->is_class). False: no more. */
bool cql_type_child(struct cql_type_view *v, struct cql_type_ref *child, cq_bytes *field);

/* Bytes of a value where the type fixes them inside a vector; 0 where each carries its length. */
unsigned cql_type_fixed(const struct cql_type_view *v);

struct cq_buf;
/* An identifier as CQL has it: in double quotes unless it is [a-z][a-z0-9_]*. */
void cql_write_identifier(struct cq_buf *out, cq_bytes name, bool is_hex);

/* The CQL name of a simple type; NULL where id is none. */
const char *cql_type_simple_name(int id);

#endif
