/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cqlcrawl serve`: the fleet of the configuration read over and over. One session (cli/session.h),
 * a roster of who is read when (cli/roster.h), and beside them in the same poll() the small HTTP
 * server, the service manager's socket and the lists of targets, which are looked at again.
 *
 *          due                        DONE                         SIGHUP, POST /-/reload, a list
 *   roster ────► session ► library ─────────► outcome, next turn   that changed ► new inventory ►
 * roster
 *
 * Nothing but its start may end it: a configuration that is wrong, a list that cannot be read, a
 * state directory that is lost are said, shown in the metrics, and what was before goes on.
 */
#ifndef CQ_CLI_SERVE_H
#define CQ_CLI_SERVE_H

#include "cli/httpd.h"
#include "cli/metrics.h"
#include "cli/notify.h"
#include "cli/roster.h"
#include "cli/session.h"

#define CQ_SERVE_RAMP_NS 60000000000u /* over which the first reads are spread */
#define CQ_SERVE_WATCH_NS 5000000000u /* how often files of lists are looked at */
#define CQ_SERVE_TICK_NS 10000000000u /* how often the status line is told */

#define CQ_NO_FILES 0xcbf29ce484222325u /* the fingerprint of no file at all */

enum {
    CQ_SERVE_AT_ONCE = 256, /* reads handed to the library in one turn */
    CQ_SERVE_FILES = 16,    /* descriptors: the HTTP server's own, the service manager's, lists */
};

/* A list over HTTP that is being asked for; its answer finds out whether it is still wanted. */
struct cq_asking {
    struct cq_serve *v;
    struct cq_asking *next, **at;
    uint64_t generation; /* of the inventory */
    size_t i;            /* of config.discovery */
};

struct cq_list_due {
    uint64_t due_ns;
    bool asking, failing;
    struct cqlcrawl_fetch fetch; /* of http_sd */
};

/* What the metrics say of serve itself. */
struct cq_serve_facts {
    bool reload_ok;
    int64_t reload_at_ms; /* of the last one that was taken */
    uint64_t reloads, reloads_failed;
    uint64_t list_failures;
    size_t lists, lists_failing;
};

struct cq_serve {
    struct cq_session s;
    const struct cq_args *a;
    struct cq_secrets secrets;
    struct cq_roster roster;
    struct cq_notify notify;
    struct cq_httpd httpd;
    struct cq_source http, clock; /* of the session's loop */
    struct cq_serve_facts facts;

    uint64_t generation; /* of the inventory */
    struct cq_list_due *lists;
    struct cq_asking *asking;
    uint64_t files; /* fingerprint of the lists in files */
    uint64_t files_due_ns;
    bool files_failing;
    uint64_t status_due_ns;
    size_t n_bad;             /* of the roster */
    struct cq_pool turn_pool; /* words of one turn of the loop */
};

/* An answer of cqlcrawl_fetch.done. */
struct cq_list_answer {
    size_t i; /* of config.discovery */
    int err;
    const char *text;
    long status;
    const char *type, *body;
    size_t n;
};

/* serve_reload.c */
/* Takes inv (a reference) for the one that holds. False: no memory; the old one stays. */
bool cq_serve_take(struct cq_serve *v, struct cq_inventory *inv, struct cq_roster_change *change);
/* The configuration and its files again. d: why not. */
bool cq_serve_reload(struct cq_serve *v, struct cq_diags *d, struct cq_roster_change *change);
/* From a configuration that was read (taken) to an inventory that holds. a: a new answer, or NULL;
 * other lists over HTTP keep their last one. */
bool cq_serve_go_on(struct cq_serve *v, struct cq_inventory *inv, struct cq_diags *d,
                    const struct cq_list_answer *a, struct cq_roster_change *change);
void cq_serve_say_change(struct cq_serve *v, const char *event, const struct cq_roster_change *c);

/* serve_lists.c */
/* Lists that are due are asked for, files that changed are read. */
void cq_serve_lists(struct cq_serve *v, uint64_t now);
uint64_t cq_serve_lists_deadline(const struct cq_serve *v);
void cq_serve_lists_fini(struct cq_serve *v);

/* serve_http.c */
extern const struct cq_page cq_serve_pages[];
/* NULL, or why not: words for people. */
const char *cq_serve_unready(struct cq_serve *v);

/* serve_metrics.c: as cq_metrics_more. */
bool cq_serve_metrics(struct cq_serve *v, struct cq_text *t, struct cq_metrics_cursor *at,
                      size_t max);

/* serve_log.c: one line on standard error each. */
void cq_serve_log(struct cq_serve *v, const char *level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void cq_serve_log_diags(struct cq_serve *v, const char *level, const char *event,
                        const struct cq_diags *d);
void cq_serve_log_read(struct cq_serve *v, const struct cq_served *x, bool was_bad);
void cq_serve_log_event(struct cq_serve *v, const struct cqlcrawl_event *ev);

#endif
