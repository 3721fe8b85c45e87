/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options (cli/args.h) and what each one sets. */
#include <string.h>

#include "cli/args.h"
#include "cli/target.h"
#include "cli/words.h"

#define CRAWL (1u << CQ_CMD_CRAWL)
#define CHECK (1u << CQ_CMD_CHECK)
#define VALIDATE (1u << CQ_CMD_VALIDATE)
#define READING (CRAWL | CHECK)
#define ALL (CRAWL | CHECK | VALIDATE)
#define LATER 0u

#define SETTER(fn)                                                                                 \
    static bool fn(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
#define UNUSED2 ((void)pool, (void)name)
#define UNUSED3 ((void)pool, (void)name, (void)value)

SETTER(set_config)
{
    UNUSED2;
    a->config = value;
    return *value;
}

SETTER(set_targets)
{
    UNUSED2;
    a->targets_file = value;
    return *value;
}

SETTER(set_output)
{
    UNUSED2;
    a->output = value;
    return *value && value[strlen(value) - 1] != '/';
}

SETTER(set_select)
{
    (void)name;
    a->selects = cq_pool_more(pool, a->selects, a->n_selects, sizeof(*a->selects));
    if (a->selects) a->selects[a->n_selects++] = value;
    return strncmp(value, "name~", 5) == 0 || (strchr(value, '=') && value[0] != '=');
}

/* ---- login and TLS: of the command line's own targets ---- */

static void login(struct cq_args *a, const char *name, enum cq_key key)
{
    a->login_option = name;
    CQ_SAY(&a->login, key);
}

static struct cqlcrawl_text file(const char *path)
{
    return (struct cqlcrawl_text){CQLCRAWL_FILE, path, 0};
}

SETTER(set_user)
{
    (void)pool;
    login(a, name, CQ_KEY_USER);
    a->login.t.user = value;
    return *value && !strchr(value, ':');
}

SETTER(set_password_file)
{
    (void)pool;
    login(a, name, CQ_KEY_PASSWORD);
    a->password_file = value;
    a->login.t.password = file(value);
    return *value;
}

SETTER(set_plaintext)
{
    (void)pool, (void)value;
    login(a, name, CQ_KEY_PLAINTEXT);
    a->login.t.allow_plaintext_login = 1;
    return true;
}

SETTER(set_tls)
{
    int i = cq_parse_word(value, cq_tls_words);

    (void)pool;
    login(a, name, CQ_KEY_TLS_MODE);
    a->login.t.tls_mode = (enum cqlcrawl_tls_mode)(i < 0 ? 0 : i);
    return i >= 0;
}

SETTER(set_tls_name)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_NAME);
    a->login.t.tls_name = value;
    return *value;
}

SETTER(set_tls_sni)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_SNI);
    a->login.t.tls_sni = value;
    return *value;
}

SETTER(set_cacert)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_CACERT);
    a->login.t.tls_cacert = file(value);
    return *value;
}

SETTER(set_cert)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_CERT);
    a->login.t.tls_cert = file(value);
    return *value;
}

SETTER(set_key)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_KEY);
    a->login.t.tls_key = file(value);
    return *value;
}

/* ---- of every target ---- */

SETTER(set_timeout)
{
    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_TIMEOUT);
    return cq_parse_duration(value, &a->run.t.timeout_ms);
}

SETTER(set_connect_timeout)
{
    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_CONNECT_TIMEOUT);
    return cq_parse_duration(value, &a->run.t.connect_timeout_ms);
}

SETTER(set_protocol)
{
    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_PROTOCOL);
    a->run.t.protocol = *value == 'a' ? 0 : *value - '0';
    return strcmp(value, "auto") == 0 || strcmp(value, "4") == 0 || strcmp(value, "5") == 0;
}

SETTER(set_compression)
{
    static const char *const words[] = {"auto", "none", "lz4", NULL};
    int i = cq_parse_word(value, words);

    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_COMPRESSION);
    a->run.t.compression = (enum cqlcrawl_compression)(i < 0 ? 0 : i);
    return i >= 0;
}

SETTER(set_include)
{
    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_INCLUDE);
    a->run.t.include = value;
    return *value;
}

SETTER(set_exclude)
{
    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_EXCLUDE);
    a->run.t.exclude = value;
    return *value;
}

SETTER(set_system)
{
    UNUSED3;
    CQ_SAY(&a->run, CQ_KEY_SYSTEM);
    a->run.t.system = 1;
    return true;
}

