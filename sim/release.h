/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs from one Cassandra release to the next, as a table: version strings, protocol
 * versions, which system tables exist with which columns in which order, and the error texts.
 * Facts: measured on 3.0.31, 3.11.19, 4.0.19, 4.1.10 and 5.0.9.
 */
#ifndef CQSIM_RELEASE_H
#define CQSIM_RELEASE_H

#include "sim/table.h"

enum cqsim_line { CQSIM_30, CQSIM_311, CQSIM_40, CQSIM_41, CQSIM_50 };

/* An error as the wire has it. */
struct cqsim_error {
    uint32_t code;
    char text[2 * CQSIM_MAX_TEXT];
};

enum {
    CQSIM_E_SERVER = 0x0000,
    CQSIM_E_PROTOCOL = 0x000a,
    CQSIM_E_LOGIN = 0x0100,
    CQSIM_E_OVERLOADED = 0x1001,
    CQSIM_E_BOOTSTRAPPING = 0x1002,
    CQSIM_E_SYNTAX = 0x2000,
    CQSIM_E_DENIED = 0x2100,
    CQSIM_E_INVALID = 0x2200
};

struct cqsim_release {
    enum cqsim_line line;
    const char *name;            /* "5.0" */
    const char *release_version; /* "5.0.9" */
    const char *cql_version;
    const char *native_version; /* system.local.native_protocol_version */
    unsigned highest;           /* the version of the header of errors about versions */
    bool highest_is_beta;
    const char *versions; /* SUPPORTED's PROTOCOL_VERSIONS, space separated; "" = no such key */
    const char *versions_text; /* what the error about a wrong version goes on with */
};

/* NULL when there is no such line. */
const struct cqsim_release *cqsim_release_find(const char *name);
/* Writes the columns of one system table of this release; false when the release has no such table.
 */
bool cqsim_release_table(const struct cqsim_release *rel, const char *keyspace, const char *name,
                         struct cqsim_table *out);
/* The bytes of the type option of one of release.c's letters; 0 when there is no such letter. */
size_t cqsim_release_type(char letter, uint8_t out[CQSIM_MAX_OPTION]);
/* The i-th table the simulator knows, whatever the release; false behind the last. */
bool cqsim_release_nth(size_t i, const char **keyspace, const char **name);
/* The error for a table that is not there. */
void cqsim_release_absent(const struct cqsim_release *rel, bool keyspace_exists,
                          const char *keyspace, const char *name, struct cqsim_error *out);

#endif
