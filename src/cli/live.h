/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a crawl shows on standard error while it runs: a bar that is drawn again in its place, a
 * line now and then, JSON, or nothing. Whatever else is said meanwhile goes through cq_live_say,
 * which takes the bar away and puts it back.
 */
#ifndef CQ_CLI_LIVE_H
#define CQ_CLI_LIVE_H

#include "cli/loop.h"
#include "cli/progress.h"

enum cq_live_mode { CQ_LIVE_NONE, CQ_LIVE_LINES, CQ_LIVE_BAR, CQ_LIVE_JSON };

struct cq_live {
    enum cq_live_mode mode;
    bool each; /* every target has its line, not only those that did not go well */
    struct cq_source tick;
    uint64_t every_ns, line_ns; /* between two ticks; when the next line is due */
    bool parked;                /* the last word of a sink */
    char bound[512];
    struct cq_rates rates;
    struct cq_text bar; /* as it stands there */
    unsigned columns[CQ_BAR_LINES], n_lines;
};

struct cq_session;

/* Before the first target ends; sets the mode by the arguments and the terminal. */
void cq_live_open(struct cq_session *s);
/* The session's log goes out. */
void cq_live_say(struct cq_session *s);
void cq_live_close(struct cq_session *s); /* the bar is gone */
/* How things stand now. */
void cq_live_figures(struct cq_session *s, struct cq_figures *f);

#endif
