/* SPDX-License-Identifier: Apache-2.0 */
/* A cqlsim of a test's own (simproc.h). */
#include "unit/lib/simproc.h"

#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

enum { MOST_ARGS = 40, TRIES = 1000 };

static void read_targets(struct simproc *s, FILE *f)
{
    char line[128];

    while (s->n < 32 && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%31[^:]:%u", s->hosts[s->n], &s->ports[s->n]) == 2) s->n++;
    }
}

void simproc_start(struct simproc *s, const char *const *args)
{
    const char *argv[MOST_ARGS] = {CQ_SIM, "--duration", "120", "--targets-file", s->targets};
    struct timespec pause = {0, 10000000};
    FILE *f = NULL;
    int n = 5;

    memset(s, 0, sizeof(*s));
    (void)snprintf(s->targets, sizeof(s->targets), "/tmp/cq-sim-%ld", (long)getpid());
    (void)unlink(s->targets);
    for (; *args && n < MOST_ARGS - 1; args++)
        argv[n++] = *args;
    argv[n] = NULL;
    assert_int_equal(
        posix_spawn(&s->pid, CQ_SIM, NULL, NULL, (char *const *)(uintptr_t)argv, environ), 0);
    for (int i = 0; i < TRIES && !f; i++) {
        f = fopen(s->targets, "r");
        if (!f) (void)nanosleep(&pause, NULL);
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) fail_msg("cqlsim ended at once");
    }
    assert_non_null(f);
    read_targets(s, f);
    (void)fclose(f);
    assert_true(s->n > 0);
}

void simproc_stop(struct simproc *s)
{
    if (!s->pid) return;
    (void)kill(s->pid, SIGTERM);
    (void)waitpid(s->pid, NULL, 0);
    (void)unlink(s->targets);
    s->pid = 0;
}
