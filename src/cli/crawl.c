/* SPDX-License-Identifier: Apache-2.0 */
/* `cqlcrawl crawl`: inventory, output, session, summary. Nobody is contacted before all three of
 * the first are right. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"

static void on_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    if (ev->kind == CQLCRAWL_EVENT_DONE) cq_report_target(s, o);
    if (ev->kind == CQLCRAWL_EVENT_ATTEMPT) cq_report_retry(s, o, ev);
    if (ev->kind == CQLCRAWL_EVENT_LIMIT) cq_report_limit(s, ev->text);
}

/* What the summary says of the records: NULL where there are none. */
static const char *where(struct cq_session *s, int err, bool whole)
{
    const struct cq_output *o = s->out;

    if (err) {
        return cq_pool_printf(s->pool, "NOT delivered: %s: %s", o->name, strerror(err));
    }
    switch (o->kind) {
    case CQ_OUTPUT_STREAM:
        return cq_pool_printf(s->pool, "to %s", o->name);
    case CQ_OUTPUT_FILE:
        return cq_pool_printf(s->pool, "in %s%s", o->name, whole ? "" : ".partial");
    case CQ_OUTPUT_NONE:
        break;
    }
    return NULL;
}

static int status(const struct cq_session *s, int err)
{
    if (s->interrupted) return CQ_EXIT_SIGNAL + s->interrupted;
    if (err) return CQ_EXIT_UNDELIVERED;
    return s->totals.endings[CQ_COMPLETE] == s->n_targets ? CQ_EXIT_OK : CQ_EXIT_INCOMPLETE;
}

static int run(struct cq_session *s)
{
    bool whole;
    int err;

    cq_report_limit(s, s->limited);
    cq_session_run(s);
    whole = !s->interrupted;
    err = cq_output_close(s->out, whole);
    if (s->out->kind == CQ_OUTPUT_NONE) cq_report_table(s);
    cq_report_summary(s, where(s, err, whole));
    return status(s, err);
}

int cq_command_crawl(struct cq_pool *pool, const struct cq_args *a)
{
    struct cq_diags d = {.pool = pool};
    struct cq_secrets secrets = {0};
    struct cq_inventory *inv;
    struct cq_output out;
    struct cq_session s = {.a = a, .pool = pool, .out = &out, .event = on_event};
    const char *why;
    int code, err;

    inv = cq_inventory_load(&d, a, &secrets, CQ_TO_READ);
    if (!inv) {
        cq_secrets_fini(&secrets);
        return cq_complain(&d, a->json_log);
    }
    cq_warn(&inv->notes, a->json_log);
    err = cq_output_open(&out, a->output);
    if (err) {
        cq_diag(&d, (struct cq_place){a->output, 0, 0}, "cannot be written: %s%s", strerror(err),
                err == EBUSY ? " (another run is writing it)" : "");
        code = cq_complain(&d, a->json_log);
        (void)cq_output_close(&out, false);
    } else if (cq_session_open(&s, inv, &why) || cq_session_add_all(&s, inv, &why)) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0}, "%s", why);
        code = cq_complain(&d, a->json_log);
        cq_output_discard(&out);
    } else {
        s.log.colours = cq_wants_colours(STDERR_FILENO);
        code = run(&s);
    }
    cq_session_close(&s);
    cq_inventory_unref(inv);
    cq_secrets_fini(&secrets);
    return code;
}
