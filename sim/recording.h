/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded conversation of a real server, read back: the server's stream (v4 or v5, with or
 * without lz4) gives the SUPPORTED body and one table per RESULT Rows, cells untouched; several
 * pages of one table are joined. The client's stream, when given, says which statement an ERROR
 * answered, so that absent tables keep their recorded texts.
 *
 * The system keyspaces of the simulated clusters come from three such recordings, which CMake puts
 * into the program. Fails with false on bytes that are not such a conversation.
 */
#ifndef CQSIM_RECORDING_H
#define CQSIM_RECORDING_H

#include "sim/envelope.h"
#include "sim/release.h"

enum { CQSIM_MAX_RECORDED = 32 };

struct cqsim_recording {
    struct cqsim_buf supported; /* body of the first SUPPORTED */
    unsigned version;           /* 4 or 5: what the conversation was held in */
    size_t n_tables;
    struct cqsim_table tables[CQSIM_MAX_RECORDED];
};

/* Calls fn for each envelope of a stream, bodies of v4 unpacked, segments of v5 opened; true when
   the stream ends between two envelopes. What fn gets is valid until it returns. */
typedef void (*cqsim_on_envelope)(void *arg, const struct cqsim_envelope *e);
bool cqsim_each_envelope(struct cqsim_slice in, cqsim_on_envelope fn, void *arg);

bool cqsim_recording_read(struct cqsim_recording *rec, struct cqsim_slice server,
                          struct cqsim_slice client);
void cqsim_recording_fini(struct cqsim_recording *rec);
struct cqsim_table *cqsim_recording_find(struct cqsim_recording *rec, const char *keyspace,
                                         const char *name);

#endif
