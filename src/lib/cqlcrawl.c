/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public handle: new, add, cancel, resume, close, and the words of errors. Nothing here waits;
 * what is asked for happens in the next turn of the loop (lib/loop.c for a private one).
 */
#include "lib/handle.h"

#include <stdio.h>

static int words(cqlcrawl *c, int err)
{
    return cq_fault_set(&c->last, err, "%s", cq_err_text(err));
}

static int open_driver(cqlcrawl *c)
{
    struct cq_driver_options o = {
        .loop = c->loop,
        .mem = &c->mem,
        .memory_max = (size_t)c->o.memory_max,
        .concurrency = c->o.concurrency,
        .half_open = c->o.half_open,
        .rate = c->o.rate,
        .seed = c->o.seed,
        .shares_loop = !c->is_private,
        .handler = {.prepare = cq_attempt_prepare,
                    .release = cq_attempt_release,
                    .record = cq_report_record,
                    .step = cq_report_step,
                    .started = cq_report_started,
                    .attempt = cq_report_attempt,
                    .settle = cq_report_settle,
                    .limit = cq_report_shortage,
                    .begin = c->state ? cq_remember_begin : NULL,
                    .ended = cq_remember_ended,
                    .done = cq_report_done},
        .ctx = c,
    };
    int err = cq_greetings_new(&c->greetings, &c->mem);

    cq_trust_init(&c->trust, &c->mem);
    /* where the system gives none, the time does: it is only jitter */
    if (!o.seed && uv_random(NULL, NULL, &o.seed, sizeof(o.seed), 0, NULL)) o.seed = uv_hrtime();
    if (!err) err = cq_driver_open(&c->driver, &o);
    if (!err) return 0;
    cq_trust_fini(&c->trust);
    cq_greetings_free(c->greetings);
    return err;
}

/* The handle goes when the state's thread is gone: on a host's loop, at its next turns. */
static void state_closed(void *ctx)
{
    cqlcrawl *c = ctx;
    struct cq_mem mem = c->mem;

    c->dead = true;
    if (!c->is_private) cq_free(&mem, c);
}

static void give_up(cqlcrawl *c)
{
    struct cq_mem mem = c->mem;

    if (c->state) cq_state_close(c->state, state_closed, c);
    if (c->state && !c->is_private) return;
    while (c->state && !c->dead)
        (void)uv_run(c->loop, UV_RUN_ONCE);
    if (c->is_private) (void)uv_loop_close(&c->own);
    cq_free(&mem, c);
}

/* The state first: nothing is left behind on a host's loop where its directory is refused. */
static int open_all(cqlcrawl *c)
{
    struct cq_fault f = {0};
    int err = cq_remember_open(c, &f);

    if (!err) err = open_driver(c);
    if (!err) return 0;
    (void)cq_fault_set(&f, err, "%s", cq_err_text(err));
    if (c->o.why && c->o.why_n) (void)snprintf(c->o.why, c->o.why_n, "%s", f.text);
    give_up(c);
    return err;
}

int cqlcrawl_new(cqlcrawl **out, const struct cqlcrawl_options *options)
{
    struct cqlcrawl_options o = {0};
    struct cq_mem mem = cq_mem_libc;
    cqlcrawl *c;
    int err;

    *out = NULL;
    if (!options || !options->size) return CQ_EINVALID;
    memcpy(&o, options, options->size < sizeof(o) ? options->size : sizeof(o));
    if (o.resize) mem = (struct cq_mem){o.resize, o.resize_ctx};
    c = cq_calloc(&mem, 1, sizeof(*c));
    if (!c) return CQ_ENOMEM;
    c->mem = mem;
    cq_buf_init(&c->labels, &c->mem, SIZE_MAX / 2);
    c->o = o;
    c->is_private = o.loop == NULL;
    c->loop = c->is_private ? &c->own : o.loop;
    if (c->is_private && uv_loop_init(&c->own)) {
        cq_free(&mem, c);
        return CQ_EDESCRIPTORS;
    }
    err = open_all(c);
    if (err) return err;
    if (o.destination) cq_remember_destination(c, cq_str(o.destination));
    *out = c;
    return 0;
}

/* ---- targets ---- */

