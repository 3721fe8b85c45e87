/* SPDX-License-Identifier: Apache-2.0 */
/* Opcodes, versions and login (reply.h; CQL v4 section 4.1, texts measured on real servers). */
#include "sim/reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void refuse(struct cqsim_buf *body, struct cqsim_reply *out, uint32_t code, const char *text)
{
    struct cqsim_error e = {.code = code};
    cqsim_copy_text(e.text, sizeof e.text, cqsim_text(text));
    cqsim_error_body(&e, body);
    out->opcode = CQSIM_OP_ERROR;
}

static bool bad_version(const struct cqsim_release *rel, unsigned version,
                        struct cqsim_envelope *header, struct cqsim_error *error)
{
    header->version = 0x80 | rel->highest;
    header->flags = rel->highest_is_beta ? CQSIM_FLAG_BETA : 0;
    snprintf(error->text, sizeof error->text, "Invalid or unsupported protocol version (%u); %s",
             version, rel->versions_text);
    return false;
}

static bool is_beta(const struct cqsim_release *rel, unsigned version)
{
    return (rel->line == CQSIM_311 && version == 5) || (rel->line >= CQSIM_40 && version == 6);
}

static bool is_other_version(const struct cqsim_conn *conn, unsigned version,
                             struct cqsim_envelope *header, struct cqsim_error *error)
{
    if (conn->version == 0 || conn->version == version) return false;
    header->version = 0x80 | conn->version;
    snprintf(error->text, sizeof error->text,
             "Invalid message version. Got %u/v%u but previous messages on this connection had "
             "version %u/v%u",
             version, version, conn->version, conn->version);
    return true;
}

bool cqsim_check_version(const struct cqsim_conn *conn, unsigned version, unsigned flags,
                         struct cqsim_envelope *header, struct cqsim_error *error)
{
    const struct cqsim_release *rel = conn->cluster->release;
    *header = (struct cqsim_envelope){.opcode = CQSIM_OP_ERROR};
    error->code = CQSIM_E_PROTOCOL;
    if (conn->cluster->faults.wrong_version) return bad_version(rel, version, header, error);
    if (is_beta(rel, version) && (flags & CQSIM_FLAG_BETA) == 0) {
        header->version = 0x80 | version;
        header->flags = CQSIM_FLAG_BETA;
        snprintf(error->text, sizeof error->text,
                 "Beta version of the protocol used (%u/v%u-beta), but USE_BETA flag is unset",
                 version, version);
        return false;
    }
    unsigned highest = rel->line >= CQSIM_40 ? 5 : 4;
    if (version < 3 || version > highest) return bad_version(rel, version, header, error);
    if (version < conn->cluster->config->min_protocol) {
        header->version = 0x80 | rel->highest;
        snprintf(error->text, sizeof error->text, "Rejecting Protocol Version %u/v%u < 5/v5.",
                 version, version);
        return false;
    }
    return !is_other_version(conn, version, header, error);
}

/* One value of STARTUP's string map; p = NULL when it is not there. */
static struct cqsim_slice startup_option(const struct cqsim_job *job, const char *key)
{
    struct cqsim_reader r = cqsim_reader((struct cqsim_slice){job->body, job->n_body});
    unsigned n = cqsim_get_u16(&r);
    for (unsigned i = 0; i < n && !r.bad; i++) {
        struct cqsim_slice k = cqsim_get_string(&r), v = cqsim_get_string(&r);
        if (!r.bad && k.n == strlen(key) && strncasecmp((const char *)k.p, key, k.n) == 0) return v;
    }
    return (struct cqsim_slice){NULL, 0};
}

static bool choose_compression(struct cqsim_conn *conn, const struct cqsim_job *job,
                               struct cqsim_buf *body, struct cqsim_reply *out)
{
    char name[32], text[96];
    struct cqsim_slice v = startup_option(job, "COMPRESSION");
    if (v.p == NULL || v.n == 0) return true;
    cqsim_copy_text(name, sizeof name, v);
    conn->lz4 = strcasecmp(name, "lz4") == 0;
    if (conn->lz4) return true;
    if (strcasecmp(name, "snappy") != 0)
        snprintf(text, sizeof text, "Unknown compression algorithm: %s", name);
    else if (job->version >= 5)
        snprintf(text, sizeof text, "Snappy compression is not supported in protocol V5");
    else
        snprintf(text, sizeof text, "This instance does not support Snappy compression");
    refuse(body, out, CQSIM_E_PROTOCOL, text);
    return false;
}

static void startup(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                    struct cqsim_reply *out)
{
    const struct cqsim_config *config = conn->cluster->config;
    if (startup_option(job, "CQL_VERSION").p == NULL) {
        refuse(body, out, CQSIM_E_PROTOCOL, "Missing value CQL_VERSION in STARTUP message");
        return;
    }
    if (!choose_compression(conn, job, body, out)) return;
    conn->version = job->version;
    conn->packer.lz4 = conn->lz4;
    out->segments_after = job->version >= 5;
    if (config->auth == CQSIM_AUTH_NONE) {
        conn->state = CQSIM_READY;
        out->opcode = CQSIM_OP_READY;
        return;
    }
    conn->state = CQSIM_AWAIT_LOGIN;
    out->opcode = CQSIM_OP_AUTHENTICATE;
    cqsim_put_string(body, config->authenticator);
}

