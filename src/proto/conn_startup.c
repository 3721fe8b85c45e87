/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake (protocol.md 1.5, 1.6): what SUPPORTED offers decides version and compression, a
 * refusal is turned into "another connection, in that version" or into an error of its own. Each
 * version is tried once: a connection whose version was given never asks for another.
 */
#include <stdio.h>

#include "proto/conn_impl.h"
#include "proto/request.h"
#include "proto/wire.h"

static bool contains(cq_bytes text, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, what, n) == 0) return true;
    return false;
}

static struct cql_reader supported_pairs(const struct cql_conn *c, uint32_t *n)
{
    struct cql_reader r = cql_reader_of((cq_bytes){c->supported, c->supported_n});

    *n = cql_read_u16(&r);
    if (r.bad) *n = 0;
    return r;
}

struct cql_offers cql_conn_supported(const struct cql_conn *c, cq_bytes key)
{
    struct cql_offers none = {0}, o;
    uint32_t n;
    struct cql_reader r = supported_pairs(c, &n);

    while (n--) {
        cq_bytes name = cql_read_string(&r);
        cq_bytes list = cql_read_string_list(&r, &o.left);

        o.values = cql_reader_of(list);
        if (cq_eq(name, key)) return o;
    }
    return none;
}

cq_bytes cql_conn_supported_body(const struct cql_conn *c)
{
    return c->supported ? (cq_bytes){c->supported, c->supported_n} : CQ_NULL;
}

bool cql_conn_recalls(const struct cql_conn *c)
{
    return c->recalls;
}

bool cql_conn_supported_has(const struct cql_conn *c, cq_bytes prefix)
{
    uint32_t n, n_values;
    struct cql_reader r = supported_pairs(c, &n);

    while (n--) {
        if (cq_has_prefix(cql_read_string(&r), prefix)) return true;
        cql_read_string_list(&r, &n_values);
    }
    return false;
}

/* "5/v5" offers 5; "6/v6-beta" offers nothing: what is beta is not the final protocol. */
static bool offers(const struct cql_conn *c, char version)
{
    struct cql_offers o = cql_conn_supported(c, CQ_LIT("PROTOCOL_VERSIONS"));
    cq_bytes v;

    while (!cq_is_null(v = cql_offers_next(&o)))
        if (v.n >= 2 && v.p[0] == version && v.p[1] == '/' && !contains(v, "beta")) return true;
    return false;
}

static bool offers_lz4(const struct cql_conn *c)
{
    struct cql_offers o = cql_conn_supported(c, CQ_LIT("COMPRESSION"));
    cq_bytes v;

    while (!cq_is_null(v = cql_offers_next(&o)))
        if (cq_eq(v, CQ_LIT("lz4"))) return true;
    return false;
}

/* 3.0 and look-alikes list no versions: they speak 4 and not 5. 0: nothing in common. */
static int choose_version(const struct cql_conn *c)
{
    bool is_listed = cql_conn_supported(c, CQ_LIT("PROTOCOL_VERSIONS")).left > 0;

    if (c->o.version != 4 && is_listed && offers(c, '5')) return 5;
    if (c->o.version != 5 && (!is_listed || offers(c, '4'))) return 4;
    return 0;
}

static void fail_version(struct cql_conn *c)
{
    struct cql_offers o = cql_conn_supported(c, CQ_LIT("PROTOCOL_VERSIONS"));
    char list[128];
    size_t n = 0;
    cq_bytes v;

    while (!cq_is_null(v = cql_offers_next(&o))) {
        int m = snprintf(list + n, sizeof(list) - n, "%s%.*s", n ? ", " : "", CQ_FMT(v));

        if (m < 0 || (size_t)m >= sizeof(list) - n) break;
        n += (size_t)m;
    }
    list[n < sizeof(list) ? n : sizeof(list) - 1] = 0;
    cql_conn_fail(c, CQ_EVERSION, "the server offers protocol versions (%s), wanted: %s",
                  n ? list : "none listed",
                  c->o.version == 5 ? "5"
                  : c->o.version    ? "4"
                                    : "5 or 4");
}