static int take_slot(cqlcrawl *c, uint32_t *index)
{
    uint32_t n = c->n_slots ? c->n_slots * 2 : 16;
    struct cq_slot *slots;

    if (!c->free_slot) {
        if (n > UINT32_MAX / 4) return CQ_ETOO_MANY;
        slots = cq_realloc(&c->mem, c->slots, n * sizeof(*slots));
        if (!slots) return CQ_ENOMEM;
        for (uint32_t i = n; i-- > c->n_slots;) {
            slots[i] = (struct cq_slot){NULL, 1, c->free_slot};
            c->free_slot = i + 1;
        }
        c->slots = slots;
        c->n_slots = n;
    }
    *index = c->free_slot - 1;
    c->free_slot = c->slots[*index].next_free;
    return 0;
}

static struct cq_target *find(const cqlcrawl *c, uint64_t id)
{
    uint32_t slot = (uint32_t)(id & UINT32_MAX);

    if (slot == 0 || slot > c->n_slots) return NULL;
    if (c->slots[slot - 1].generation != id >> 32) return NULL;
    return c->slots[slot - 1].target;
}

static int enter(cqlcrawl *c, struct cq_target *t)
{
    uint32_t i;
    int err;

    if (cq_byname_find(&c->names, t->name)) {
        return cq_fault_set(&c->last, CQ_EINVALID, "%s: a cluster of that name is being read",
                            t->t.name);
    }
    err = take_slot(c, &i);
    if (err) return words(c, err);
    err = cq_byname_add(&c->names, &c->mem, t);
    if (err) {
        c->slots[i].next_free = c->free_slot;
        c->free_slot = i + 1;
        return words(c, err);
    }
    c->slots[i].target = t;
    t->id = ((uint64_t)c->slots[i].generation << 32) | (i + 1);
    return 0;
}

void cq_handle_leave(cqlcrawl *c, struct cq_target *t)
{
    struct cq_slot *slot = &c->slots[(uint32_t)(t->id & UINT32_MAX) - 1];

    slot->target = NULL;
    slot->generation++;
    slot->next_free = c->free_slot;
    c->free_slot = (uint32_t)(t->id & UINT32_MAX);
    cq_byname_remove(&c->names, t);
}

int cqlcrawl_add(cqlcrawl *c, const struct cqlcrawl_target *target, uint64_t *id)
{
    struct cq_target *t;
    int err;

    if (c->closing) {
        c->last = (struct cq_fault){0};
        return cq_fault_set(&c->last, CQ_EINVALID, "the handle is being closed");
    }
    err = cq_sinks_begin(c);
    if (err) {
        c->last = (struct cq_fault){0};
        return words(c, err);
    }
    err = cq_target_new(c, target, &t);
    if (err) return err;
    c->targets_began = true;
    err = cq_sinks_attach(c, t);
    if (!err) err = enter(c, t);
    if (!err) {
        err = cq_driver_add(&c->driver, &t->job);
        if (err) cq_handle_leave(c, t);
        if (err) (void)words(c, err);
    }
    if (err) {
        cq_sinks_detach(t);
        cq_target_free(t);
        return err;
    }
    c->active++;
    if (id) *id = t->id;
    return 0;
}

int cqlcrawl_validate(cqlcrawl *c, const struct cqlcrawl_target *target)
{
    struct cq_target *t;
    int err = cq_target_new(c, target, &t);

    cq_target_free(t);
    return err;
}

const char *cqlcrawl_last_error(const cqlcrawl *c)
{
    return c->last.text;
}

int cqlcrawl_cancel(cqlcrawl *c, uint64_t id)
{
    struct cq_target *t = find(c, id);

    if (!t) return CQ_ENOT_FOUND;
    cq_driver_cancel(&c->driver, &t->job);
    return 0;
}

void cqlcrawl_cancel_all(cqlcrawl *c)
{
    cq_driver_cancel_all(&c->driver);
}

int cqlcrawl_resume(cqlcrawl *c, uint64_t id)
{
    struct cq_target *t = find(c, id);

    if (!t) return CQ_ENOT_FOUND;
    t->host_paused = false;
    if (t->waits == 0) cq_driver_resume(&c->driver, &t->job);
    return 0;
}

size_t cqlcrawl_active(const cqlcrawl *c)
{
    return c->active;
}

/* ---- words ---- */

const char *cqlcrawl_version(void)
{
    return CQLCRAWL_VERSION;
}

const char *cqlcrawl_strerror(int err)
{
    return err ? cq_err_text(err) : "no error";
}

const char *cqlcrawl_errcode(int err)
{
    return err ? cq_err_code(err) : "ok";
}

const char *cqlcrawl_errclass(int err)
{
    return err ? cq_class_name(cq_err_class(err)) : "ok";
}

const char *cqlcrawl_remedy(int err)
{
    return err ? cq_err_remedy(err) : "";
}
