/* SPDX-License-Identifier: Apache-2.0 */
/* `cqlcrawl crawl`: inventory, output, session, summary. Nobody is contacted before all three of
 * the first are right. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/metricsfile.h"
#include "cli/receivers.h"
#include "cli/report.h"

static void on_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    switch (ev->kind) {
    case CQLCRAWL_EVENT_DONE:
        cq_report_target(s, o);
        break;
    case CQLCRAWL_EVENT_ATTEMPT:
        cq_report_retry(s, o, ev);
        break;
    case CQLCRAWL_EVENT_SINK:
        cq_report_sink(s, ev);
        break;
    case CQLCRAWL_EVENT_LIMIT:
        cq_report_limit(s, ev->text, ev->remedy);
        break;
    case CQLCRAWL_EVENT_STEP:
    case CQLCRAWL_EVENT_STARTED:
        break;
    }
}

static const char *in_folder(struct cq_pool *pool, const char *name, const uint64_t *ends)
{
    uint64_t whole = ends[CQ_OUTDIR_WHOLE];
    char kept[64] = "", left[64] = "";

    if (ends[CQ_OUTDIR_KEPT]) {
        (void)snprintf(kept, sizeof(kept), ", %" PRIu64 " kept: unchanged", ends[CQ_OUTDIR_KEPT]);
    }
    if (ends[CQ_OUTDIR_PARTIAL]) {
        (void)snprintf(left, sizeof(left), ", %" PRIu64 " left as .partial",
                       ends[CQ_OUTDIR_PARTIAL]);
    }
    return cq_pool_printf(pool, "in %s: %" PRIu64 " file%s written%s%s", name, whole,
                          whole == 1 ? "" : "s", kept, left);
}

/* What the summary says of the records of an output: NULL where there is none. */
static const char *where(struct cq_session *s, int err, bool whole)
{
    const struct cq_output *o = s->out;

    if (err && o->kind == CQ_OUTPUT_FOLDER) {
        return cq_pool_printf(s->pool, "NOT delivered: %s%s: %s", o->name, o->dir.err_name,
                              strerror(err));
    }
    if (err) return cq_pool_printf(s->pool, "NOT delivered: %s: %s", o->name, strerror(err));
    switch (o->kind) {
    case CQ_OUTPUT_STREAM:
        return cq_pool_printf(s->pool, "to %s", o->name);
    case CQ_OUTPUT_FILE:
        return cq_pool_printf(s->pool, "in %s%s", o->name, whole ? "" : ".partial");
    case CQ_OUTPUT_FOLDER:
        return in_folder(s->pool, o->name, o->dir.ends);
    case CQ_OUTPUT_NONE:
    case CQ_OUTPUT_DISCARD:
        break;
    }
    return NULL;
}

static int status(const struct cq_session *s, const struct cq_settings *set, int err)
{
    uint64_t bad = s->n_targets - s->totals.endings[CQ_COMPLETE];

    if (s->interrupted) return CQ_EXIT_SIGNAL + s->interrupted;
    if (err || s->totals.undelivered || cq_receivers_pending(s)) return CQ_EXIT_UNDELIVERED;
    return cq_fails(&set->fail_on, bad, s->n_targets) ? CQ_EXIT_INCOMPLETE : CQ_EXIT_OK;
}

static int run(struct cq_session *s, const struct cq_settings *set)
{
    bool whole;
    int err;

    cq_live_open(s);
    cq_report_limit(s, s->limited, NULL);
    cq_session_run(s);
    cq_live_close(s);
    whole = !s->interrupted;
    err = cq_output_close(s->out, whole);
    cq_metricsfile_close(s);
    if (s->out->kind == CQ_OUTPUT_NONE && !s->n_sinks && !s->a->output) cq_report_table(s);
    cq_report_summary(s, where(s, err, whole));
    return status(s, set, err);
}

static bool open_output(struct cq_output *out, const struct cq_args *a, size_t sinks,
                        struct cq_diags *d)
{
    int err = cq_output_open(out, a->output, sinks > 0);

    if (!err) return true;
    cq_diag(d, (struct cq_place){a->output, 0, 0}, "cannot be written: %s%s", strerror(err),
            err == EBUSY    ? " (another run is writing it)"
            : err == EISDIR ? " (with a slash at its end: a file per cluster)"
                            : "");
    (void)cq_output_close(out, false);
    return false;
}

/* Everything but contacting anybody. */
static bool open_all(struct cq_session *s, const struct cq_inventory *inv, struct cq_diags *d)
{
    const char *why, *metrics = inv->settings.metrics_file;
    int err;

    if (cq_session_open(s, inv, &why) || cq_session_add_all(s, inv, &why)) {
        cq_diag(d, (struct cq_place){NULL, 0, 0}, "%s", why);
        return false;
    }
    err = cq_metricsfile_open(s, metrics);
    if (!err) return true;
    cq_diag(d, (struct cq_place){metrics, 0, 0}, "cannot be written: %s", strerror(err));
    return false;
}

int cq_command_crawl(struct cq_pool *pool, const struct cq_args *a)
{
    struct cq_diags d = {.pool = pool};
    struct cq_secrets secrets = {0};
    struct cq_output out;
    struct cq_session s = {.a = a,
                           .pool = pool,
                           .out = &out,
                           .event = on_event,
                           .show = cq_report_state,
                           .stopping = cq_report_stopping};
    struct cq_inventory *inv = cq_inventory_load(&d, a, &secrets, CQ_TO_READ);
    int code;

    if (!inv) {
        cq_secrets_fini(&secrets);
        return cq_complain(&d, a->json_log);
    }
    cq_warn(&inv->notes, a->json_log);
    if (!open_output(&out, a, inv->settings.n_sinks, &d)) {
        code = cq_complain(&d, a->json_log);
    } else if (!open_all(&s, inv, &d)) {
        code = cq_complain(&d, a->json_log);
        cq_output_discard(&out);
    } else {
        code = run(&s, &inv->settings);
    }
    cq_session_close(&s);
    cq_inventory_unref(inv);
    cq_secrets_fini(&secrets);
    return code;
}
