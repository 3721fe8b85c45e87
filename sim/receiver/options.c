/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the command line of the receiver (options.h): one table, one setter per kind of value. */
#include "sim/receiver/options.h"

#include "sim/files.h"
#include "sim/receiver/queries.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct cqsim_receiver_config *config;
    char *error;
    size_t n_error;
    char secret[CQSIM_MAX_TEXT]; /* token or password */
    bool is_token;
};

struct option {
    const char *name;
    bool has_value;
    size_t offset; /* of a text, when set is NULL; of a bool without value */
    bool (*set)(struct reading *r, const char *value);
    const char *help;
};

static bool set_listen(struct reading *r, const char *value)
{
    char host[32], *end;
    const char *colon = strchr(value, ':');
    if (colon == NULL) return false;
    cqsim_copy_text(host, sizeof host,
                    (struct cqsim_slice){(const uint8_t *)value, (size_t)(colon - value)});
    unsigned long port = strtoul(colon + 1, &end, 10);
    r->config->port = (uint16_t)port;
    return *end == 0 && port <= 65535 && inet_pton(AF_INET, host, r->config->ip) == 1;
}

static bool set_script(struct reading *r, const char *value)
{
    return cqsim_script_parse(&r->config->script, value, false, r->error, r->n_error);
}

static bool set_faults(struct reading *r, const char *value)
{
    return cqsim_script_parse(&r->config->faults, value, true, r->error, r->n_error);
}

static bool set_max_body(struct reading *r, const char *value)
{
    char *end;
    r->config->max_body = strtoull(value, &end, 10);
    return end > value && *end == 0;
}

static bool set_duration(struct reading *r, const char *value)
{
    char *end;
    r->config->duration_s = strtoull(value, &end, 10);
    return end > value && *end == 0;
}

/* The first line of a file; a secret is never an argument. */
static bool set_secret(struct reading *r, const char *value)
{
    struct cqsim_buf b = {0};
    bool ok = cqsim_file_read(value, &b);
    cqsim_put_u8(&b, 0);
    char *text = (char *)b.p;
    text[strcspn(text, "\r\n")] = 0;
    cqsim_copy_text(r->secret, sizeof r->secret, cqsim_text(text));
    cqsim_buf_fini(&b);
    return ok && r->secret[0] != 0;
}

static bool set_token(struct reading *r, const char *value)
{
    r->is_token = true;
    return set_secret(r, value);
}

#define AT(field) offsetof(struct cqsim_receiver_config, field)
#define TEXT(field) true, AT(field), NULL
#define FLAG(field) false, AT(field), NULL
#define SPECIAL(fn) true, 0, fn

static const struct option options[] = {
    {"listen", SPECIAL(set_listen), "ADDRESS:PORT  port 0 = any (127.20.0.2:0)"},
    {"url-file", TEXT(url_file), "FILE  its URL, once it listens"},
    {"pid-file", TEXT(pid_file), "FILE"},
    {"store", TEXT(store_file), "FILE  accepted lines, each id and version once, as they come"},
    {"log", TEXT(log_file), "FILE  a JSON line for every POST that came whole"},
    {"stats", TEXT(stats_file), "FILE  what /stats answers, at the end"},
    {"script", SPECIAL(set_script), "STEP,...  what goes wrong, one step a POST, over and over"},
    {"script-once", FLAG(script.once), "good answers (or --faults) behind the last step"},
    {"faults", SPECIAL(set_faults), "SEED:STEP@PERCENT%,...  at random"},
    {"max-body", SPECIAL(set_max_body), "BYTES  as they come; 413 and close for more, at once"},
    {"poison", TEXT(poison), "TEXT  400 for a body in which it stands"},
    {"token-file", SPECIAL(set_token), "FILE  401 without this bearer token"},
    {"user", TEXT(user), "NAME  of basic credentials"},
    {"password-file", SPECIAL(set_secret), "FILE  401 without these"},
    {"tls", FLAG(tls), "TLS"},
    {"cert", TEXT(tls_files.cert), "FILE  PEM chain"},
    {"key", TEXT(tls_files.key), "FILE  PEM"},
    {"client-ca", TEXT(tls_files.client_ca), "FILE  asks clients for a certificate of this CA"},
    {"require-client-cert", FLAG(tls_files.require_client_cert), "and refuses those without"},
    {"tls-max", TEXT(tls_files.max), "1.2|1.3  (1.3)"},
    {"duration", SPECIAL(set_duration), "SECONDS  ends by itself"},
};

static void help(void)
{
    const char *line;
    puts("cqlsim-receiver [OPTIONS]: takes POSTed NDJSON and keeps account of it\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf("  --%s %s\n", options[i].name, options[i].help);
    puts("\nA step is a status and attributes between colons, *N repeats it: "
         "503*2,429:retry-after=1\n");
    for (size_t i = 0; (line = cqsim_script_help(i)) != NULL; i++)
        printf("  %s\n", line);
    puts("\nWhile it runs:\n");
    for (size_t i = 0; (line = cqsim_query_help(i)) != NULL; i++)
        printf("  %s\n", line);
    puts("\nSIGTERM and SIGINT end it.");
}

static bool set(struct reading *r, const struct option *o, const char *value)
{
    char *field = (char *)r->config + o->offset;
    const bool yes = true;
    if (o->set != NULL) return o->set(r, value);
    if (o->has_value)
        memcpy(field, &value, sizeof value);
    else
        memcpy(field, &yes, sizeof yes);
    return true;
}

static enum cqsim_go read_all(struct reading *r, int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help();
            return CQSIM_HELP;
        }
        const struct option *o = NULL;
        for (size_t k = 0; k < sizeof options / sizeof *options; k++)
            if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, options[k].name) == 0)
                o = &options[k];
        const char *value = NULL;
        if (o != NULL && o->has_value && i + 1 < argc) value = argv[++i];
        r->error[0] = 0;
        if (o != NULL && (value != NULL) == o->has_value && set(r, o, value)) continue;
        if (r->error[0] == 0)
            snprintf(r->error, r->n_error, "%s %s: see cqlsim-receiver --help", argv[i],
                     value ? value : "");
        return CQSIM_USAGE;
    }
    return CQSIM_GO;
}

static const char *settle(struct reading *r)
{
    struct cqsim_receiver_config *c = r->config;
    if (c->faults.n > 0) c->script.once = true;
    if (c->tls && (c->tls_files.cert == NULL || c->tls_files.key == NULL))
        return "--tls needs --cert and --key";
    if (c->user != NULL && (r->is_token || r->secret[0] == 0))
        return "--user goes with --password-file";
    if (r->secret[0] == 0) return NULL;
    if (!r->is_token && c->user == NULL) return "--password-file needs --user";
    if (r->is_token)
        snprintf(c->authorization, sizeof c->authorization, "Bearer %s", r->secret);
    else
        cqsim_basic(c->user, r->secret, c->authorization);
    return NULL;
}

enum cqsim_go cqsim_receiver_options(int argc, char *const *argv, struct cqsim_receiver_config *out,
                                     char *error, size_t n_error)
{
    *out = (struct cqsim_receiver_config){.ip = {127, 20, 0, 2}};
    struct reading r = {out, error, n_error, "", false};
    enum cqsim_go go = read_all(&r, argc, argv);
    if (go != CQSIM_GO) return go;
    const char *wrong = settle(&r);
    if (wrong == NULL) return CQSIM_GO;
    snprintf(error, n_error, "%s", wrong);
    return CQSIM_USAGE;
}
