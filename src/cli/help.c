/* SPDX-License-Identifier: Apache-2.0 */
/* `--help`, made of the table of options, and `--version`. */
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/text.h"

static const char general[] =
    "cqlcrawl reads the whole schema of Cassandra-like clusters and delivers it as records.\n"
    "\n"
    "  cqlcrawl crawl    [OPTIONS] [TARGET...]   read schemas once, deliver records\n"
    "  cqlcrawl check    [OPTIONS] [TARGET...]   try each step to a target, say what is wrong\n"
    "  cqlcrawl serve    [OPTIONS]               keep reading the configured fleet\n"
    "  cqlcrawl validate [OPTIONS] [TARGET...]   read configuration and inventory, contact nobody\n"
    "  cqlcrawl bench    [OPTIONS] [TARGET...]   what crawls cost: repeated, in rounds; --compare\n"
    "\n"
    "TARGET: the name of a cluster in the configuration, host, host:port, [v6]:port, or\n"
    "  cassandra://[user@]host[:port][,host[:port]...][?tls=MODE&name=NAME&sni=NAME]\n"
    "  (name and sni: as --tls-name and --tls-sni)\n";

static const char closing[] = "\n"
                              "Exit status: 0 every cluster complete, 1 internal error, 2 usage or "
                              "configuration (nobody was\n"
                              "contacted), 3 some cluster incomplete or failed, 4 records not "
                              "delivered, 130/143 interrupted.\n";

static void options(struct cq_text *t, enum cq_command of)
{
    for (const struct cq_option *o = cq_options; o->name; o++) {
        size_t start = t->n;

        if (!o->help || (of != CQ_CMD_NONE && !(o->commands & (1u << of)))) continue;
        cq_text_printf(t, "  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        cq_text_pad(t, start, 28);
        cq_text_puts(t, o->help);
        cq_text_puts(t, "\n");
    }
}

int cq_command_help(const struct cq_args *a)
{
    struct cq_text t = {0};

    cq_text_puts(&t, general);
    cq_text_puts(&t, "\nOptions:\n");
    options(&t, a->help_of);
    cq_text_puts(&t, closing);
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
    return CQ_EXIT_OK;
}

int cq_command_version(void)
{
    struct cq_text t = {0};

    cq_text_printf(&t, "cqlcrawl %s\n", cqlcrawl_version());
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
    return CQ_EXIT_OK;
}
