/* SPDX-License-Identifier: Apache-2.0 */
/* Two TLS pumps in memory (tests/net/pair.h). */
#include "net/pair.h"

struct cert ca, other_ca, leaf, self_signed, expired, early, client_cert, stranger;
struct cq_tls_cache *cache;
uint8_t up[UP], down[DOWN], got_up[UP + 1], got_down[DOWN + 1];
int turn_of;

struct setting plain_setting(void)
{
    return (struct setting){
        .cfg = {.mode = CQ_TLS_VERIFY_FULL, .ca_pem = cq_str(ca.cert_pem)},
        .peer = {.host = "node.example"},
        .server = {.cert = &leaf},
        .ring = CQ_TLS_IN,
    };
}

void pair_init(struct pair *p, const struct setting *s)
{
    struct cq_fault f = {0};
    SSL *ssl;

    memset(p, 0, sizeof *p);
    p->hop = SIZE_MAX;
    p->stop = SIZE_MAX;
    p->pause_at = SIZE_MAX;
    p->client.fault.mem = p->server.fault.mem = &cq_mem_libc;
    assert_int_equal(cq_tls_cache_get(cache, &s->cfg, &p->ctx, &f), 0);
    turn_of = 0;
    assert_int_equal(cq_tls_client(p->ctx, &s->peer, &ssl), 0);
    assert_int_equal(cq_tls_init(&p->client.tls, &cq_mem_libc, ssl, cq_tls_ctx_method(p->ctx),
                                 s->ring, &p->client.fault),
                     0);
    p->client.tls.cert_given = SSL_get_certificate(ssl) != NULL;
    cq_tls_resume(&p->client.tls, p->ctx, &s->peer);
    turn_of = 1;
    p->server_ctx = s->shared ? s->shared : server_ctx(&s->server);
    if (s->shared) SSL_CTX_up_ref(s->shared);
    ssl = SSL_new(p->server_ctx);
    assert_non_null(ssl);
    SSL_set_accept_state(ssl);
    assert_int_equal(cq_tls_init(&p->server.tls, &cq_mem_libc, ssl, cq_tls_ctx_method(p->ctx),
                                 s->ring, &p->server.fault),
                     0);
}

void pair_fini(struct pair *p)
{
    cq_tls_fini(&p->client.tls);
    cq_tls_fini(&p->server.tls);
    cq_blame_fini(&p->client.fault);
    cq_blame_fini(&p->server.fault);
    SSL_CTX_free(p->server_ctx);
    cq_tls_ctx_release(p->ctx);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Carries at most max bytes. */
static size_t carry(struct side *from, struct side *to, size_t max)
{
    cq_bytes b = cq_tls_pending(&from->tls);
    uint8_t *p = NULL;
    size_t room = 0;
    size_t n;

    assert_int_equal(b.n > 0, cq_tls_is_pending(&from->tls));
    if (b.n == 0) return 0;
    cq_tls_space(&to->tls, &p, &room);
    n = least(least(b.n, max), room);
    if (n == 0) return 0;
    memcpy(p, b.p, n);
    cq_tls_commit(&to->tls, n);
    cq_tls_sent(&from->tls, n);
    from->moved += n;
    return n;
}

/* One hop each way. False: nothing moved. */
bool carry_both(struct pair *p)
{
    size_t left = p->stop - p->server.moved;
    size_t to_pause = p->server.moved < p->pause_at ? p->pause_at - p->server.moved : SIZE_MAX;
    bool moved = carry(&p->client, &p->server, p->hop) > 0;

    moved |= carry(&p->server, &p->client, least(least(p->hop, left), to_pause)) > 0;
    if (p->ends && p->server.moved == p->stop && !p->client.tls.eof) {
        cq_tls_eof(&p->client.tls, p->how);
        moved = true;
    }
    return moved;
}

/* Everything that this side can do now. True: something was done. */
bool act(struct side *s, struct talk *t, size_t room)
{
    enum cq_tls_state before = s->tls.state;
    size_t n = 0;
    bool did = false;

    turn_of = s->tls.ssl && SSL_is_server(s->tls.ssl);
    t->io = cq_tls_handshake(&s->tls);
    if (t->io != CQ_IO_OK && s->tls.state != CQ_TLS_ENDED) return before != s->tls.state;
    if (t->n_out && (t->io = cq_tls_write(&s->tls, (cq_bytes){t->out, t->n_out}, &n)) == CQ_IO_OK) {
        t->out += n;
        t->n_out -= n;
        did = true;
    }
    while (room > t->n_in &&
           (t->io = cq_tls_read(&s->tls, t->in + t->n_in, room - t->n_in, &n)) == CQ_IO_OK) {
        t->n_in += n;
        did = true;
    }
    return did || before != s->tls.state;
}

bool talk(struct pair *p, size_t n_up, size_t n_down, struct talk *c, struct talk *s)
{
    bool more = true;

    *c = (struct talk){.out = up, .n_out = n_up, .in = got_down};
    *s = (struct talk){.out = down, .n_out = n_down, .in = got_up};
    for (size_t i = 0; more; i++) {
        more = act(&p->client, c, DOWN + 1);
        more |= act(&p->server, s, UP + 1);
        more |= carry_both(p);
        assert_true(i < 10000000);
    }
    return c->n_in == n_down && s->n_in == n_up;
}

void check_talk(struct pair *p, size_t n_up, size_t n_down)
{
    struct talk c, s;

    assert_true(talk(p, n_up, n_down, &c, &s));
    assert_memory_equal(got_up, up, n_up);
    assert_memory_equal(got_down, down, n_down);
    assert_int_equal(p->client.tls.state, CQ_TLS_OPEN);
    assert_int_equal(c.io, CQ_IO_AGAIN);
}

void run_pair(struct pair *p, const struct setting *s, struct talk *c)
{
    struct talk t;

    pair_init(p, s);
    talk(p, 10, 10, c, &t);
}

int pair_setup(void **state)
{
    static const struct cert_spec ca_spec = {.cn = "test CA", .ca = true};
    static const struct cert_spec other_spec = {.cn = "other CA", .ca = true};
    static const struct cert_spec leaf_spec = {
        .cn = "leaf",
        .names = "DNS:node.example,DNS:*.wild.example,IP:127.40.2.1,IP:::1,IP:fe80::1"};
    static const struct cert_spec expired_spec = {
        .cn = "old", .names = "DNS:node.example", .from_s = -7200, .to_s = -3600};
    static const struct cert_spec early_spec = {
        .cn = "early", .names = "DNS:node.example", .from_s = 3600, .to_s = 7200};
    static const struct cert_spec client_spec = {.cn = "crawler"};

    (void)state;
    cert_make(&ca, &ca_spec, NULL);
    cert_make(&other_ca, &other_spec, NULL);
    cert_make(&leaf, &leaf_spec, &ca);
    cert_make(&self_signed, &leaf_spec, NULL);
    cert_make(&expired, &expired_spec, &ca);
    cert_make(&early, &early_spec, &ca);
    cert_make(&client_cert, &client_spec, &ca);
    cert_make(&stranger, &client_spec, &other_ca);
    for (size_t i = 0; i < DOWN; i++)
        down[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < UP; i++)
        up[i] = (uint8_t)(i * 2246822519u >> 24);
    return cq_tls_cache_new(&cache, &cq_mem_libc);
}

int pair_teardown(void **state)
{
    struct cert *all[] = {&ca,      &other_ca, &leaf,        &self_signed,
                          &expired, &early,    &client_cert, &stranger};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cert_free(all[i]);
    cq_tls_cache_free(cache);
    return 0;
}
