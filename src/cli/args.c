/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to cq_args by the table of options; every mistake is reported, not the first alone. */
#include "cli/args.h"

#include <string.h>

#include "cli/words.h"

enum { MOST_OPTIONS = 64 };

#define HERE ((struct cq_place){NULL, 0, 0})
#define COMMANDS "crawl, check, serve, validate and bench"

static const char *const commands[] = {"crawl", "check", "serve",   "validate",
                                       "bench", "help",  "version", NULL};

enum { READERS = CQ_CMD_HELP - CQ_CMD_CRAWL }; /* commands before help */

struct parser {
    struct cq_pool *pool;
    struct cq_diags *d;
    struct cq_args *a;
    int argc, at;
    char **argv;
    bool seen[MOST_OPTIONS];
};

static const char *command_name(enum cq_command c)
{
    return commands[c - CQ_CMD_CRAWL];
}

/* ---- options ---- */

static bool is_secret_option(const char *name, size_t n)
{
    static const char *const words[] = {"password", "passwd", "pass", "pw",
                                        "secret",   "token",  NULL};

    for (int i = 0; words[i]; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], name, n) == 0) return true;
    }
    return false;
}

static void unknown_option(struct parser *p, const char *name, size_t n)
{
    const char *names[MOST_OPTIONS + 1], *near;
    size_t k = 0;

    if (is_secret_option(name, n)) {
        cq_diag(p->d, HERE,
                "--%.*s: a secret is never an argument (everybody sees it in ps): use "
                "--password-file FILE, or - for standard input",
                (int)n, name);
        return;
    }
    for (; cq_options[k].name && k < MOST_OPTIONS; k++)
        names[k] = cq_options[k].name;
    names[k] = NULL;
    near = cq_nearest(cq_pool_dup(p->pool, name, n), names);
    cq_diag(p->d, HERE, "unknown option --%.*s%s%s%s", (int)n, name,
            near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* The value: behind '=' or the next argument. NULL with a diagnostic. */
static const char *value_of(struct parser *p, const struct cq_option *o, const char *equals)
{
    if (equals) return equals + 1;
    if (p->at + 1 < p->argc) return p->argv[++p->at];
    cq_diag(p->d, HERE, "--%s needs a value: %s", o->name, o->expects);
    return NULL;
}

static void apply(struct parser *p, const struct cq_option *o, const char *equals)
{
    size_t i = (size_t)(o - cq_options);
    const char *value = NULL;

    if (o->value) {
        value = value_of(p, o, equals);
        if (!value) return;
    } else if (equals) {
        cq_diag(p->d, HERE, "--%s takes no value", o->name);
        return;
    }
    if (!(o->commands & (1u << p->a->command))) {
        cq_diag(p->d, HERE, "--%s is not an option of %s", o->name, command_name(p->a->command));
        return;
    }
    if (p->seen[i] && !o->repeats) {
        cq_diag(p->d, HERE, "--%s is there twice", o->name);
        return;
    }
    p->seen[i] = true;
    if (o->set(p->a, p->pool, o->name, value)) return;
    if (strcmp(o->name, "user") == 0 || strcmp(o->name, "sink") == 0) { /* may hold a secret */
        cq_diag(p->d, HERE, "--%s: %s is expected", o->name, o->expects);
    } else {
        cq_diag(p->d, HERE, "--%s: %s is expected, not '%s'", o->name, o->expects, value);
    }
}

static void option(struct parser *p, const char *arg)
{
    const char *name = arg + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);

    if (n == 4 && memcmp(name, "help", 4) == 0) {
        p->a->help_of = p->a->command;
        p->a->command = CQ_CMD_HELP;
        return;
    }
    for (const struct cq_option *o = cq_options; o->name; o++) {
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) {
            apply(p, o, equals);
            return;
        }
    }
    unknown_option(p, name, n);
}

static void positional(struct parser *p, const char *arg)
{
    struct cq_args *a = p->a;

    a->targets = cq_pool_more(p->pool, a->targets, a->n_targets, sizeof(*a->targets));
    if (a->targets) a->targets[a->n_targets++] = arg;
}

static void rest(struct parser *p)
{
    bool only_targets = false;

    for (; p->at < p->argc && p->a->command != CQ_CMD_HELP; p->at++) {
        const char *arg = p->argv[p->at];

        if (only_targets || arg[0] != '-') {
            positional(p, arg);
        } else if (strcmp(arg, "--") == 0) {
            only_targets = true;
        } else if (strcmp(arg, "-h") == 0) {
            option(p, "--help");
        } else if (strncmp(arg, "--", 2) == 0) {
            option(p, arg);
        } else {
            cq_diag(p->d, HERE, "unknown option %s: options are long ones, see --help", arg);
        }
    }
}

/* ---- commands ---- */

static bool command(struct parser *p, const char *word)
{
    const char *near;
    int i = cq_parse_word(word, commands);

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) i = READERS;
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) i = READERS + 1;
    if (i >= 0) {
        p->a->command = (enum cq_command)(CQ_CMD_CRAWL + i);
        return true;
    }
    near = cq_nearest(word, commands);
    cq_diag(p->d, HERE, "unknown command '%s': %s%s%s" COMMANDS " are there", word,
            near ? "did you mean " : "", near ? near : "", near ? "? " : "");
    return false;
}

static void help_topic(struct parser *p)
{
    int i = p->argc > 2 ? cq_parse_word(p->argv[2], commands) : -1;

    p->a->help_of = i >= 0 && i < READERS ? (enum cq_command)(CQ_CMD_CRAWL + i) : CQ_CMD_NONE;
}

/* ---- sinks of the command line ---- */

static void sinks(struct parser *p)
{
    struct cq_args *a = p->a;

    if (a->sink_token.source && a->n_sinks != 1) {
        cq_diag(p->d, HERE,
                "--sink-token-file belongs to one --sink; say several receivers with "
                "their tokens in the configuration (sinks)");
        return;
    }
    if (a->n_sinks) a->sinks[0].s.token = a->sink_token;
    (void)cq_sinks_check(p->pool, p->d, a->sinks, a->n_sinks);
    a->settings.sinks = a->sinks;
    a->settings.n_sinks = a->n_sinks;
}

bool cq_args_parse(struct cq_pool *pool, struct cq_diags *d, int argc, char **argv,
                   struct cq_args *out)
{
    struct parser p = {.pool = pool, .d = d, .a = out, .argc = argc, .argv = argv, .at = 2};
    unsigned before = d->n;

    *out = (struct cq_args){.command = CQ_CMD_NONE};
    if (argc < 2) {
        cq_diag(d, HERE,
                "a command is missing: crawl, check, serve, validate or bench (cqlcrawl --help)");
        return false;
    }
    if (!command(&p, argv[1])) return false;
    if (out->command == CQ_CMD_HELP) {
        help_topic(&p);
    } else if (out->command != CQ_CMD_VERSION) {
        rest(&p);
        if (d->n == before && out->command != CQ_CMD_HELP) sinks(&p);
    }
    if (out->progress == CQ_PROGRESS_JSON) out->json_log = true; /* one reader for all of it */
    if (pool->failed) cq_diag(d, HERE, "out of memory");
    return d->n == before;
}
