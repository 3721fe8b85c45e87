/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema versions as one reading of system.local and the peers shows them: what the contacted node
 * says, and whether the others agree. Peers whose rows are not whole (no host_id, address, dc or
 * rack: protocol.md 4, 16) do not count.
 */
#ifndef CQ_CRAWLER_READING_H
#define CQ_CRAWLER_READING_H

#include "model/model.h"
#include "state/known.h"

struct cq_reading {
    char local[37];      /* "": null, or not read */
    bool done;           /* a repeated one: all of it has come */
    bool have_local;     /* the row was there */
    unsigned n_nodes;    /* local and whole peers */
    unsigned n_silent;   /* of them without a version */
    unsigned n_versions; /* distinct; may be more than are kept */
    char versions[CQ_MAX_VERSIONS][37];
};

/* A row of system.local, peers_v2 or peers (shape->table). */
void cq_reading_row(struct cq_reading *r, const struct cq_shape *shape, const cq_bytes *cells);
/* False: a peer's row that is not whole. */
bool cq_peer_is_whole(const struct cq_shape *shape, const cq_bytes *cells);
/* The peer's host_id (null where there is none) and a name to report it by (host_id, or its address
 * as text). */
cq_bytes cq_peer_host_id(const struct cq_shape *shape, const cq_bytes *cells);
void cq_peer_name(const struct cq_shape *shape, const cq_bytes *cells, char out[46]);
/* Names, partitioner and host id of system.local. */
void cq_local_identity(const cq_bytes *cells, struct cq_identity *identity);
/* A version that says something: not null, not all zeros. */
bool cq_version_says(const char *version);
void cq_reading_agreement(const struct cq_reading *r, struct cq_scope *s);

#endif
