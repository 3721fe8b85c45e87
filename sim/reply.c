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

static bool is_other_version(const struct cqsim_conn *conn, const struct cqsim_envelope *begin,
                             struct cqsim_envelope *header, struct cqsim_error *error)
{
    unsigned got = begin->version & 0x7f, had = conn->version;
    if (had == 0 || had == got) return false;
    header->version = 0x80 | had;
    header->stream = begin->stream;
    if (conn->cluster->release->line == CQSIM_30)
        snprintf(error->text, sizeof error->text,
                 "Invalid message version. Got %u but previous messages on this connection had "
                 "version %u",
                 got, had);
    else
        snprintf(error->text, sizeof error->text,
                 "Invalid message version. Got %u/v%u but previous%smessages on this connection "
                 "had version %u/v%u",
                 got, got, had >= 5 ? "" : " ", had, had);
    return true;
}

/* 5.0 attributes errors about versions to their request, the older ones to stream 0. */
bool cqsim_check_version(const struct cqsim_conn *conn, const struct cqsim_envelope *begin,
                         struct cqsim_envelope *header, struct cqsim_error *error)
{
    const struct cqsim_release *rel = conn->cluster->release;
    unsigned version = begin->version & 0x7f;
    *header = (struct cqsim_envelope){.opcode = CQSIM_OP_ERROR};
    header->stream = rel->line >= CQSIM_50 ? begin->stream : 0;
    error->code = CQSIM_E_PROTOCOL;
    if (conn->cluster->faults.wrong_version) return bad_version(rel, version, header, error);
    if (is_beta(rel, version) && (begin->flags & CQSIM_FLAG_BETA) == 0) {
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
    return !is_other_version(conn, begin, header, error);
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
    out->stream_0 = conn->cluster->release->line == CQSIM_40;
    if (startup_option(job, "CQL_VERSION").p == NULL) {
        refuse(body, out, CQSIM_E_PROTOCOL, "Missing value CQL_VERSION in STARTUP message");
        return;
    }
    if (conn->cluster->overloaded_startup_left > 0) {
        conn->cluster->overloaded_startup_left--;
        refuse(body, out, CQSIM_E_OVERLOADED, CQSIM_OVERLOADED_TEXT);
        return;
    }
    if (!choose_compression(conn, job, body, out)) return;
    out->stream_0 = false;
    conn->version = job->version;
    conn->packer.lz4 = conn->lz4;
    out->segments_after = job->version >= 5;
    if (config->auth == CQSIM_AUTH_NONE && !conn->cluster->faults.wrong_password) {
        conn->state = CQSIM_READY;
        out->opcode = CQSIM_OP_READY;
        return;
    }
    conn->state = CQSIM_AWAIT_LOGIN;
    out->opcode = CQSIM_OP_AUTHENTICATE;
    cqsim_put_string(body, config->authenticator);
}

/* SASL PLAIN: authzid NUL user NUL password; what is missing stays empty. */
static void split_token(struct cqsim_slice token, struct cqsim_slice *user,
                        struct cqsim_slice *password)
{
    const uint8_t *end = token.p + token.n;
    *user = *password = cqsim_text("");
    const uint8_t *u = memchr(token.p, 0, token.n);
    const uint8_t *p = u == NULL ? NULL : memchr(u + 1, 0, (size_t)(end - u - 1));
    if (p == NULL) return;
    *user = (struct cqsim_slice){u + 1, (size_t)(p - u - 1)};
    *password = (struct cqsim_slice){p + 1, (size_t)(end - p - 1)};
}

/* NULL when user and password are right, else what the server says, possibly written into text. */
static const char *judge_password(const struct cqsim_conn *conn, struct cqsim_slice token,
                                  char text[CQSIM_MAX_TEXT])
{
    const struct cqsim_config *config = conn->cluster->config;
    bool old = conn->cluster->release->line == CQSIM_30;
    struct cqsim_slice user, password;
    char name[CQSIM_MAX_NAME];
    split_token(token, &user, &password);
    if (old && user.n == 0) return "Authentication ID must not be null";
    if (password.n == 0) return "Password must not be null";
    if (user.n == 0) return "Authentication ID must not be null";
    bool right = cqsim_is(user, config->user) && cqsim_is(password, config->password);
    if (right && !conn->cluster->faults.wrong_password) return NULL;
    if (old) return "Username and/or password are incorrect";
    cqsim_copy_text(name, sizeof name, user);
    snprintf(text, CQSIM_MAX_TEXT, "Provided username %s and/or password are incorrect", name);
    return text;
}

static void login(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                  struct cqsim_reply *out)
{
    char text[CQSIM_MAX_TEXT];
    const char *wrong = NULL;
    struct cqsim_reader r = cqsim_reader((struct cqsim_slice){job->body, job->n_body});
    struct cqsim_slice token = cqsim_get_bytes(&r);
    if (token.p == NULL) {
        refuse(body, out, CQSIM_E_SERVER,
               "java.lang.NullPointerException: Cannot invoke \"java.nio.ByteBuffer.remaining()\" "
               "because \"b\" is null");
        return;
    }
    if (conn->cluster->config->auth != CQSIM_AUTH_MTLS)
        wrong = judge_password(conn, token, text);
    else if (!conn->has_client_cert)
        wrong = "No certificate present on connection";
    if (wrong != NULL) {
        refuse(body, out, CQSIM_E_LOGIN, wrong);
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
    bool is_prepare = job->opcode == CQSIM_OP_PREPARE;
    bool ok = is_prepare                        ? cqsim_prepare_parse(in, job->version, &q.text)
              : job->opcode == CQSIM_OP_EXECUTE ? cqsim_execute_parse(in, job->version, &q)
                                                : cqsim_query_parse(in, job->version, &q);
    if (!ok) {
        refuse(body, out, CQSIM_E_PROTOCOL,
               "Not enough bytes to read an UTF8 serialized string "
               "preceded by its 4 bytes length");
        return;
    }
    if (conn->cluster->faults.warnings) put_prefix(body, out);
    if (is_prepare)
        out->opcode =
            cqsim_answer_prepare(conn->cluster, q.text, job->version, &conn->counts, body);
    else
        out->opcode = cqsim_answer(conn->cluster, &q, job->version, &conn->counts, body);
}

static bool has_statement(unsigned opcode)
{
    return opcode == CQSIM_OP_QUERY || opcode == CQSIM_OP_PREPARE || opcode == CQSIM_OP_EXECUTE;
}

static const char *opcode_name(unsigned opcode)
{
    static const char *const names[CQSIM_N_OPCODES] = {
        "ERROR",     "STARTUP", "READY",          "AUTHENTICATE",  "CREDENTIALS", "OPTIONS",
        "SUPPORTED", "QUERY",   "RESULT",         "PREPARE",       "EXECUTE",     "REGISTER",
        "EVENT",     "BATCH",   "AUTH_CHALLENGE", "AUTH_RESPONSE", "AUTH_SUCCESS"};
    return names[opcode];
}

static void too_early(const struct cqsim_conn *conn, const struct cqsim_job *job,
                      struct cqsim_buf *body, struct cqsim_reply *out, const char *expected)
{
    char text[96];
    enum cqsim_line line = conn->cluster->release->line;
    snprintf(text, sizeof text, "Unexpected message %s, expecting %s", opcode_name(job->opcode),
             expected);
    refuse(body, out, CQSIM_E_PROTOCOL, text);
    if (conn->state != CQSIM_AWAIT_STARTUP) return;
    out->stream_0 = line == CQSIM_40 || line == CQSIM_41;
    out->reset_after = line >= CQSIM_50;
}

static void register_events(const struct cqsim_job *job, struct cqsim_buf *body,
                            struct cqsim_reply *out)
{
    struct cqsim_reader r = cqsim_reader((struct cqsim_slice){job->body, job->n_body});
    out->opcode = CQSIM_OP_READY;
    for (unsigned n = cqsim_get_u16(&r); n > 0 && !r.bad; n--) {
        char name[CQSIM_MAX_NAME], text[CQSIM_MAX_TEXT];
        struct cqsim_slice s = cqsim_get_string(&r);
        if (cqsim_is(s, "TOPOLOGY_CHANGE") || cqsim_is(s, "STATUS_CHANGE") ||
            cqsim_is(s, "SCHEMA_CHANGE"))
            continue;
        cqsim_copy_text(name, sizeof name, s);
        snprintf(text, sizeof text, "Invalid value '%s' for Type", name);
        refuse(body, out, CQSIM_E_PROTOCOL, text);
        return;
    }
}

/* Opcodes that no state takes: unknown ones and those of servers. */
static bool is_nonsense(const struct cqsim_job *job, struct cqsim_buf *body,
                        struct cqsim_reply *out)
{
    enum {
        CLIENTS = 1 << CQSIM_OP_STARTUP | 1 << CQSIM_OP_OPTIONS | 1 << CQSIM_OP_QUERY |
                  1 << CQSIM_OP_PREPARE | 1 << CQSIM_OP_EXECUTE | 1 << CQSIM_OP_REGISTER |
                  1 << CQSIM_OP_BATCH | 1 << CQSIM_OP_AUTH_RESPONSE
    };
    char text[128];
    if (job->opcode < CQSIM_N_OPCODES && (CLIENTS >> job->opcode & 1) != 0) return false;
    if (job->opcode >= CQSIM_N_OPCODES)
        snprintf(text, sizeof text, "Unknown opcode %u", job->opcode);
    else
        snprintf(text, sizeof text,
                 "Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode %u (%s)",
                 job->opcode, opcode_name(job->opcode));
    refuse(body, out, CQSIM_E_PROTOCOL, text);
    return true;
}

static void reply_ready(struct cqsim_conn *conn, const struct cqsim_job *job,
                        struct cqsim_buf *body, struct cqsim_reply *out)
{
    if (has_statement(job->opcode))
        query(conn, job, body, out);
    else if (job->opcode == CQSIM_OP_REGISTER)
        register_events(job, body, out);
    else if (job->opcode == CQSIM_OP_STARTUP)
        refuse(body, out, CQSIM_E_PROTOCOL,
               "Unexpected message STARTUP, the connection is already initialized");
    else
        refuse(body, out, CQSIM_E_INVALID,
               "cqlsim answers OPTIONS, REGISTER, QUERY, PREPARE and EXECUTE only");
}

static void supported(const struct cqsim_conn *conn, struct cqsim_buf *body,
                      struct cqsim_reply *out)
{
    struct cqsim_slice s = cqsim_buf_slice(&conn->cluster->data->supported);
    out->opcode = CQSIM_OP_SUPPORTED;
    cqsim_put(body, s.p, s.n);
}

void cqsim_reply(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                 struct cqsim_reply *out)
{
    *out = (struct cqsim_reply){0};
    if (is_nonsense(job, body, out)) {
        /* the answer stands in body */
    } else if (conn->state == CQSIM_AWAIT_LOGIN) {
        if (job->opcode == CQSIM_OP_AUTH_RESPONSE)
            login(conn, job, body, out);
        else /* OPTIONS too: measured */
            too_early(conn, job, body, out, "SASL_RESPONSE");
    } else if (job->opcode == CQSIM_OP_OPTIONS) {
        supported(conn, body, out);
    } else if (conn->state == CQSIM_AWAIT_STARTUP) {
        if (job->opcode == CQSIM_OP_STARTUP)
            startup(conn, job, body, out);
        else
            too_early(conn, job, body, out, "STARTUP or OPTIONS");
    } else {
        reply_ready(conn, job, body, out);
    }
    if (out->opcode == CQSIM_OP_ERROR && !has_statement(job->opcode)) conn->counts.errors++;
}