static void send_startup(struct cql_conn *c)
{
    struct cql_pair options[5] = {
        {CQ_LIT("CQL_VERSION"), CQ_LIT("3.0.0")},
        {CQ_LIT("THROW_ON_OVERLOAD"), CQ_LIT("1")},
    };
    unsigned n = 2;

    if (c->is_lz4) options[n++] = (struct cql_pair){CQ_LIT("COMPRESSION"), CQ_LIT("lz4")};
    if (c->o.driver_name)
        options[n++] = (struct cql_pair){CQ_LIT("DRIVER_NAME"), cq_str(c->o.driver_name)};
    if (c->o.driver_version)
        options[n++] = (struct cql_pair){CQ_LIT("DRIVER_VERSION"), cq_str(c->o.driver_version)};
    cql_put_startup(&c->out, c->version, 0, options, n);
    if (c->out.err) cql_conn_fail(c, c->out.err, "STARTUP could not be written");
}

static int keep_supported(struct cql_conn *c, cq_bytes body)
{
    c->supported = cq_alloc(c->o.mem, body.n);
    if (!c->supported) return CQ_ENOMEM;
    memcpy(c->supported, body.p, body.n);
    c->supported_n = body.n;
    return 0;
}

static void choose_startup(struct cql_conn *c, int version)
{
    c->version = version;
    c->in.lz4 = c->is_lz4;
    send_startup(c);
    if (c->state != CQL_CONN_FAILED) cql_conn_set_state(c, CQL_AWAIT_READY);
}

int cql_conn_recall(struct cql_conn *c)
{
    cq_bytes pairs;
    uint32_t n;
    int version;

    if (c->o.supported.n == 0) return 0;
    if (cql_supported_read(c->o.supported, &pairs, &n) || n > CQ_MAX_MULTIMAP) return 0;
    if (keep_supported(c, c->o.supported)) return CQ_ENOMEM;
    version = choose_version(c);
    c->is_lz4 = c->o.compression != CQL_NO && offers_lz4(c);
    if (version && (c->is_lz4 || c->o.compression != CQL_YES)) {
        c->recalls = true;
        choose_startup(c, version);
        return 0;
    }
    cq_free(c->o.mem, c->supported); /* it may offer more by now: ask */
    c->supported = NULL;
    c->supported_n = 0;
    c->is_lz4 = false;
    return 0;
}

bool cql_conn_on_supported(struct cql_conn *c, cq_bytes body, struct cql_event *ev)
{
    cq_bytes pairs;
    uint32_t n;
    int version;

    if (cql_supported_read(body, &pairs, &n)) return false;
    if (n > CQ_MAX_MULTIMAP) {
        cql_conn_fail(c, CQ_ETOO_MANY, "SUPPORTED has %u keys", (unsigned)n);
        return false;
    }
    if (keep_supported(c, body)) {
        cql_conn_fail(c, CQ_ENOMEM, "no memory for SUPPORTED");
        return false;
    }
    ev->kind = CQL_EV_SUPPORTED;
    ev->text = (cq_bytes){(const uint8_t *)"", 0};
    version = choose_version(c);
    c->is_lz4 = c->o.compression != CQL_NO && offers_lz4(c);
    if (!version) {
        fail_version(c);
    } else if (c->o.compression == CQL_YES && !c->is_lz4) {
        cql_conn_fail(c, CQ_ELZ4, "the server does not offer lz4");
    } else {
        choose_startup(c, version);
        c->counts.requests++;
    }
    return true;
}

bool cql_conn_on_authenticate(struct cql_conn *c, cq_bytes body, struct cql_event *ev)
{
    if (cql_authenticate_read(body, &ev->text)) return false;
    c->authenticator = cq_strndup(c->o.mem, ev->text.p, ev->text.n);
    if (!c->authenticator) {
        cql_conn_fail(c, CQ_ENOMEM, "no memory for the authenticator's name");
        return false;
    }
    if (c->version >= 5) cql_inflow_segmented(&c->in);
    cql_conn_set_state(c, CQL_AWAIT_TOKEN);
    ev->kind = CQL_EV_AUTHENTICATE;
    return true;
}

bool cql_conn_on_token(struct cql_conn *c, cq_bytes body, struct cql_event *ev)
{
    if (cql_token_read(body, &ev->bytes)) return false;
    cql_conn_set_state(c, CQL_AWAIT_TOKEN);
    ev->kind = CQL_EV_AUTH_CHALLENGE;
    return true;
}

bool cql_conn_on_ready(struct cql_conn *c, struct cql_event *ev)
{
    if (c->version >= 5) cql_inflow_segmented(&c->in);
    cql_conn_set_state(c, CQL_CONN_READY);
    ev->kind = CQL_EV_READY;
    return true;
}