SETTER(set_proof)
{
    static const char *const words[] = {"none", "version", "settled", NULL};
    int i = cq_parse_word(value, words);

    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_PROOF);
    a->run.t.proof = (enum cqlcrawl_proof)(i < 0 ? 0 : i);
    return i >= 0;
}

/* ---- of the run ---- */

SETTER(set_concurrency)
{
    UNUSED2;
    return cq_parse_uint(value, 1, 1000000, &a->concurrency);
}

SETTER(set_memory_max)
{
    UNUSED2;
    return cq_parse_size(value, &a->memory_max);
}

SETTER(set_progress)
{
    static const char *const words[] = {"auto", "lines", "json", "none", NULL};
    int i = cq_parse_word(value, words);

    UNUSED2;
    a->progress = (enum cq_progress)(i < 0 ? 0 : i);
    return i >= 0;
}

SETTER(set_log_format)
{
    UNUSED2;
    a->json_log = strcmp(value, "json") == 0;
    return a->json_log || strcmp(value, "text") == 0;
}

static const char duration[] = "a duration: 500ms, 30s, 5m; at most 24h";

/* clang-format off */
const struct cq_option cq_options[] = {
    {"config", "FILE", "clusters, groups and defaults in YAML", ALL, set_config, "a file"},
    {"targets", "FILE", "one TARGET a line, # begins a comment", ALL, set_targets, "a file"},
    {"select", "WHAT", "of the configuration only name~REGEX or LABEL=VALUE (repeatable)", ALL, set_select, "name~REGEX or LABEL=VALUE"},
    {"output", "FILE|-", "records as NDJSON: a whole file at the end, or a stream", CRAWL, set_output, "a file or - (a folder is not in this version)"},
    {"include", "REGEX", "write only what matches as a whole: keyspace, keyspace.name", ALL, set_include, "a regular expression"},
    {"exclude", "REGEX", "do not write what matches as a whole", ALL, set_exclude, "a regular expression"},
    {"system", NULL, "write objects of system keyspaces, too", CRAWL | VALIDATE, set_system, NULL},
    {"proof", "LEVEL", "none, version or settled: how sure that nothing changed meanwhile", ALL, set_proof, "none, version or settled"},
    {"user", "NAME", "login of the targets given here", ALL, set_user, "a user's name (without a password)"},
    {"password-file", "FILE|-", "its password: a file, or standard input", ALL, set_password_file, "a file or -"},
    {"allow-plaintext-login", NULL, "send the password without TLS, too", ALL, set_plaintext, NULL},
    {"tls", "MODE", "disable, require, verify-ca or verify-full", ALL, set_tls, "disable, require, verify-ca or verify-full"},
    {"tls-name", "NAME", "the name that the certificate must be for", ALL, set_tls_name, "a name"},
    {"tls-sni", "NAME", "the name that the handshake asks for", ALL, set_tls_sni, "a name"},
    {"cacert", "FILE", "the CAs to trust, PEM", ALL, set_cacert, "a file"},
    {"cert", "FILE", "the client certificate, PEM", ALL, set_cert, "a file"},
    {"key", "FILE", "its key, PEM", ALL, set_key, "a file"},
    {"timeout", "TIME", "of a whole cluster (30s)", ALL, set_timeout, duration},
    {"connect-timeout", "TIME", "of each of name, connection and TLS (5s)", ALL, set_connect_timeout, duration},
    {"protocol", "V", "auto, 4 or 5", ALL, set_protocol, "auto, 4 or 5"},
    {"compression", "C", "auto, lz4 or none", ALL, set_compression, "auto, lz4 or none"},
    {"concurrency", "N", "clusters at once (1000)", READING, set_concurrency, "a number from 1 to 1000000"},
    {"memory-max", "SIZE", "bytes that answers in hand may take (64MiB)", READING, set_memory_max, "a size: 64MiB, 512KiB, 1GiB"},
    {"progress", "HOW", "auto, lines, json or none, on standard error", CRAWL, set_progress, "auto, lines, json or none (bar is not in this version)"},
    {"log-format", "HOW", "text or json, on standard error", ALL, set_log_format, "text or json"},
    {"sink", "URL", NULL, LATER, NULL, NULL},
    {"state", "DIR", NULL, LATER, NULL, NULL},
    {"rate", "N/s", NULL, LATER, NULL, NULL},
    {"shard", "I/N", NULL, LATER, NULL, NULL},
    {"fail-on", "WHAT", NULL, LATER, NULL, NULL},
    {"metrics-listen", "ADDRESS", NULL, LATER, NULL, NULL},
    {"metrics-file", "FILE", NULL, LATER, NULL, NULL},
    {NULL, NULL, NULL, 0, NULL, NULL},
};
/* clang-format on */