/* SASL PLAIN: authzid NUL user NUL password. */
static bool is_right(const struct cqsim_config *config, struct cqsim_slice token, char *user,
                     size_t n_user)
{
    user[0] = 0;
    if (token.p == NULL) return false;
    const uint8_t *end = token.p + token.n;
    const uint8_t *u = memchr(token.p, 0, token.n);
    if (u == NULL) return false;
    const uint8_t *p = memchr(u + 1, 0, (size_t)(end - u - 1));
    if (p == NULL) return false;
    struct cqsim_slice name = {u + 1, (size_t)(p - u - 1)};
    cqsim_copy_text(user, n_user, name);
    struct cqsim_slice password = {p + 1, (size_t)(end - p - 1)};
    return cqsim_is(name, config->user) && cqsim_is(password, config->password);
}

static void login(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                  struct cqsim_reply *out)
{
    const struct cqsim_config *config = conn->cluster->config;
    char user[CQSIM_MAX_NAME], text[CQSIM_MAX_TEXT];
    struct cqsim_reader r = cqsim_reader((struct cqsim_slice){job->body, job->n_body});
    struct cqsim_slice token = cqsim_get_bytes(&r);
    bool ok;
    if (config->auth == CQSIM_AUTH_MTLS) {
        ok = conn->has_client_cert && token.p != NULL;
        snprintf(text, sizeof text, "No certificate present on connection");
    } else {
        ok = is_right(config, token, user, sizeof user);
        if (conn->cluster->release->line == CQSIM_30)
            snprintf(text, sizeof text, "Username and/or password are incorrect");
        else
            snprintf(text, sizeof text, "Provided username %s and/or password are incorrect", user);
    }
    if (!ok) {
        refuse(body, out, CQSIM_E_LOGIN, text);
        return;
    }
    conn->state = CQSIM_READY;
    out->opcode = CQSIM_OP_AUTH_SUCCESS;
    cqsim_put_u32(body, UINT32_MAX);
}

/* Warnings, then custom payload (the prefix of section 2.2's flags). */
static void put_prefix(struct cqsim_buf *body, struct cqsim_reply *out)
{
    out->flags |= CQSIM_FLAG_WARNING | CQSIM_FLAG_PAYLOAD;
    cqsim_put_u16(body, 2);
    cqsim_put_string(body, "simulated warning: tables are many");
    cqsim_put_string(body, "a second one");
    cqsim_put_u16(body, 1);
    cqsim_put_string(body, "RequestCharge");
    cqsim_put_bytes(body, (struct cqsim_slice){(const uint8_t *)"\0\1\2\3", 4});
}

static void query(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                  struct cqsim_reply *out)
{
    struct cqsim_query q;
    struct cqsim_slice in = {job->body, job->n_body};
    if (!cqsim_query_parse(in, job->version, &q)) {
        refuse(body, out, CQSIM_E_PROTOCOL, "Not enough bytes to read a QUERY message");
        return;
    }
    if (conn->cluster->faults.warnings) put_prefix(body, out);
    out->opcode = cqsim_answer(conn->cluster, &q, job->version, &conn->counts, body);
}

static void too_early(const struct cqsim_job *job, struct cqsim_buf *body, struct cqsim_reply *out,
                      const char *expected)
{
    static const char *const names[CQSIM_N_OPCODES] = {
        "ERROR",     "STARTUP", "READY",          "AUTHENTICATE",  "CREDENTIALS", "OPTIONS",
        "SUPPORTED", "QUERY",   "RESULT",         "PREPARE",       "EXECUTE",     "REGISTER",
        "EVENT",     "BATCH",   "AUTH_CHALLENGE", "AUTH_RESPONSE", "AUTH_SUCCESS"};
    char text[96];
    const char *name = job->opcode < CQSIM_N_OPCODES ? names[job->opcode] : "unknown opcode";
    snprintf(text, sizeof text, "Unexpected message %s, expecting %s", name, expected);
    refuse(body, out, CQSIM_E_PROTOCOL, text);
}

void cqsim_reply(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                 struct cqsim_reply *out)
{
    *out = (struct cqsim_reply){0};
    if (job->opcode == CQSIM_OP_OPTIONS) {
        struct cqsim_slice s = cqsim_buf_slice(&conn->cluster->data->supported);
        out->opcode = CQSIM_OP_SUPPORTED;
        cqsim_put(body, s.p, s.n);
    } else if (conn->state == CQSIM_AWAIT_STARTUP) {
        if (job->opcode == CQSIM_OP_STARTUP)
            startup(conn, job, body, out);
        else
            too_early(job, body, out, "STARTUP or OPTIONS");
    } else if (conn->state == CQSIM_AWAIT_LOGIN) {
        if (job->opcode == CQSIM_OP_AUTH_RESPONSE)
            login(conn, job, body, out);
        else
            too_early(job, body, out, "AUTH_RESPONSE");
    } else if (job->opcode == CQSIM_OP_QUERY) {
        query(conn, job, body, out);
    } else if (job->opcode == CQSIM_OP_REGISTER) {
        out->opcode = CQSIM_OP_READY;
    } else {
        refuse(body, out, CQSIM_E_INVALID, "cqlsim answers OPTIONS, REGISTER and QUERY only");
    }
    if (out->opcode == CQSIM_OP_ERROR && job->opcode != CQSIM_OP_QUERY) conn->counts.errors++;
}