/* The other version, where this connection was free to choose and the server's words say so. */
static int other_version(const struct cql_conn *c, cq_bytes text)
{
    int tried = c->version ? c->version : 4;

    if (c->o.version) return 0;
    if (tried == 5) return 4;
    if (contains(text, "Rejecting Protocol Version")) return 5;
    return contains(text, "5/v5") && !contains(text, "5/v5-beta") ? 5 : 0;
}

static bool is_version_refusal(const struct cql_error *e)
{
    /* 2.1 says 0x0000 where all later ones say 0x000A */
    if (e->code != CQL_ERR_PROTOCOL && e->code != CQL_ERR_SERVER) return false;
    return contains(e->message, "rotocol version") || contains(e->message, "Protocol Version") ||
           contains(e->message, "Beta version") || contains(e->message, "Invalid message version");
}

static int refusal_err(const struct cql_conn *c, const struct cql_error *e)
{
    switch (e->code) {
    case CQL_ERR_AUTH:
        return CQ_EAUTH_FAILED;
    case CQL_ERR_OVERLOADED:
        return CQ_EOVERLOADED;
    case CQL_ERR_BOOTSTRAPPING:
        return CQ_EBOOTSTRAPPING;
    case CQL_ERR_UNAUTHORIZED:
        return CQ_EDENIED;
    case CQL_ERR_PROTOCOL:
        return CQ_EPROTOCOL;
    default:
        return c->state == CQL_AWAIT_LOGIN ? CQ_EAUTH_FAILED : CQ_ESERVER_ERROR;
    }
}

void cql_conn_on_refusal(struct cql_conn *c, const struct cql_error *e)
{
    int err = refusal_err(c, e);

    c->code = e->code;
    if (is_version_refusal(e)) {
        err = CQ_EVERSION;
        c->retry_version = other_version(c, e->message);
    } else if (c->state == CQL_AWAIT_READY && c->is_lz4 && contains(e->message, "ompression")) {
        err = CQ_ELZ4;
        c->retry_without_compression = true;
    }
    cql_conn_fail(c, err, "%.*s", CQ_FMT(e->message));
}

/* SASL's PLAIN (RFC 4616) without an authorization identity: NUL user NUL password. */
int cql_auth_plain(cq_bytes user, cq_bytes password, struct cq_buf *out)
{
    if (user.n == 0 || password.n == 0) return CQ_EINVALID;
    if (memchr(user.p, 0, user.n) || memchr(password.p, 0, password.n)) return CQ_EINVALID;
    if (user.n + password.n + 2 > CQ_MAX_REQUEST - 64) return CQ_EINVALID;
    if (!cq_buf_room(out, user.n + password.n + 2)) return out->err;
    cq_buf_putc(out, 0);
    cq_buf_put(out, user.p, user.n);
    cq_buf_putc(out, 0);
    cq_buf_put(out, password.p, password.n);
    cq_wipe_registers();
    return out->err;
}

/*
 * b goes on where secrets are kept, with room for n bytes more: all of it at once, for a buffer
 * that grew would copy a secret.
 */
static bool keep_apart(const struct cql_conn *c, struct cq_buf *b, size_t n)
{
    cq_bytes waiting = cq_buf_view(b);
    struct cq_buf apart;

    cq_buf_init(&apart, c->o.secrets, b->max);
    if (!cq_buf_room(&apart, waiting.n + n)) return false;
    cq_buf_put(&apart, waiting.p, waiting.n);
    cq_buf_fini(b);
    *b = apart;
    return true;
}

int cql_conn_auth(struct cql_conn *c, cq_bytes token, uint64_t now_ns)
{
    size_t room = token.n + 64;
    struct cq_buf *to = c->version >= 5 ? &c->batch : &c->out;

    if (c->state != CQL_AWAIT_TOKEN) return CQ_EINVALID;
    if (token.n > CQ_MAX_REQUEST) return CQ_ETOO_LARGE;
    c->has_secret = true;
    if (!keep_apart(c, &c->out, room)) return CQ_ENOMEM;
    if (to == &c->batch && !keep_apart(c, to, room)) return CQ_ENOMEM;
    cql_conn_set_now(c, now_ns);
    cql_put_auth_response(to, c->version, 0, token);
    cq_wipe_registers();
    c->counts.requests++;
    cql_conn_set_state(c, CQL_AWAIT_LOGIN);
    return to->err;
}
