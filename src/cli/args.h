/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments: one table of options (cli/options.c) gives the grammar, the help and which command
 * takes what. Errors are kept as diagnostics without a place; secrets have no option.
 */
#ifndef CQ_CLI_ARGS_H
#define CQ_CLI_ARGS_H

#include "cli/settings.h"
#include "cli/spec.h"

enum cq_command {
    CQ_CMD_NONE,
    CQ_CMD_CRAWL,
    CQ_CMD_CHECK,
    CQ_CMD_SERVE,
    CQ_CMD_VALIDATE,
    CQ_CMD_BENCH,
    CQ_CMD_HELP,
    CQ_CMD_VERSION,
};

enum cq_progress {
    CQ_PROGRESS_AUTO,
    CQ_PROGRESS_BAR,
    CQ_PROGRESS_LINES,
    CQ_PROGRESS_JSON,
    CQ_PROGRESS_NONE,
};

/* Simulated clusters: "50" (reference), "50:small", "50:large", "50:3x10x8": keyspaces, tables in
 * each, columns in each. */
struct cq_simulate {
    uint64_t clusters;
    unsigned size[3];
};

/* `bench`; 0 and NULL: not said. */
struct cq_bench_options {
    struct cq_simulate simulate; /* clusters 0: the targets given */
    const char *sim, *json, *compare;
    uint64_t duration_ms, count, rounds;
    uint64_t rate; /* of cq_settings */
};

struct cq_args {
    enum cq_command command;
    enum cq_command help_of; /* HELP: of this command; NONE: of all */
    const char *config, *targets_file, *output, *password_file;
    const char **targets;
    size_t n_targets;
    const char **selects;
    size_t n_selects;
    struct cq_spec login;     /* user, TLS, plaintext: for targets of the command line only */
    const char *login_option; /* one of those that was given, for messages; NULL: none */
    struct cq_spec
        run; /* timeouts, filters, protocol ...: for every target, over the configuration */
    struct cq_settings settings; /* what was said; cq_inventory.settings is what holds */
    struct cq_sink_spec *sinks;  /* --sink; settings.sinks once all is read */
    size_t n_sinks;
    struct cqlcrawl_text sink_token;
    const char **accept_identity; /* names */
    size_t n_accept_identity;
    enum cq_progress progress;
    struct cq_bench_options bench;
    bool json_log; /* --log-format json, or --progress json */
};

struct cq_option {
    const char *name;  /* without the dashes */
    const char *value; /* its name in the help; NULL: a flag */
    const char *help;  /* NULL: not shown */
    unsigned commands; /* a bit per command that takes it */
    bool repeats;      /* may stand more than once */
    /* False: the value is not valid and `expects` says what is. */
    bool (*set)(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value);
    const char *expects;
};

extern const struct cq_option cq_options[]; /* ends with a NULL name */

/* False with diagnostics. argv is kept. */
bool cq_args_parse(struct cq_pool *pool, struct cq_diags *d, int argc, char **argv,
                   struct cq_args *out);

#endif
