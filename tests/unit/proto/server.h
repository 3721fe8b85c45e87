/* SPDX-License-Identifier: Apache-2.0 */
/* The other side, by hand: answers as bytes, for tests of the connection. */
#ifndef TESTS_PROTO_SERVER_H
#define TESTS_PROTO_SERVER_H

#include "unit/proto/talk.h"

struct server {
    struct talk t;
    int version;
    bool segmented; /* answers go out in segments from now on */
    bool lz4;
    struct cq_buf scratch;
};

/* Lists of PROTOCOL_VERSIONS as servers have them: values parted by blanks; NULL: no such key. */
#define VERSIONS_40 "3/v3 4/v4 5/v5 6/v6-beta"
#define VERSIONS_311 "3/v3 4/v4 5/v5-beta"

void server_begin(struct server *s, const struct cql_conn_options *o);
void server_end(struct server *s);
/* One envelope to the client; header_version 0: s->version. */
void server_send(struct server *s, int header_version, int flags, int stream, int opcode,
                 cq_bytes body);
void server_supported(struct server *s, const char *versions, const char *compressions);
void server_error(struct server *s, int header_version, int stream, int code, const char *text);
void server_rows(struct server *s, int stream, unsigned n_rows);
/* SUPPORTED and READY: the client may ask. */
void server_ready(struct server *s, int version);
/* The log says this, from its beginning; then it is cleared. */
void assert_log(struct server *s, const char *want);
/* The one failure: its error and the version to try. */
void assert_failed(struct server *s, int err, int retry_version);

#endif
