/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attempt's connections: made, lost, made again in another version or without compression (each
 * tried once), logged in; their events; blocks for bodies as the budget allows.
 */
#include <assert.h>

#include "crawler/crawl_impl.h"

static bool take(void *ctx, size_t n)
{
    struct cq_crawl *c = ctx;

    return cq_budget_take(&c->budget, n);
}

static void give(void *ctx, size_t n)
{
    struct cq_crawl *c = ctx;

    cq_budget_give(&c->budget, n);
}

static void drop_conn(struct cq_crawl *c)
{
    struct cql_conn_counts n;

    if (!c->conn) return;
    n = cql_conn_counts(c->conn);
    c->before.bytes_in += n.bytes_in;
    c->before.bytes_out += n.bytes_out;
    c->before.requests += c->sent_requests;
    c->sent_requests = 0;
    cql_conn_free(c->conn, NULL);
    c->conn = NULL;
}

static int keep_tls(struct cq_crawl *c, const struct cq_tls_facts *tls)
{
    struct cq_tls_facts *kept;

    c->tls = NULL;
    if (!tls) return 0;
    kept = cq_arena_alloc(&c->arena, sizeof(*kept));
    if (!kept) return CQ_ENOMEM;
    *kept = (struct cq_tls_facts){
        .version = cq_crawl_keep(c, tls->version),
        .cipher = cq_crawl_keep(c, tls->cipher),
        .subject = cq_crawl_keep(c, tls->subject),
        .issuer = cq_crawl_keep(c, tls->issuer),
        .not_after_ms = tls->not_after_ms,
    };
    c->tls = kept;
    return 0;
}

int cq_crawl_connected(struct cq_crawl *c, const struct cq_tls_facts *tls, uint64_t now_ns)
{
    struct cql_conn_options o = {
        .mem = c->o->mem,
        .secrets = c->o->secrets,
        .version = c->version,
        .supported = c->ask_first ? CQ_NULL : c->o->supported,
        .compression = c->no_compression ? CQL_NO : c->o->compression,
        .driver_name = c->o->driver_name,
        .driver_version = c->o->driver_version,
        .request_timeout_ns = c->o->request_timeout_ns,
        .take = take,
        .give = give,
        .ctx = c,
    };
    int err;

    c->in_lines = false;
    if (now_ns > c->now_ns) c->now_ns = now_ns;
    if (c->state != CQ_CRAWL_DIALLING) return CQ_EINVALID;
    drop_conn(c);
    c->transport_gone = false;
    c->spent.connections++;
    err = keep_tls(c, tls);
    if (!err) err = cql_conn_new(&c->conn, &o, cq_crawl_inner(c));
    if (err) return err;
    c->spent.waits++; /* OPTIONS, or STARTUP */
    cq_crawl_set_state(c, CQ_CRAWL_HANDSHAKE);
    return 0;
}

void cq_crawl_net_step(struct cq_crawl *c, int step, uint64_t ns)
{
    uint64_t *const spent[] = {&c->spent.ns_resolve, &c->spent.ns_connect, &c->spent.ns_tls};

    if (step >= 0 && step < 3) *spent[step] += ns;
}

void cq_crawl_net_end(struct cq_crawl *c, int err, const char *text, uint64_t now_ns,
                      int64_t wall_ms)
{
    c->in_lines = false;
    if (now_ns > c->now_ns) c->now_ns = now_ns;
    c->wall_ms = wall_ms;
    c->transport_gone = true;
    if (c->state == CQ_CRAWL_OVER) return;
    if (!err) err = CQ_ECLOSED;
    if (c->state == CQ_CRAWL_DIALLING) {
        cq_crawl_fail(c, err, "%s", text && text[0] ? text : cq_err_text(err));
        return;
    }
    c->end_text = cq_crawl_keep(c, text);
    c->end_err = err;
    cql_conn_end(c->conn, err); /* what it still holds comes first */
}

/* Could it be that what is known of the server is no longer true? */
static bool may_have_changed(const struct cq_crawl *c, int err)
{
    return cql_conn_recalls(c->conn) &&
           (err == CQ_EVERSION || err == CQ_ELZ4 || err == CQ_EPROTOCOL ||
            err == CQ_ESERVER_ERROR || err == CQ_ERESET || err == CQ_ECLOSED);
}

/* Another connection, each kind once. */
static bool redial(struct cq_crawl *c, const struct cql_event *ev)
{
    bool *tried = ev->retry_version == 5 ? &c->tried_v5 : &c->tried_v4;

    if (c->state != CQ_CRAWL_HANDSHAKE) return false;
    if (may_have_changed(c, ev->err)) {
        c->ask_first = true;
    } else if (ev->retry_version && !c->o->version && !*tried) {
        *tried = true;
        c->version = ev->retry_version;
    } else if (ev->retry_without_compression && !c->no_compression &&
               c->o->compression != CQL_YES) {
        c->no_compression = true;
    } else {
        return false;
    }
    cq_crawl_set_state(c, CQ_CRAWL_DIALLING);
    cq_crawl_tell(c, CQ_CRAWL_REDIAL, 0, "");
    return true;
}

