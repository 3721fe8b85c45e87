/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DIR/state.db: SQL and rows, and nothing else knows them. Used by one thread at a time; a call may
 * wait for the disk. Whatever fails is CQ_ESTATE with words in *f, and the group of requests around
 * it leaves no trace.
 *
 *   cq_store_open -> { cq_store_group -> cq_store_begin | cq_store_end ... -> cq_store_commit }
 *   -> cq_store_close
 *
 * SQLite in WAL mode with synchronous=NORMAL (sqlite.org/wal.html): a killed process loses nothing
 * that was committed; a power cut may lose the last groups, never the file.
 */
#ifndef CQ_STATE_STORE_H
#define CQ_STATE_STORE_H

#include "state/known.h"

struct cq_store;

/* Makes the file, or brings an older one up to date. CQ_ESTATE_NEWER: a later version wrote it. */
int cq_store_open(struct cq_store **out, const char *dir, struct cq_fault *f);
void cq_store_close(struct cq_store *s);
/* False: what stands under its name is another file, or none: somebody took the directory away.
 * SQLite would go on in the old file, that nobody can find again. */
bool cq_store_is_there(const struct cq_store *s);

/* No epoch below this one is given. */
void cq_store_floor(struct cq_store *s, uint64_t epoch);

int cq_store_group(struct cq_store *s, struct cq_fault *f);
int cq_store_commit(struct cq_store *s, struct cq_fault *f);
void cq_store_abandon(struct cq_store *s);

/*
 * A new epoch for that cluster, and what is known. A begin that no end has followed (the process
 * was killed) may have let records out: the complete read is forgotten then.
 */
int cq_store_begin(struct cq_store *s, cq_bytes name, int64_t wall_ms, uint64_t *epoch,
                   struct cq_known *known, struct cq_fault *f);
/* Of known: complete.epoch is the last one used; the rest of complete where it is COMPLETE, the
 * identity where it has a name, memory where not 0, the greeting (n 0: none any more)
 * where learnt_ms is not 0. */
int cq_store_end(struct cq_store *s, cq_bytes name, enum cq_ending ending,
                 const struct cq_known *known, struct cq_fault *f);
/* Groups were lost: no complete read stands any more. */
int cq_store_doubt(struct cq_store *s, struct cq_fault *f);

#endif
