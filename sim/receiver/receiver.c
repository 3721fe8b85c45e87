/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on a body (receiver.h), in this order: credentials, coding, the key's earlier body,
 * the script, poison, whole lines. Only what passes them all is accepted, or what the script
 * stores.
 */
#include "sim/receiver/receiver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STORE_BUFFER = 1 << 20 };

static bool open_file(const char *path, FILE **out, char *error, size_t n_error)
{
    if (path == NULL) return true;
    *out = fopen(path, "w+b");
    if (*out != NULL) return true;
    snprintf(error, n_error, "cannot write %s", path);
    return false;
}

bool cqsim_receiver_open(struct cqsim_receiver *r, char *error, size_t n_error)
{
    if (!open_file(r->config->store_file, &r->store, error, n_error)) return false;
    if (r->store != NULL) setvbuf(r->store, NULL, _IOFBF, STORE_BUFFER);
    return open_file(r->config->log_file, &r->log, error, n_error);
}

void cqsim_receiver_close(struct cqsim_receiver *r)
{
    if (r->store != NULL && fclose(r->store) != 0) r->store_failed = true;
    if (r->log != NULL) fclose(r->log);
    r->store = r->log = NULL;
    cqsim_ledger_fini(&r->ledger);
}

void cqsim_receiver_reset(struct cqsim_receiver *r)
{
    struct cqsim_receiver_counts old = r->counts;
    cqsim_ledger_fini(&r->ledger);
    r->counts = (struct cqsim_receiver_counts){.connections = old.open, .open = old.open};
    r->counts.in_flight = r->counts.most_in_flight = old.in_flight;
    r->store_bytes = 0;
    if (r->store == NULL) return;
    bool ok = fflush(r->store) == 0 && ftruncate(fileno(r->store), 0) == 0;
    rewind(r->store);
    r->store_failed = r->store_failed || !ok;
}

struct cqsim_step *cqsim_receiver_step(struct cqsim_receiver *r)
{
    struct cqsim_receiver_config *config = r->config;
    struct cqsim_step *step = cqsim_script_next(&config->script);
    if (step == NULL) step = cqsim_script_next(&config->faults);
    if (step != NULL) step->taken++;
    return step;
}

/* Base64 (RFC 4648 section 4). */
void cqsim_basic(const char *user, const char *password, char out[CQSIM_MAX_CREDENTIALS])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[CQSIM_MAX_CREDENTIALS / 2 + 3] = "";
    int n = snprintf(text, CQSIM_MAX_CREDENTIALS / 2, "%s:%s", user, password);
    size_t len = n < CQSIM_MAX_CREDENTIALS / 2 ? (size_t)n : CQSIM_MAX_CREDENTIALS / 2 - 1;
    char *p = out + snprintf(out, CQSIM_MAX_CREDENTIALS, "Basic ");
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)(uint8_t)text[i] << 16 | (uint32_t)(uint8_t)text[i + 1] << 8 |
                     (uint8_t)text[i + 2];
        for (unsigned k = 0; k < 4; k++)
            *p++ = i + k > len ? '=' : digits[v >> (18 - 6 * k) & 63];
    }
    *p = 0;
}

static bool has_text(struct cqsim_slice body, const char *text)
{
    return text != NULL && text[0] != 0 && body.n > 0 &&
           memmem(body.p, body.n, text, strlen(text)) != NULL;
}

static bool applies(const struct cqsim_step *step, struct cqsim_slice body)
{
    if (step == NULL) return false;
    if (step->over > 0 && body.n <= step->over) return false;
    return step->match[0] == 0 || has_text(body, step->match);
}

/* It is about the body; the sender and the moment are refused to anybody. */
static bool refuses_body(const struct cqsim_step *step)
{
    static const unsigned others[] = {401, 403, 404, 408, 409, 425, 429};
    if (step->act != CQSIM_ACT_ANSWER || step->status < 400 || step->status > 499) return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (step->status == others[i]) return false;
    return true;
}

