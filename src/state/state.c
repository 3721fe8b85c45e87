/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread, its queue and the way back (state/state.h). A request belongs to the loop's side
 * before it is queued and after it has come back; the thread allocates nothing of ours and calls
 * nobody.
 */
#include "state/state.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "state/dir.h"
#include "state/store.h"

struct request {
    struct request *next;
    void *token; /* of a begin */
    bool is_begin;
    enum cq_ending ending;
    int64_t wall_ms;
    uint64_t epoch;
    size_t n_name;
    struct cq_known known;
    uint8_t name[];
};

struct list {
    struct request *first, **end;
};

struct cq_state {
    struct cq_state_options o;
    uint64_t failures; /* the loop's side */
    size_t waiting;    /* begins not answered: they keep the loop going */
    bool told;
    void (*closed)(void *ctx);
    void *closed_ctx;
    uv_thread_t thread;
    uv_async_t async;
    uv_prepare_t prepare;
    struct list turn; /* asked in this turn of the loop: handed over at its end, as one group */
    bool has_async;   /* written before the first request */
    int lock_fd;
    /* the thread's own */
    struct cq_store *store; /* NULL: it was taken away and cannot be made again yet */
    char dir[CQ_MAX_PATH];
    uint64_t highest; /* of all epochs given */
    bool doubt;       /* groups were lost */
    /* shared, under the mutex */
    uv_mutex_t mutex;
    uv_cond_t more;
    struct list asked, answers;
    uint64_t lost;         /* requests not written */
    struct cq_fault fault; /* of the first */
    bool stop, stopped;
};

