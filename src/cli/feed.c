/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets for the library (cli/session.h): all of an inventory are checked before anybody is
 * contacted; the library gets as many as it needs to choose from, and more as they are done.
 */
#include <stdlib.h>

#include "cli/session.h"

enum {
    WINDOW = 2000, /* targets that the library has at least, before others are added */
    PER_SLOT = 16, /* and so many for each that it may read at once */
};

static int wrong(struct cq_session *s, const struct cq_cluster *cl, const char *title, int err,
                 const char **why)
{
    struct cq_diags d = {.pool = &s->scratch}; /* until the next one is added */

    cq_diag(&d, cl->at, "%s: %s", title ? title : "?", cqlcrawl_last_error(s->c));
    *why = d.messages[0];
    return err;
}

static bool fill(struct cq_session *s, const struct cq_cluster *cl, struct cq_outcome *o,
                 struct cqlcrawl_target *t)
{
    cq_pool_reset(&s->scratch);
    if (!cq_cluster_target(&s->scratch, cl, t)) return false;
    t->user_data = o;
    t->check = s->check;
    t->incremental = s->incremental && (s->out == NULL || s->out->kind != CQ_OUTPUT_FOLDER ||
                                        cq_outdir_has(&s->out->dir, o->title));
    t->epochs_may_repeat = s->once;
    t->full_after_ms = s->full_after_ms;
    t->accept_identity = cq_accepts_identity(s->a, cl->name);
    if ((s->check || s->once) && !t->retries) t->retries = CQLCRAWL_NO_RETRIES;
    return true;
}

int cq_session_add(struct cq_session *s, const struct cq_cluster *cl, struct cq_outcome *o,
                   uint64_t *id, const char **why)
{
    struct cqlcrawl_target t;
    int err;

    *why = "out of memory";
    if (!fill(s, cl, o, &t)) return -1;
    err = cqlcrawl_add(s->c, &t, id);
    return err ? wrong(s, cl, o->title, err, why) : 0;
}

static size_t window(const struct cq_session *s)
{
    size_t n = (size_t)s->concurrency * PER_SLOT;

    return n > WINDOW ? n : WINDOW;
}

int cq_session_add_all(struct cq_session *s, const struct cq_inventory *inv, const char **why)
{
    s->clusters = inv->clusters;
    s->n_targets = inv->n_clusters;
    s->targets = calloc(s->n_targets ? s->n_targets : 1, sizeof(*s->targets));
    *why = "out of memory";
    if (!s->targets) return -1;
    for (size_t i = 0; i < s->n_targets; i++) {
        const struct cq_cluster *cl = &s->clusters[i];
        struct cq_outcome *o = &s->targets[i];
        struct cqlcrawl_target t;
        int err;

        o->title = cl->name;
        if (i < window(s)) {
            err = cq_session_add(s, cl, o, NULL, why);
            s->n_added += !err;
        } else if (cl->spec->checked && !cl->spec->has_place) {
            err = 0; /* what is its own was looked at when the inventory was made */
        } else {
            if (!fill(s, cl, o, &t)) return -1;
            err = cqlcrawl_validate(s->c, &t);
            cl->spec->checked = !err;
            if (err) (void)wrong(s, cl, o->title, err, why);
        }
        if (err) return err;
    }
    return 0;
}

void cq_session_add_failed(struct cq_session *s, struct cq_outcome *o, int err)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);

    ev.kind = CQLCRAWL_EVENT_DONE;
    ev.name = o->title;
    ev.user_data = o;
    ev.err = err;
    ev.code = cqlcrawl_errcode(err);
    ev.class_ = cqlcrawl_errclass(err);
    ev.text = cqlcrawl_last_error(s->c);
    ev.remedy = cqlcrawl_remedy(err);
    ev.read = CQLCRAWL_READ_FAILED;
    ev.agreement = -1;
    cq_session_take(s, &ev);
}

void cq_session_feed(struct cq_session *s)
{
    const char *why;

    if (s->interrupted || cq_session_has_failed(s)) return;
    while (s->n_added < s->n_targets && cqlcrawl_active(s->c) < window(s)) {
        size_t i = s->n_added++;
        int err = cq_session_add(s, &s->clusters[i], &s->targets[i], NULL, &why);

        if (err) cq_session_add_failed(s, &s->targets[i], err);
    }
}
