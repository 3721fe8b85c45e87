/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the command line (options.h): one table, one setter per kind of value. */
#include "sim/options.h"

#include "sim/faults.h"
#include "sim/files.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct cqsim_config *config;
    char *error;
    size_t n_error;
    struct cqsim_shape shape; /* --keyspaces, --tables, --columns */
    bool has_peers;
};

enum kind { K_FLAG, K_SIZE, K_U64, K_UNSIGNED, K_TEXT, K_SPECIAL };

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    bool (*set)(struct reading *r, const char *value);
    const char *help;
};

static bool set_ip(uint8_t ip[4], const char *text)
{
    return inet_pton(AF_INET, text, ip) == 1;
}

static bool set_listen(struct reading *r, const char *value)
{
    char host[32];
    const char *colon = strchr(value, ':');
    if (colon == NULL) return false;
    cqsim_copy_text(host, sizeof host,
                    (struct cqsim_slice){(const uint8_t *)value, (size_t)(colon - value)});
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != 0 || port > 65535) return false;
    r->config->port = (uint16_t)port;
    return set_ip(r->config->ip, host);
}

static bool set_peers(struct reading *r, const char *value)
{
    r->has_peers = true;
    return set_ip(r->config->peer_ip, value);
}

static bool set_spread(struct reading *r, const char *value)
{
    r->config->spread_port = strcmp(value, "port") == 0;
    return r->config->spread_port || strcmp(value, "address") == 0;
}

static bool set_release(struct reading *r, const char *value)
{
    r->config->release = cqsim_release_find(value);
    return r->config->release != NULL;
}

static bool set_order(struct reading *r, const char *value)
{
    r->config->in_order = strcmp(value, "asked") == 0;
    return r->config->in_order || strcmp(value, "shuffled") == 0;
}

static bool set_auth(struct reading *r, const char *value)
{
    static const char *const names[] = {"none", "password", "mtls"};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(names[i], value) != 0) continue;
        r->config->auth = (enum cqsim_auth)i;
        return true;
    }
    return false;
}

/* The first line of the file; the password itself is never an argument. */
static bool set_password(struct reading *r, const char *value)
{
    struct cqsim_buf b = {0};
    bool ok = cqsim_file_read(value, &b);
    cqsim_put_u8(&b, 0);
    char *text = (char *)b.p;
    text[strcspn(text, "\r\n")] = 0;
    cqsim_copy_text(r->config->password, sizeof r->config->password, cqsim_text(text));
    cqsim_buf_fini(&b);
    return ok;
}

static bool set_fault(struct reading *r, const char *value)
{
    if (r->config->n_faults == CQSIM_MAX_FAULT_SPECS) return false;
    r->config->faults[r->config->n_faults++] = value;
    return true;
}

static bool set_chaos(struct reading *r, const char *value)
{
    if (r->config->chaos == NULL) r->config->chaos = cqsim_alloc(sizeof *r->config->chaos);
    return cqsim_chaos_parse(r->config->chaos, value);
}

static bool set_tls_for(struct reading *r, const char *value)
{
    r->config->tls_for = value;
    return cqsim_index_in(value, 0) >= 0;
}

/* "WEIGHT:KxTxC[r],..." */
static bool set_mix(struct reading *r, const char *value)
{
    for (const char *p = value; *p != 0;) {
        if (r->config->n_mix == CQSIM_MAX_MIX) return false;
        struct cqsim_shape *s = &r->config->mix[r->config->n_mix++];
        int n = 0;
        if (sscanf(p, "%u:%ux%ux%u%n", &s->weight, &s->keyspaces, &s->tables, &s->columns, &n) < 4)
            return false;
        p += n;
        s->rich = *p == 'r';
        p += s->rich;
        if (s->columns < 5 || s->weight == 0 || (*p != 0 && *p != ',')) return false;
        p += *p == ',';
    }
    return r->config->n_mix > 0;
}

static bool set_shape(unsigned *field, const char *value, unsigned least)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    *field = (unsigned)n;
    return end != value && *end == 0 && n >= least && n <= 100000;
}

static bool set_keyspaces(struct reading *r, const char *value)
{
    return set_shape(&r->shape.keyspaces, value, 0);
}

static bool set_tables(struct reading *r, const char *value)
{
    return set_shape(&r->shape.tables, value, 0);
}

static bool set_columns(struct reading *r, const char *value)
{
    return set_shape(&r->shape.columns, value, 5);
}

static bool set_rich(struct reading *r, const char *value)
{
    (void)value;
    return r->shape.rich = true;
}