static void list_init(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void list_put(struct list *l, struct request *r)
{
    r->next = NULL;
    *l->end = r;
    l->end = &r->next;
}

/* ---- the thread ---- */

static int write_one(struct cq_state *s, struct request *r, struct cq_fault *f)
{
    cq_bytes name = {r->name, r->n_name};

    int err;

    if (!r->is_begin) return cq_store_end(s->store, name, r->ending, &r->known, f);
    err = cq_store_begin(s->store, name, r->wall_ms, &r->epoch, &r->known, f);
    if (!err && r->epoch > s->highest) s->highest = r->epoch;
    return err;
}

/* The directory was taken away: another one, with nothing in it but that epochs go on above those
 * that were given. */
static int begin_anew(struct cq_state *s, struct cq_fault *f)
{
    int err;

    cq_store_close(s->store);
    s->store = NULL;
    s->doubt = true; /* what comes back may be old */
    cq_dir_unlock(s->lock_fd);
    err = cq_dir_lock(s->dir, &s->lock_fd, f);
    if (!err) err = cq_store_open(&s->store, s->dir, f);
    if (err) return err;
    cq_store_floor(s->store, s->highest + 1);
    uv_mutex_lock(&s->mutex);
    s->lost++;
    (void)cq_fault_set(&s->fault, CQ_ESTATE, "%s: was taken away; begun anew, with nothing in it",
                       s->dir);
    uv_mutex_unlock(&s->mutex);
    return 0;
}

/* All of them or none. */
static int write_group(struct cq_state *s, struct request *first, struct cq_fault *f)
{
    int err = 0;

    if (!s->store || !cq_store_is_there(s->store)) err = begin_anew(s, f);
    if (err) return err;
    err = cq_store_group(s->store, f);
    if (!err && s->doubt) err = cq_store_doubt(s->store, f);
    for (struct request *r = first; r && !err; r = r->next)
        err = write_one(s, r, f);
    if (!err) err = cq_store_commit(s->store, f);
    if (err) cq_store_abandon(s->store);
    s->doubt = err != 0;
    return err;
}

/* The next requests, at most a group of them; NULL: none will come. */
static struct request *take_group(struct cq_state *s)
{
    struct request *first, **last;
    unsigned n = 0;

    uv_mutex_lock(&s->mutex);
    while (!s->asked.first && !s->stop)
        uv_cond_wait(&s->more, &s->mutex);
    first = s->asked.first;
    for (last = &first; *last && n < CQ_MAX_STATE_GROUP; n++)
        last = &(*last)->next;
    s->asked.first = *last;
    if (!*last) list_init(&s->asked);
    *last = NULL;
    uv_mutex_unlock(&s->mutex);
    return first;
}

static void give_back(struct cq_state *s, struct request *first, const struct cq_fault *f)
{
    struct request *next;

    uv_mutex_lock(&s->mutex);
    if (f->err && !s->fault.err) s->fault = *f;
    for (struct request *r = first; r; r = next) {
        next = r->next;
        if (f->err) {
            r->epoch = 0;
            memset(&r->known, 0, sizeof(r->known));
            s->lost++;
        }
        list_put(&s->answers, r);
    }
    uv_mutex_unlock(&s->mutex);
    (void)uv_async_send(&s->async);
}

static void work(void *arg)
{
    struct cq_state *s = arg;
    struct request *group;

    while ((group = take_group(s)) != NULL) {
        struct cq_fault f = {0};

        (void)write_group(s, group, &f);
        give_back(s, group, &f);
    }
    cq_store_close(s->store);
    uv_mutex_lock(&s->mutex);
    s->stopped = true;
    uv_mutex_unlock(&s->mutex);
    if (s->has_async) (void)uv_async_send(&s->async);
}

/* ---- the loop ---- */

static void join(struct cq_state *s)
{
    (void)uv_thread_join(&s->thread);
    uv_cond_destroy(&s->more);
    uv_mutex_destroy(&s->mutex);
}

static void prepare_closed(uv_handle_t *h)
{
    struct cq_state *s = h->data;
    void (*closed)(void *ctx) = s->closed;
    void *ctx = s->closed_ctx;

    join(s);
    cq_dir_unlock(s->lock_fd);
    cq_free(s->o.mem, s);
    closed(ctx);
}

static void async_closed(uv_handle_t *h)
{
    struct cq_state *s = h->data;

    uv_close((uv_handle_t *)&s->prepare, prepare_closed);
}

static void tell_failure(struct cq_state *s, const struct cq_fault *f)
{
    if (!f->err || s->told || s->closed) return;
    s->told = true;
    s->o.failed(s->o.ctx, f->text);
}

static void answer(struct cq_state *s, const struct request *r)
{
    if (--s->waiting == 0 && !s->closed) uv_unref((uv_handle_t *)&s->async);
    if (!s->closed) s->o.answered(s->o.ctx, r->token, r->epoch, &r->known);
}

static void on_async(uv_async_t *h)
{
    struct cq_state *s = h->data;
    struct request *r, *next;
    struct cq_fault fault;
    bool stopped;

    uv_mutex_lock(&s->mutex);
    r = s->answers.first;
    list_init(&s->answers);
    s->failures = s->lost;
    fault = s->fault;
    stopped = s->stopped;
    uv_mutex_unlock(&s->mutex);
    tell_failure(s, &fault);
    for (; r; r = next) {
        next = r->next;
        if (r->is_begin) answer(s, r);
        cq_free(s->o.mem, r);
    }
    if (stopped) uv_close((uv_handle_t *)&s->async, async_closed);
}

/* Before the loop sleeps. */
static void on_prepare(uv_prepare_t *h)
{
    cq_state_flush(h->data);
}

static struct request *new_request(struct cq_state *s, cq_bytes name)
{
    struct request *r = cq_alloc(s->o.mem, sizeof(*r) + name.n);

    if (!r) return NULL;
    memset(r, 0, offsetof(struct request, known)); /* which is the answer, or what is told */
    r->n_name = name.n;
    if (name.n) memcpy(r->name, name.p, name.n);
    return r;
}

void cq_state_flush(struct cq_state *s)
{
    if (!s->turn.first) return;
    uv_mutex_lock(&s->mutex);
    *s->asked.end = s->turn.first;
    s->asked.end = s->turn.end;
    uv_cond_signal(&s->more);
    uv_mutex_unlock(&s->mutex);
    list_init(&s->turn);
}

int cq_state_begin(struct cq_state *s, cq_bytes name, int64_t wall_ms, void *token)
{
    struct request *r = new_request(s, name);

    if (!r) return CQ_ENOMEM;
    r->is_begin = true;
    r->token = token;
    r->wall_ms = wall_ms;
    if (s->waiting++ == 0) uv_ref((uv_handle_t *)&s->async);
    list_put(&s->turn, r);
    return 0;
}

int cq_state_end(struct cq_state *s, cq_bytes name, enum cq_ending ending,
                 const struct cq_known *known)
{
    struct request *r = new_request(s, name);

    if (!r) return CQ_ENOMEM;
    r->ending = ending;
    r->known = *known;
    list_put(&s->turn, r);
    return 0;
}

uint64_t cq_state_failures(const struct cq_state *s)
{
    return s->failures;
}

/* ---- life ---- */

/* The host's signals are for its own threads. */
static int start(struct cq_state *s)
{
    sigset_t all, before;
    int r;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    r = uv_thread_create(&s->thread, work, s);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r ? CQ_ENOMEM : 0;
}

static void stop(struct cq_state *s)
{
    cq_state_flush(s);
    uv_mutex_lock(&s->mutex);
    s->stop = true;
    uv_cond_signal(&s->more);
    uv_mutex_unlock(&s->mutex);
}

static int open_thread(struct cq_state *s)
{
    if (uv_mutex_init(&s->mutex)) return CQ_ENOMEM;
    if (uv_cond_init(&s->more) == 0) {
        if (start(s) == 0) return 0;
        uv_cond_destroy(&s->more);
    }
    uv_mutex_destroy(&s->mutex);
    return CQ_ENOMEM;
}

/* The way back; without one the thread is ended at once. */
static int open_async(struct cq_state *s)
{
    if (uv_async_init(s->o.loop, &s->async, on_async) == 0) {
        s->async.data = s;
        s->has_async = true;
        uv_unref((uv_handle_t *)&s->async);
        (void)uv_prepare_init(s->o.loop, &s->prepare);
        s->prepare.data = s;
        (void)uv_prepare_start(&s->prepare, on_prepare);
        uv_unref((uv_handle_t *)&s->prepare);
        return 0;
    }
    stop(s);
    join(s);
    s->store = NULL; /* the thread closed it */
    return CQ_EDESCRIPTORS;
}

static int open_all(struct cq_state *s, struct cq_fault *f)
{
    int err = cq_dir_lock(s->o.dir, &s->lock_fd, f);

    if (err) return err;
    err = cq_store_open(&s->store, s->o.dir, f);
    if (!err) err = open_thread(s);
    if (!err) err = open_async(s);
    if (!err) return 0;
    cq_store_close(s->store);
    cq_dir_unlock(s->lock_fd);
    return cq_fault_set(f, err, "%s: %s", s->o.dir, cq_err_text(err));
}

int cq_state_open(struct cq_state **out, const struct cq_state_options *o, struct cq_fault *f)
{
    struct cq_state *s = cq_calloc(o->mem, 1, sizeof(*s));
    int err;

    *out = NULL;
    if (!s) return cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    s->o = *o;
    (void)snprintf(s->dir, sizeof(s->dir), "%s", o->dir); /* a longer one is refused below */
    list_init(&s->turn);
    list_init(&s->asked);
    list_init(&s->answers);
    err = open_all(s, f);
    if (err) {
        cq_free(o->mem, s);
        return err;
    }
    *out = s;
    return 0;
}

void cq_state_close(struct cq_state *s, void (*closed)(void *ctx), void *ctx)
{
    s->closed = closed;
    s->closed_ctx = ctx;
    uv_ref((uv_handle_t *)&s->async);
    stop(s);
}
