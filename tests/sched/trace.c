/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet scheduler's decisions as text, in virtual time: the same seed, the same lines.
 *
 *   build/release/tests/fleet-trace --seed 7 --clusters 50
 */
#include <stdlib.h>
#include <string.h>

#include "sched/world.h"

static int usage(void)
{
    (void)fprintf(
        stderr,
        "usage: fleet-trace [--seed N] [--clusters N (to %d)] [--slots N] [--half-open N]\n"
        "       [--rate N] [--retries N]\n",
        WORLD_MOST);
    return 2;
}

static unsigned *number_of(struct world_options *o, const char *name)
{
    if (strcmp(name, "--clusters") == 0) return &o->clusters;
    if (strcmp(name, "--slots") == 0) return &o->slots;
    if (strcmp(name, "--half-open") == 0) return &o->half_open;
    if (strcmp(name, "--rate") == 0) return &o->rate;
    if (strcmp(name, "--retries") == 0) return &o->retries;
    return NULL;
}

int main(int argc, char **argv)
{
    struct world_options o = world_golden;
    struct world *w = malloc(sizeof(*w));

    o.trace = stdout;
    for (int i = 1; i < argc; i += 2) {
        unsigned *to = number_of(&o, argv[i]);

        if (i + 1 == argc || (!to && strcmp(argv[i], "--seed") != 0)) return usage();
        if (to)
            *to = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else
            o.seed = strtoull(argv[i + 1], NULL, 10);
    }
    if (!w || o.clusters > WORLD_MOST || !o.slots || !o.half_open) return usage();
    world_init(w, &o);
    world_run(w);
    free(w);
    return 0;
}