static bool set_names(struct reading *r, const char *value)
{
    r->shape.words = strcmp(value, "words") == 0;
    r->shape.distinct = strcmp(value, "distinct") == 0;
    return r->shape.words || r->shape.distinct || strcmp(value, "numbered") == 0;
}

#define AT(field) offsetof(struct cqsim_config, field)
#define FIELD(kind, field) kind, AT(field), NULL
#define SPECIAL(fn) K_SPECIAL, 0, fn

static const struct option options[] = {
    {"clusters", FIELD(K_SIZE, n_clusters), "N  how many clusters (1)"},
    {"listen", SPECIAL(set_listen), "ADDRESS:PORT  of the first; port 0 = any (127.20.0.1:9042)"},
    {"spread", SPECIAL(set_spread), "address|port  what the next cluster gets (address)"},
    {"peer-base", SPECIAL(set_peers), "ADDRESS  where the never listening peers begin"},
    {"seed", FIELD(K_U64, seed), "S  of names, ids, order, faults (1)"},
    {"schemas", FIELD(K_SIZE, n_schemas), "N  different schemas, shared by index (at most 16)"},
    {"keyspaces", SPECIAL(set_keyspaces), "K  user keyspaces per cluster (10)"},
    {"tables", SPECIAL(set_tables), "T  tables per keyspace (20)"},
    {"columns", SPECIAL(set_columns), "C  columns per table, at least 5 (12)"},
    {"rich", SPECIAL(set_rich), "a keyspace with every kind of object besides"},
    {"names", SPECIAL(set_names),
     "numbered|words|distinct  of keyspaces, tables, columns (numbered)"},
    {"mix", SPECIAL(set_mix), "WEIGHT:KxTxC[r],...  sizes by weight, r = rich"},
    {"release", SPECIAL(set_release), "3.0|3.11|4.0|4.1|5.0  (5.0)"},
    {"nodes", FIELD(K_UNSIGNED, n_nodes), "N  nodes per cluster, N-1 of them peers (1)"},
    {"min-protocol", FIELD(K_UNSIGNED, min_protocol), "5  refuse older versions"},
    {"order", SPECIAL(set_order), "shuffled|asked  of answers (shuffled)"},
    {"page-rows", FIELD(K_UNSIGNED, page_rows), "N  rows per page, whatever the client asks"},
    {"empty-pages", FIELD(K_FLAG, empty_pages), "empty pages between full ones"},
    {"auth", SPECIAL(set_auth), "none|password|mtls  (none)"},
    {"user", FIELD(K_TEXT, user), "NAME  (cassandra)"},
    {"password-file", SPECIAL(set_password), "FILE  its first line is the password"},
    {"authenticator", FIELD(K_TEXT, authenticator), "CLASS  named in AUTHENTICATE"},
    {"tls", FIELD(K_FLAG, tls), "TLS on every port"},
    {"tls-for", SPECIAL(set_tls_for), "I/N  TLS where the index modulo N is I, else none"},
    {"made-ca", FIELD(K_TEXT, made_ca),
     "FILE  gets the CA of the certificates made without --cert"},
    {"cert", FIELD(K_TEXT, tls_files.cert),
     "FILE  PEM chain; without: made at the start, for cqlsim.example"},
    {"key", FIELD(K_TEXT, tls_files.key), "FILE  PEM"},
    {"client-ca", FIELD(K_TEXT, tls_files.client_ca),
     "FILE  asks clients for a certificate of this CA"},
    {"require-client-cert", FIELD(K_FLAG, tls_files.require_client_cert),
     "and refuses those without"},
    {"tls-max", FIELD(K_TEXT, tls_files.max), "1.2|1.3  (1.3)"},
    {"replay", FIELD(K_TEXT, replay), "FILE  server bytes of a recorded conversation"},
    {"replay-c2s", FIELD(K_TEXT, replay_c2s), "FILE  its client bytes (for recorded errors)"},
    {"targets-file", FIELD(K_TEXT, targets_file), "FILE  host:port per line, once all listen"},
    {"targets-json", FIELD(K_TEXT, targets_json), "FILE  the same as Prometheus file_sd, labelled"},
    {"targets-yaml", FIELD(K_TEXT, targets_yaml), "FILE  the same as a cqlcrawl.yaml, with names"},
    {"peers-file", FIELD(K_TEXT, peers_file), "FILE  addresses that peers tables name"},
    {"print-targets", FIELD(K_FLAG, print_targets), "the same list on standard output"},
    {"pid-file", FIELD(K_TEXT, pid_file), "FILE"},
    {"stats", FIELD(K_TEXT, stats_file), "FILE  JSON at the end and on SIGUSR1"},
    {"duration", FIELD(K_U64, duration_s), "SECONDS  ends by itself"},
    {"fault", SPECIAL(set_fault), "NAME[=VALUE][@I[/N]][,from=S][,to=S]  repeatable; listed below"},
    {"chaos", SPECIAL(set_chaos), "SEED:FAULT@PERCENT%,...  at most one for each, drawn by seed"},
    {"faults-file", FIELD(K_TEXT, faults_file),
     "FILE  NAME HOST:PORT FAULT... of clusters with any"},
    {"changes-file", FIELD(K_TEXT, changes_file), "FILE  a JSON line for every change of a schema"},
};

