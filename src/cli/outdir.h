/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records into a folder: a file per cluster, NAME.ndjson, which appears or is replaced only when a
 * read of the cluster was complete. Until then they are in NAME.ndjson.partial, which stays where a
 * read was not complete: it ends with the reasons.
 *
 *   open -> begin (per attempt) -> put ... -> finish -> close
 *
 * However many clusters are read at once, few descriptors are open: records are gathered per
 * cluster, within a bound for all of them, and appended through a small cache of open files. After
 * the first error nothing is renamed any more.
 */
#ifndef CQ_CLI_OUTDIR_H
#define CQ_CLI_OUTDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CQ_OUTDIR_FILES = 64,  /* descriptors that are open at once */
    CQ_OUTDIR_NAME = 256,  /* room for a file's name */
    CQ_OUTDIR_PIECE = 4096 /* what is worth a write when the bound is reached */
};

#define CQ_OUTDIR_LARGE ((size_t)64 << 10)  /* of one cluster, then it is written */
#define CQ_OUTDIR_GATHER ((size_t)16 << 20) /* of all clusters together */

/* What is known of a cluster's file while it is read. */
struct cq_outfile {
    char name[CQ_OUTDIR_NAME]; /* without .partial */
    char *p;
    size_t n, cap;
    int fd;                           /* -1: not open */
    bool created;                     /* the partial is of this attempt */
    struct cq_outfile *older, *newer; /* open ones, by their last use */
};

/* What becomes of a cluster's file. */
enum cq_outdir_end {
    CQ_OUTDIR_WHOLE,   /* renamed */
    CQ_OUTDIR_KEPT,    /* the whole file of before is right: its time becomes now */
    CQ_OUTDIR_PARTIAL, /* stays as it is, under .partial */
    CQ_OUTDIR_N_ENDS
};

struct cq_outdir {
    const char *path; /* the caller's, for messages */
    int fd, lock;
    struct cq_outfile *oldest, *newest;
    unsigned n_open;
    size_t gathered;
    uint64_t ends[CQ_OUTDIR_N_ENDS];    /* files, by what became of them */
    int err;                            /* errno of the first failure; sticky */
    char err_name[CQ_OUTDIR_NAME + 16]; /* the file that it was with */
};

/* The file's name for a cluster: of `out`'s size. Names that differ, even in the case of letters
 * only, get files that differ on every file system. Pure. */
void cq_outdir_name(const char *cluster, char out[CQ_OUTDIR_NAME]);

/* Makes the folder where it is missing; one run at a time (EBUSY). 0 or an errno. */
int cq_outdir_open(struct cq_outdir *d, const char *path);
/* Whether the cluster has a whole file. */
bool cq_outdir_has(const struct cq_outdir *d, const char *cluster);
/* An attempt begins: what an earlier one wrote is forgotten. *f NULL: made. */
void cq_outdir_begin(struct cq_outdir *d, struct cq_outfile **f, const char *cluster);
void cq_outdir_put(struct cq_outdir *d, struct cq_outfile *f, const char *line, size_t n);
/* False: what was read is not in its place. *f is freed. durable: the new name survives a power
 * cut when this returns. */
bool cq_outdir_finish(struct cq_outdir *d, struct cq_outfile **f, enum cq_outdir_end end,
                      bool durable);
/* 0 or the errno of the first failure. */
int cq_outdir_close(struct cq_outdir *d);

#endif