bool cqsim_receiver_spares(const struct cqsim_receiver *r, const struct cqsim_request *request,
                           const struct cqsim_step *step)
{
    return step != NULL && refuses_body(step) && cqsim_ledger_has(&r->ledger, request->key);
}

static void say(struct cqsim_verdict *out, unsigned status, const char *text)
{
    out->status = status;
    cqsim_copy_text(out->text, sizeof out->text, cqsim_text(text));
}

/* The next line of a body, without its LF; false behind the last. */
static bool next_line(struct cqsim_slice *rest, struct cqsim_slice *line)
{
    const uint8_t *lf = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
    if (lf == NULL) return false;
    *line = (struct cqsim_slice){rest->p, (size_t)(lf - rest->p)};
    rest->n -= line->n + 1;
    rest->p = lf + 1;
    return true;
}

/* Every line is a record and the last one is whole; else which line is not. */
static bool check_lines(struct cqsim_slice body, struct cqsim_verdict *out)
{
    struct cqsim_slice rest = body, text;
    struct cqsim_record_line line;
    unsigned number = 0;
    bool ok = body.n > 0;
    while (ok && next_line(&rest, &text)) {
        number++;
        ok = cqsim_record_line_read(text, &line);
    }
    if (ok && rest.n == 0) return true;
    say(out, 400, "");
    snprintf(out->text, sizeof out->text, "line %u is no whole record", number + (ok ? 1 : 0));
    return false;
}

static void store_line(struct cqsim_receiver *r, struct cqsim_record *record,
                       struct cqsim_slice text)
{
    record->offset = r->store_bytes;
    record->n = (uint32_t)text.n;
    r->store_bytes += text.n + 1;
    if (r->store != NULL && fwrite(text.p, 1, text.n + 1, r->store) != text.n + 1)
        r->store_failed = true;
}

static void accept_body(struct cqsim_receiver *r, const char *key, struct cqsim_slice body,
                        struct cqsim_verdict *out)
{
    struct cqsim_slice rest = body, text;
    struct cqsim_record_line line;
    while (next_line(&rest, &text)) {
        if (!cqsim_record_line_read(text, &line))
            continue; /* check_lines has seen that there is none */
        struct cqsim_record *fresh = cqsim_ledger_line(&r->ledger, key, text, &line);
        if (fresh != NULL) store_line(r, fresh, text);
        out->n_lines++;
    }
    cqsim_ledger_accepted(&r->ledger, key);
    r->counts.accepted++;
    r->counts.accepted_bytes += body.n;
}

static bool may_store(struct cqsim_receiver *r, struct cqsim_slice body, struct cqsim_verdict *out)
{
    if (out->step != NULL && !out->step->stored) return false;
    if (has_text(body, r->config->poison)) {
        say(out, 400, "a record has the poison text");
        out->step = NULL;
        return false;
    }
    if (check_lines(body, out)) return true;
    r->counts.bad_bodies++;
    out->step = NULL;
    return false;
}

void cqsim_receiver_judge(struct cqsim_receiver *r, const struct cqsim_request *request,
                          uint64_t wire, struct cqsim_slice text, bool whole,
                          struct cqsim_step *step, struct cqsim_verdict *out)
{
    const char *expected = r->config->authorization;
    *out = (struct cqsim_verdict){.status = 200};
    r->counts.bodies++;
    r->counts.body_bytes += wire;
    if (expected[0] != 0 && strcmp(expected, request->authorization) != 0) {
        say(out, 401, "credentials are missing or wrong");
    } else if (!whole) {
        r->counts.bad_bodies++;
        say(out, 400, "the body is not of its Content-Encoding");
    } else if (!cqsim_ledger_key(&r->ledger, request->key, text)) {
        say(out, 422, "this Idempotency-Key came with another body");
    } else {
        bool spared = cqsim_receiver_spares(r, request, step);
        if (!spared && applies(step, text)) out->step = step;
        if (out->step != NULL) out->status = step->status;
        if (may_store(r, text, out)) accept_body(r, request->key, text, out);
    }
}
