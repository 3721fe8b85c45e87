/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of a test: moves bytes between crawl and stand-in (tests/replay/drive.h). */
#include "replay/drive.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_TURNS = 40 * 1000 * 1000 };

void drive_init(struct drive *d, struct standin *s)
{
    *d = (struct drive){.s = s, .now = CQ_SEC(1000), .wall = 1795236000000};
    d->o = (struct cq_crawl_options){
        .mem = &cq_mem_libc,
        .cluster = CQ_LIT("c"),
        .labels = CQ_LIT("{}"),
        .epoch = 1000,
        .attempt = 1,
        .driver_name = "cqlcrawl",
        .driver_version = "test",
        .request_timeout_ns = CQ_SEC(5),
        .timeout_ns = CQ_SEC(30),
        .write_system = true,
        .proof = CQ_PROOF_VERSION,
        .default_port = 9042,
    };
    if (cq_memo_new(&d->memo, &cq_mem_libc) != 0) abort();
    if (cq_shapes_new(&d->shapes, &cq_mem_libc) != 0) abort();
    d->o.memo = d->memo;
    d->o.shapes = d->shapes;
    cq_buf_init(&d->lines, &cq_mem_libc, 256u << 20);
}

void drive_fini(struct drive *d)
{
    cq_memo_free(d->memo);
    cq_shapes_free(d->shapes);
    cq_buf_fini(&d->lines);
}

static void take(struct drive *d, const struct cq_crawl_event *ev, bool *done)
{
    switch (ev->kind) {
    case CQ_CRAWL_RECORD:
        cq_buf_put(&d->lines, ev->line.p, ev->line.n);
        break;
    case CQ_CRAWL_STEP:
        d->step_err[ev->step] = ev->err;
        snprintf(d->step_text[ev->step], sizeof(d->step_text[0]), "%s", ev->text);
        d->n_steps++;
        break;
    case CQ_CRAWL_REDIAL:
        d->n_redials++;
        standin_connect(d->s);
        (void)cq_crawl_connected(d->c, d->tls, d->now);
        break;
    case CQ_CRAWL_HANGUP:
        d->n_hangups++;
        break;
    case CQ_CRAWL_DONE:
        d->scope = *ev->scope;
        memcpy(d->counts, ev->counts, sizeof(d->counts));
        d->retry = ev->retry;
        d->orphans = *ev->orphans;
        if (ev->identity) d->identity = *ev->identity;
        d->met = ev->identity != NULL;
        d->recalled = ev->recalled;
        d->n_supported = ev->supported.n;
        assert(ev->supported.n <= sizeof(d->supported));
        if (ev->supported.n) memcpy(d->supported, ev->supported.p, ev->supported.n);
        snprintf(d->release, sizeof(d->release), "%.*s", CQ_FMT(ev->release));
        d->asked = ev->asked;
        d->unchanged = ev->unchanged;
        d->err = ev->err;
        d->need = ev->need;
        snprintf(d->text, sizeof(d->text), "%s", ev->text);
        *done = true;
        break;
    }
}

/* Bytes both ways. True: something moved. */
static bool move(struct drive *d)
{
    cq_bytes out = cq_crawl_pending(d->c), in;
    bool moved = out.n > 0;
    uint8_t *p;
    size_t n;

    standin_feed(d->s, out);
    if (out.n) cq_crawl_sent(d->c, out.n);
    in = standin_pending(d->s);
    cq_crawl_space(d->c, &p, &n);
    if (n > in.n) n = in.n;
    if (d->chunk && n > d->chunk) n = d->chunk;
    if (d->cut_after && d->s->bytes_out + n > d->cut_after)
        n = d->cut_after > d->s->bytes_out ? d->cut_after - d->s->bytes_out : 0;
    if (n) {
        memcpy(p, in.p, n);
        standin_sent(d->s, n);
        d->now += d->read_ns;
        cq_crawl_commit(d->c, n, d->now);
        moved = true;
    }
    if (d->cut_after && d->s->bytes_out >= d->cut_after) {
        d->cut_after = 0;
        d->chunk = 0;
        cq_buf_clear(&d->s->out);
        cq_crawl_net_end(d->c, CQ_ERESET, "connection reset by peer", d->now, d->wall);
        moved = true;
    }
    return moved;
}

static void pass_time(struct drive *d)
{
    uint64_t at = cq_crawl_deadline(d->c);

    if (d->idle) d->idle(d);
    if (at == CQ_NEVER) return;
    if (at > d->now) {
        d->wall += (int64_t)((at - d->now) / 1000000);
        d->now = at;
    }
    cq_crawl_tick(d->c, d->now);
}

bool drive_begin(struct drive *d)
{
    d->done = false;
    d->records = 0;
    if (cq_crawl_new(&d->c, &d->o, d->now, d->wall)) return false;
    if (cq_crawl_connected(d->c, d->tls, d->now))
        cq_crawl_net_end(d->c, CQ_ENOMEM, "no memory", d->now, d->wall);
    return true;
}

bool drive_step(struct drive *d)
{
    struct cq_crawl_event ev;
    bool moved = false;

    while (!d->done && cq_crawl_next(d->c, &ev, d->now, d->wall)) {
        moved = true;
        take(d, &ev, &d->done);
        if (ev.kind == CQ_CRAWL_RECORD && ++d->records == d->stop_after)
            cq_crawl_cancel(d->c, d->now, d->wall);
    }
    if (d->done) {
        cq_crawl_free(d->c);
        d->c = NULL;
        return true;
    }
    return move(d) || moved;
}

bool drive_run(struct drive *d)
{
    if (!drive_begin(d)) return false;
    for (unsigned i = 0; !d->done; i++) {
        if (i > MOST_TURNS) {
            fprintf(stderr, "the crawl hangs\n");
            abort();
        }
        if (!drive_step(d)) pass_time(d);
    }
    return true;
}