static void on_failed(struct cq_crawl *c, const struct cql_event *ev)
{
    if (redial(c, ev)) return;
    if (c->end_text && c->end_text[0] && ev->err == c->end_err)
        cq_crawl_fail(c, ev->err, "%.*s: %s", CQ_FMT(ev->text), c->end_text);
    else
        cq_crawl_fail(c, ev->err, "%.*s", CQ_FMT(ev->text));
}

static void protocol_done(struct cq_crawl *c)
{
    static const char *const spoken[2][2] = {{"v4", "v4, lz4"}, {"v5", "v5, lz4"}};
    bool is_lz4 = strcmp(cql_conn_compression(c->conn), "lz4") == 0;

    cq_crawl_tell(c, CQ_CRAWL_STEP, CQ_CRAWL_PROTOCOL_STEP,
                  spoken[cql_conn_version(c->conn) == 5][is_lz4])
        ->ns = c->now_ns - c->since_ns;
}

static void on_login(struct cq_crawl *c, const struct cql_event *ev)
{
    const struct cq_login_options o = {
        .login = c->o->login,
        .user = c->o->user,
        .password = c->o->password,
        .allow_plaintext = c->o->allow_plaintext_login,
        .allow_authenticators = c->o->allow_authenticators,
        .encrypted = c->tls != NULL,
    };
    const char *authenticator = cql_conn_authenticator(c->conn);
    struct cq_fault fault = {0};
    struct cq_buf token;
    cq_bytes bytes;
    int err;

    if (c->state == CQ_CRAWL_HANDSHAKE) {
        protocol_done(c);
        cq_crawl_set_state(c, CQ_CRAWL_LOGIN);
    }
    cq_buf_init(&token, c->o->secrets ? c->o->secrets : c->o->mem, CQ_MAX_REQUEST);
    if (ev->kind == CQL_EV_AUTHENTICATE)
        err = cq_login_first(&o, authenticator, &token, &fault);
    else
        err = cq_login_challenge(&o, authenticator, ev->bytes, &token, &fault);
    bytes = cq_buf_view(&token);
    if (!err) {
        c->spent.waits++;
        err = cql_conn_auth(c->conn, bytes, cq_crawl_inner(c));
        if (err) cq_fault_set(&fault, err, "the login could not be sent");
    }
    cq_buf_fini(&token);
    if (err) cq_crawl_fail(c, fault.err, "%s", fault.text);
}

static void on_ready(struct cq_crawl *c)
{
    static const cq_bytes certificate = {(const uint8_t *)"its certificate", 15};
    cq_bytes as = c->o->login == CQ_LOGIN_MTLS ? certificate : c->o->user;

    if (c->state == CQ_CRAWL_HANDSHAKE) {
        protocol_done(c);
        cq_crawl_tell(c, CQ_CRAWL_STEP, CQ_CRAWL_LOGIN_STEP, "the server asks for none");
    } else {
        cq_crawl_push(c, CQ_CRAWL_STEP, CQ_CRAWL_LOGIN_STEP, 0, "%s as %.*s",
                      cql_conn_authenticator(c->conn), CQ_FMT(as))
            ->ns = c->now_ns - c->since_ns;
    }
    cq_crawl_set_state(c, CQ_CRAWL_RESERVE);
}

/* The body announced last gets its block, as soon as the budget has it. */
void cq_crawl_give_block(struct cq_crawl *c)
{
    struct cq_cursor *cursor;
    uint8_t *block;
    int err;

    if (c->wanting < 0) return;
    cursor = &c->w->asks[c->wanting].cursor;
    block = cq_cursor_room(cursor, c->want_bytes, c->want_total, &err);
    if (err == CQ_EMEMORY) {
        cq_crawl_fail(c, err, "an answer from %s is larger than --memory-max allows (%zu bytes)",
                      cq_table_info(cursor->table)->name, c->budget.account->limit);
    } else if (err) {
        cq_crawl_fail(c, err, "no memory for a page of %s", cq_table_info(cursor->table)->name);
    } else if (block) {
        c->wanting = -1;
        cql_conn_give(c->conn, block, cursor->cap);
    }
}

static void on_event(struct cq_crawl *c, const struct cql_event *ev)
{
    switch (ev->kind) {
    case CQL_EV_SUPPORTED:
        c->spent.waits++; /* STARTUP */
        break;
    case CQL_EV_AUTHENTICATE:
    case CQL_EV_AUTH_CHALLENGE:
        on_login(c, ev);
        break;
    case CQL_EV_READY:
        on_ready(c);
        break;
    case CQL_EV_BODY:
        c->wanting = c->w->by_stream[ev->stream];
        c->want_bytes = ev->need;
        c->want_total = ev->total;
        cq_crawl_give_block(c);
        break;
    case CQL_EV_RESULT:
    case CQL_EV_ERROR:
    case CQL_EV_TIMEOUT:
        cq_crawl_answer(c, ev);
        break;
    case CQL_EV_EVENT:
        break;
    case CQL_EV_FAILED:
        on_failed(c, ev);
        break;
    }
}

void cq_crawl_pump(struct cq_crawl *c)
{
    struct cql_event ev;

    if (c->state != CQ_CRAWL_OVER) cq_crawl_give_block(c);
    while (c->conn && c->state != CQ_CRAWL_OVER && c->state != CQ_CRAWL_DIALLING &&
           cql_conn_next(c->conn, &ev)) {
        on_event(c, &ev);
        cq_crawl_ask(c); /* behind the last answer nothing matters, not even a reset */
    }
}