static void help(void)
{
    puts("cqlsim [OPTIONS]: simulated CQL clusters on loopback\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf("  --%s %s\n", options[i].name, options[i].help);
    puts("\nFaults (@I: cluster I only, @I/N: clusters whose index modulo N is I, from and to:\n"
         "seconds after the start):\n");
    const char *line;
    for (size_t i = 0; (line = cqsim_faults_help(i)) != NULL; i++)
        printf("  %s\n", line);
    puts("\nSIGTERM and SIGINT end it, SIGUSR1 writes the statistics, SIGUSR2 changes schemas.");
}

static bool set_field(struct reading *r, const struct option *o, const char *value)
{
    char *field = (char *)r->config + o->offset, *end = NULL;
    const bool yes = true;
    if (o->kind == K_SPECIAL) return o->set(r, value);
    if (o->kind == K_FLAG) memcpy(field, &yes, sizeof yes);
    if (o->kind == K_TEXT) memcpy(field, &value, sizeof value);
    if (o->kind == K_FLAG || o->kind == K_TEXT) return true;
    unsigned long long n = strtoull(value, &end, 10);
    if (end == value || *end != 0) return false;
    size_t size = (size_t)n;
    uint64_t u64 = n;
    unsigned small = (unsigned)n;
    if (o->kind == K_SIZE) memcpy(field, &size, sizeof size);
    if (o->kind == K_U64) memcpy(field, &u64, sizeof u64);
    if (o->kind == K_UNSIGNED) memcpy(field, &small, sizeof small);
    return true;
}

static bool has_value(const struct option *o)
{
    return o->kind != K_FLAG && o->set != set_rich;
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
        if (o != NULL && has_value(o) && i + 1 < argc) value = argv[++i];
        if (o != NULL && (value != NULL || !has_value(o)) && set_field(r, o, value)) continue;
        snprintf(r->error, r->n_error, "%s %s: see cqlsim --help", argv[i], value ? value : "");
        return CQSIM_USAGE;
    }
    return CQSIM_GO;
}

static void settle(struct reading *r)
{
    struct cqsim_config *c = r->config;
    if (c->n_mix == 0) {
        r->shape.weight = 1;
        c->mix[c->n_mix++] = r->shape;
    }
    for (size_t i = 0; i < c->n_mix; i++) {
        c->mix[i].words = r->shape.words;
        c->mix[i].distinct = r->shape.distinct;
    }
    if (c->n_schemas == 0) c->n_schemas = c->n_clusters < 16 ? c->n_clusters : 16;
    if (c->n_nodes == 0) c->n_nodes = 1;
    if (!r->has_peers) {
        memcpy(c->peer_ip, c->ip, 4);
        c->peer_ip[2] |= 0x80;
    }
    if (c->authenticator == NULL)
        c->authenticator = c->auth == CQSIM_AUTH_MTLS
                               ? "org.apache.cassandra.auth.MutualTlsAuthenticator"
                               : "org.apache.cassandra.auth.PasswordAuthenticator";
}

enum cqsim_go cqsim_options_read(int argc, char *const *argv, struct cqsim_config *out, char *error,
                                 size_t n_error)
{
    *out = (struct cqsim_config){.n_clusters = 1, .ip = {127, 20, 0, 1}, .port = 9042, .seed = 1};
    out->release = cqsim_release_find("5.0");
    out->user = "cassandra";
    struct reading r = {out, error, n_error, {10, 20, 12, false, 1, false, false}, false};
    enum cqsim_go go = read_all(&r, argc, argv);
    if (go != CQSIM_GO) return go;
    settle(&r);
    const char *wrong = NULL;
    if (out->n_clusters == 0 || out->n_clusters > 1000000) wrong = "--clusters is out of range";
    bool half = (out->tls_files.cert == NULL) != (out->tls_files.key == NULL);
    if (half) wrong = "--cert and --key go together";
    if (out->auth == CQSIM_AUTH_PASSWORD && out->password[0] == 0)
        wrong = "--auth password needs --password-file";
    if (wrong == NULL) return CQSIM_GO;
    snprintf(error, n_error, "%s", wrong);
    return CQSIM_USAGE;
}
