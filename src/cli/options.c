/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options (cli/args.h) and what each one sets. */
#include <string.h>

#include "cli/args.h"
#include "cli/limits.h"
#include "cli/setters.h"
#include "cli/words.h"

#define CRAWL (1u << CQ_CMD_CRAWL)
#define CHECK (1u << CQ_CMD_CHECK)
#define VALIDATE (1u << CQ_CMD_VALIDATE)
#define SERVE (1u << CQ_CMD_SERVE)
#define BENCH (1u << CQ_CMD_BENCH)
#define READING (CRAWL | CHECK | SERVE | VALIDATE)
#define KEEPING (CRAWL | SERVE | VALIDATE)
#define ALL (READING | BENCH)
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
    return *value;
}

SETTER(set_select)
{
    (void)name;
    a->selects = cq_pool_more(pool, a->selects, a->n_selects, sizeof(*a->selects));
    if (a->selects) a->selects[a->n_selects++] = value;
    return strncmp(value, "name~", 5) == 0 || (strchr(value, '=') && value[0] != '=');
}

static struct cqlcrawl_text file(const char *path)
{
    return (struct cqlcrawl_text){CQLCRAWL_FILE, path, 0};
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
    return cq_parse_uint(value, 1, 1000000, &a->settings.concurrency);
}

SETTER(set_memory_max)
{
    UNUSED2;
    return cq_parse_size(value, &a->settings.memory_max);
}

SETTER(set_rate)
{
    UNUSED2;
    return cq_parse_rate(value, &a->settings.rate);
}

SETTER(set_half_open)
{
    UNUSED2;
    return cq_parse_uint(value, 1, CQ_MOST_HALF_OPEN, &a->settings.half_open);
}

SETTER(set_seed)
{
    UNUSED2;
    return cq_parse_uint(value, 1, UINT64_MAX / 100, &a->settings.seed);
}

SETTER(set_retries)
{
    uint64_t n;
    bool ok = cq_parse_uint(value, 0, CQ_MOST_RETRIES, &n);

    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_RETRIES);
    a->run.t.retries = ok && n ? (unsigned)n : CQLCRAWL_NO_RETRIES;
    return ok;
}

SETTER(set_max_in_flight)
{
    uint64_t n;
    bool ok = cq_parse_uint(value, 1, CQ_MOST_IN_FLIGHT, &n);

    UNUSED2;
    CQ_SAY(&a->run, CQ_KEY_MAX_IN_FLIGHT);
    a->run.t.max_in_flight = ok ? (unsigned)n : 0;
    return ok;
}

SETTER(set_shard)
{
    UNUSED2;
    return !cq_parse_shard(value, &a->settings.shard, &a->settings.shards);
}

SETTER(set_state)
{
    UNUSED2;
    a->settings.state = value;
    return *value;
}

SETTER(set_full_after)
{
    UNUSED2;
    return cq_parse_duration(value, &a->settings.full_after_ms);
}

SETTER(set_accept_identity)
{
    (void)name;
    a->accept_identity =
        cq_pool_more(pool, a->accept_identity, a->n_accept_identity, sizeof(*a->accept_identity));
    if (a->accept_identity) a->accept_identity[a->n_accept_identity++] = value;
    return *value;
}

SETTER(set_fail_on)
{
    UNUSED2;
    return cq_parse_fail_on(value, &a->settings.fail_on);
}

/* ---- where records and metrics go ---- */

SETTER(set_sink)
{
    struct cq_sink_spec *k;

    (void)name;
    a->sinks = cq_pool_more(pool, a->sinks, a->n_sinks, sizeof(*a->sinks));
    if (!a->sinks) return false;
    k = &a->sinks[a->n_sinks++];
    *k = (struct cq_sink_spec){.s = {.size = sizeof(k->s), .url = value}};
    return *value;
}

SETTER(set_sink_token_file)
{
    UNUSED2;
    a->sink_token = file(value);
    return *value;
}

SETTER(set_dead_letters)
{
    UNUSED2;
    a->settings.dead_letters = value;
    return *value;
}

SETTER(set_metrics_listen)
{
    (void)name;
    return cq_parse_listen(pool, value, &a->settings.metrics_listen);
}

SETTER(set_metrics_file)
{
    UNUSED2;
    a->settings.metrics_file = value;
    return *value;
}

