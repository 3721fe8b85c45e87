/* SPDX-License-Identifier: Apache-2.0 */
/* The program: arguments, then one command. It uses nothing of the project but include/cqlcrawl.h.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"

static int dispatch(struct cq_pool *pool, int argc, char **argv)
{
    struct cq_diags d = {.pool = pool};
    struct cq_args a;

    if (!cq_args_parse(pool, &d, argc, argv, &a)) return cq_complain(&d, a.json_log);
    switch (a.command) {
    case CQ_CMD_CRAWL:
        return cq_command_crawl(pool, &a);
    case CQ_CMD_CHECK:
        return cq_command_check(pool, &a);
    case CQ_CMD_SERVE:
        return cq_command_serve(pool, &a);
    case CQ_CMD_VALIDATE:
        return cq_command_validate(pool, &a);
    case CQ_CMD_BENCH:
        return cq_command_bench(pool, &a);
    case CQ_CMD_HELP:
        return cq_command_help(&a);
    case CQ_CMD_VERSION:
        return cq_command_version();
    case CQ_CMD_NONE:
        break;
    }
    return CQ_EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
    struct cq_pool pool = {0};
    int code = dispatch(&pool, argc, argv);

    cq_pool_free(&pool);
    return code;
}
