/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records go: nowhere (a table at the end), a stream (standard output, a pipe, a device), or
 * a file that appears whole: FILE.partial, fsync, rename. A stream that does not take them stops
 * the crawl (cq_output_is_full), never blocks it.
 *
 *   cq_output_open -> cq_output_put ... cq_output_flush when cq_output_fd is writable ->
 * cq_output_close
 */
#ifndef CQ_CLI_OUTPUT_H
#define CQ_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cq_output_kind { CQ_OUTPUT_NONE, CQ_OUTPUT_STREAM, CQ_OUTPUT_FILE };

struct cq_output {
    enum cq_output_kind kind;
    int fd;               /* -1: none */
    char *path, *partial; /* FILE */
    const char *name;     /* for messages */
    char *p;
    size_t n, off, cap;
    uint64_t lines, bytes;
    int err; /* errno of the first failure; sticky */
};

/* path NULL: a terminal gets NONE, everything else the stream. 0 or an errno. */
int cq_output_open(struct cq_output *o, const char *path);
void cq_output_put(struct cq_output *o, const char *line, size_t n);
bool cq_output_is_full(const struct cq_output *o);  /* stop pulling */
bool cq_output_has_room(const struct cq_output *o); /* pull again */
bool cq_output_is_pending(const struct cq_output *o);
void cq_output_flush(struct cq_output *o); /* as much as goes without waiting */
/* whole: the file gets its name; else FILE.partial stays. 0 or an errno. */
int cq_output_close(struct cq_output *o, bool whole);
void cq_output_discard(struct cq_output *o); /* nothing was written: leave no trace */

#endif