SETTER(set_progress)
{
    static const char *const words[] = {"auto", "bar", "lines", "json", "none", NULL};
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
    {"config", "FILE", "clusters, groups, sinks and defaults in YAML", ALL, false, set_config, "a file"},
    {"targets", "FILE", "TARGETs, one a line, or a list of Prometheus (file_sd)", ALL, false, set_targets, "a file"},
    {"select", "WHAT", "only clusters of name~REGEX or LABEL=VALUE (repeatable: all must hold)", ALL, true, set_select, "name~REGEX or LABEL=VALUE"},
    {"output", "FILE|DIR/|-|none", "records as NDJSON: a whole file at the end, one per cluster, a stream", CRAWL | BENCH, false, set_output, "a file, a folder (DIR/), - or none"},
    {"include", "REGEX", "write only what matches as a whole: keyspace, keyspace.name", ALL, false, set_include, "a regular expression"},
    {"exclude", "REGEX", "do not write what matches as a whole", ALL, false, set_exclude, "a regular expression"},
    {"system", NULL, "write objects of system keyspaces, too", KEEPING | BENCH, false, set_system, NULL},
    {"proof", "LEVEL", "none, version or settled: how sure that nothing changed meanwhile", ALL, false, set_proof, "none, version or settled"},
    {"user", "NAME", "login of the targets given here", ALL, false, cq_login_set_user, "a user's name (without a password)"},
    {"password-file", "FILE|-", "its password: a file, or standard input", ALL, false, cq_login_set_password_file, "a file or -"},
    {"allow-plaintext-login", NULL, "send the password without TLS, too", ALL, false, cq_login_set_plaintext, NULL},
    {"tls", "MODE", "disable, require, verify-ca or verify-full", ALL, false, cq_login_set_tls, "disable, require, verify-ca or verify-full"},
    {"tls-name", "NAME", "the name that the certificate must be for", ALL, false, cq_login_set_tls_name, "a name"},
    {"tls-sni", "NAME", "the name that the handshake asks for", ALL, false, cq_login_set_tls_sni, "a name"},
    {"cacert", "FILE", "the CAs to trust, PEM", ALL, false, cq_login_set_cacert, "a file"},
    {"cert", "FILE", "the client certificate, PEM", ALL, false, cq_login_set_cert, "a file"},
    {"key", "FILE", "its key, PEM", ALL, false, cq_login_set_key, "a file"},
    {"timeout", "TIME", "of a whole cluster (30s)", ALL, false, set_timeout, duration},
    {"connect-timeout", "TIME", "of each of name, connection and TLS (5s)", ALL, false, set_connect_timeout, duration},
    {"protocol", "V", "auto, 4 or 5", ALL, false, set_protocol, "auto, 4 or 5"},
    {"compression", "C", "auto, lz4 or none", ALL, false, set_compression, "auto, lz4 or none"},
    {"concurrency", "N", "clusters at once (1000)", ALL, false, set_concurrency, "a number from 1 to 1000000"},
    {"memory-max", "SIZE", "what answers and batches in hand may take (64MiB)", ALL, false, set_memory_max, "a size: 64MiB, 512KiB, 1GiB"},
    {"rate", "N/s", "attempts begun per second (no limit)", ALL, false, set_rate, CQ_EXPECT_RATE},
    {"half-open", "N", "connections being made at once (256)", ALL, false, set_half_open, "a number from 1 to 16384"},
    {"retries", "N", "further attempts after a fault that may pass by itself (2)", ALL, false, set_retries, "a number from 0 to 100"},
    {"max-in-flight", "N", "unanswered statements per cluster (all)", ALL, false, set_max_in_flight, "a number from 1 to 64"},
    {"seed", "N", "of every jitter, so that a run can be repeated", ALL, false, set_seed, "a number from 1"},
    {"shard", "I/N", "only part I of N, by the names; auto: of an array job", READING, false, set_shard, "I/N, I from 1 to N, or auto or auto/N in an array job"},
    {"sink", "URL", "send the records to an HTTP receiver (repeatable)", KEEPING | BENCH, true, set_sink, "a URL"},
    {"sink-token-file", "FILE", "the bearer token for it", KEEPING | BENCH, false, set_sink_token_file, "a file"},
    {"dead-letters", "FILE", "keep records that a receiver refuses for good, with its answer", KEEPING | BENCH, false, set_dead_letters, "a file"},
    {"state", "DIR", "remember what was read: unchanged clusters cost a probe", KEEPING, false, set_state, "a folder"},
    {"full-after", "TIME", "read unchanged clusters in full so often all the same (24h)", KEEPING, false, set_full_after, duration},
    {"accept-identity", "NAME", "this cluster may be another one than before (repeatable)", CRAWL | SERVE, true, set_accept_identity, "a cluster's name"},
    {"fail-on", "WHAT", "any, none, N or N%: how many unread clusters make the run fail", CRAWL | CHECK | VALIDATE, false, set_fail_on, CQ_EXPECT_FAIL_ON},
    {"metrics-listen", "ADDR:PORT", "serve metrics and health there", SERVE | VALIDATE, false, set_metrics_listen, CQ_EXPECT_LISTEN},
    {"metrics-file", "FILE", "metrics for Prometheus, every 15 s and at the end", CRAWL | VALIDATE, false, set_metrics_file, "a file"},
    {"simulate", "N[:SIZE]", "of N simulated clusters: small, reference, large or 10x20x12", BENCH, false, cq_bench_set_simulate, "a number up to 20000, and small, reference, large or KEYSPACESxTABLESxCOLUMNS (5 columns at least): 50:small"},
    {"sim", "PATH", "the simulator (cqlsim, beside this program)", BENCH, false, cq_bench_set_sim, "a file"},
    {"rounds", "N", "rounds, after one that is not counted (5)", BENCH, false, cq_bench_set_rounds, "a number from 1 to 1000"},
    {"duration", "TIME", "of a round (2s)", BENCH, false, cq_bench_set_duration, duration},
    {"count", "N", "crawls of a round, instead of a time", BENCH, false, cq_bench_set_count, "a number from 1"},
    {"json", "FILE", "the result as JSON", BENCH, false, cq_bench_set_json, "a file"},
    {"compare", "A.json B.json", "what differs between two results", BENCH, false, cq_bench_set_compare, "a file"},
    {"progress", "HOW", "auto, bar, lines, json or none, on standard error", CRAWL, false, set_progress, "auto, bar, lines, json or none"},
    {"log-format", "HOW", "text or json, on standard error", ALL, false, set_log_format, "text or json"},
    {NULL, NULL, NULL, 0, false, NULL, NULL},
};
/* clang-format on */
