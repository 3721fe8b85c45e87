/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a run is, in a line or as a bar of at most CQ_BAR_LINES lines that is drawn again in its
 * place. What it looks like is pure: figures, a width and colours in, text out; the shell keeps the
 * time and the terminal.
 *
 *   85 of 1,000 done   3 failed   200 in flight
 *   [=========>                                ]   42.0 clusters/s   8.1 MB/s   0:22 left
 *   slowest: prod-eu-1 12 s, prod-eu-7 11 s, lab 4.1 s
 *   sink-bound: inventory:443 is parked: unauthorized, ...
 */
#ifndef CQ_CLI_PROGRESS_H
#define CQ_CLI_PROGRESS_H

#include "cli/outcome.h"
#include "cli/text.h"

enum { CQ_BAR_LINES = 4, CQ_SLOWEST = 3, CQ_SAMPLES = 16 };

/* What there was to see at a time; a second or more apart, so that rates are of the last ones. */
struct cq_sample {
    uint64_t now_ns, done, bytes;
};

struct cq_rates {
    struct cq_sample samples[CQ_SAMPLES]; /* a ring */
    unsigned n, next;
};

void cq_rates_add(struct cq_rates *r, uint64_t now_ns, uint64_t done, uint64_t bytes);

struct cq_slow {
    const char *title;
    uint64_t ns;
};

struct cq_figures {
    uint64_t total, done, incomplete, failed, unchanged;
    uint64_t in_flight, later, delivering;
    double clusters_per_s, bytes_per_s; /* negative: not known yet */
    uint64_t left_ns;                   /* CQ_UNKNOWN: not known yet */
    uint64_t memory_used, memory_max;
    struct cq_slow slowest[CQ_SLOWEST];
    unsigned n_slowest;
    const char *bound; /* what holds everything up: "inventory:443 has no room"; NULL */
    bool stopping;     /* interrupted */
};

#define CQ_UNKNOWN UINT64_MAX

/* Rates and the time that is left, out of the samples. */
void cq_figures_rates(struct cq_figures *f, const struct cq_rates *r);
/* One line without its end, for a log. */
void cq_progress_line(struct cq_text *t, const struct cq_figures *f);
/* Lines of less than `width` columns, each with its end; how many. */
unsigned cq_progress_bar(struct cq_text *t, const struct cq_figures *f, unsigned width);
/* Appends what wipes a bar of n lines that was drawn with that width on a terminal that has `now`
 * columns: the cursor is then where its first line began. */
void cq_progress_wipe(struct cq_text *t, const unsigned *columns, unsigned n, unsigned now);

#endif
