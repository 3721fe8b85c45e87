/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records go: nowhere ("none", a table at the end, or sinks alone; DISCARD: they are asked
 * for and dropped), a stream (standard output, a pipe, a device), a file that appears whole
 * (FILE.partial, fsync, rename), or a folder with a file per cluster (cli/outdir.h). A stream that
 * does not take them stops the crawl (cq_output_is_full), never blocks it.
 *
 *   cq_output_open -> cq_output_put ... cq_output_flush when cq_output_fd is writable ->
 * cq_output_close
 */
#ifndef CQ_CLI_OUTPUT_H
#define CQ_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/outdir.h"

enum cq_output_kind {
    CQ_OUTPUT_NONE,
    CQ_OUTPUT_STREAM,
    CQ_OUTPUT_FILE,
    CQ_OUTPUT_FOLDER,
    CQ_OUTPUT_DISCARD
};

struct cq_output {
    enum cq_output_kind kind;
    int fd;               /* -1: none */
    bool is_own;          /* STREAM: a write of any size returns at once */
    char *path, *partial; /* FILE */
    const char *name;     /* for messages */
    char *p;
    size_t n, off, cap;
    bool is_refusing; /* it took less than there was: to be waited for */
    uint64_t lines, bytes;
    int err;              /* errno of the first failure; sticky */
    struct cq_outdir dir; /* FOLDER: cq_outdir_put, not cq_output_put */
};

/* "none": NONE. path NULL: NONE where there are sinks or standard output is a terminal, else that
 * stream. A path that ends with a slash: FOLDER. 0 or an errno. */
int cq_output_open(struct cq_output *o, const char *path, bool sinks);
void cq_output_put(struct cq_output *o, const char *line, size_t n);
bool cq_output_is_full(const struct cq_output *o);  /* stop pulling */
bool cq_output_has_room(const struct cq_output *o); /* pull again */
bool cq_output_is_pending(const struct cq_output *o);
bool cq_output_is_worth(const struct cq_output *o); /* ... a write of its own */
void cq_output_flush(struct cq_output *o);          /* as much as goes without waiting */
/* whole: the file gets its name; else FILE.partial stays. 0 or an errno. */
int cq_output_close(struct cq_output *o, bool whole);
void cq_output_discard(struct cq_output *o); /* nothing was written: leave no trace */

#endif
