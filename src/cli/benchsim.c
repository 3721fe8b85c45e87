/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cqlsim of the bench's own: --sim PATH, else the one beside this program, else that of PATH. It
 * ends with this process, however that ends. Its targets come by a file that appears once all of
 * them listen.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench.h"

enum { WAIT_MS = 30000, LOOK_MS = 5 };

static const char name[] = "cqlsim";

static void find(const char *said, char *path, size_t n)
{
    ssize_t got;
    char *slash;

    (void)snprintf(path, n, "%s", said ? said : name);
    if (said) return;
    got = readlink("/proc/self/exe", path, n - sizeof(name));
    if (got > 0) path[got] = 0;
    slash = got > 0 ? strrchr(path, '/') : NULL;
    if (slash) memcpy(slash + 1, name, sizeof(name));
    if (!slash || access(path, X_OK)) (void)snprintf(path, n, "%s", name);
}

static void become(const struct cq_bench_sim *sim, const struct cq_args *a, const char *path,
                   pid_t parent)
{
    const struct cq_simulate *k = &a->bench.simulate;
    char numbers[4][24];
    const char *argv[] = {path,          "--clusters",     numbers[0],   "--listen", "127.20.0.1:0",
                          "--keyspaces", numbers[1],       "--tables",   numbers[2], "--columns",
                          numbers[3],    "--targets-file", sim->targets, NULL,       NULL};
    union { /* execvp takes what it does not write to */
        const char **from;
        char **to;
    } u = {argv};

    (void)snprintf(numbers[0], sizeof(numbers[0]), "%llu", (unsigned long long)k->clusters);
    for (int i = 0; i < 3; i++)
        (void)snprintf(numbers[i + 1], sizeof(numbers[0]), "%u", k->size[i]);
    if (a->login.t.tls_mode != CQLCRAWL_TLS_DISABLE) argv[13] = "--tls";
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!freopen(sim->log, "w", stderr)) _exit(127);
    if (getppid() == parent) (void)execvp(path, u.to);
    _exit(127);
}

/* It has ended, or the time is over. */
static const char *wait_for(struct cq_bench_sim *sim)
{
    const struct timespec pause = {0, LOOK_MS * 1000000};
    int status;

    for (int ms = 0; ms < WAIT_MS; ms += LOOK_MS) {
        if (access(sim->targets, R_OK) == 0) return NULL;
        if (waitpid(sim->pid, &status, WNOHANG) == sim->pid) {
            sim->pid = 0;
            return WIFEXITED(status) && WEXITSTATUS(status) == 127
                       ? "it is not there: say where with --sim PATH"
                       : "it ended before its clusters listened";
        }
        (void)nanosleep(&pause, NULL);
    }
    return "its clusters do not listen after 30 s";
}

static void last_words(const struct cq_bench_sim *sim, char *to, size_t n)
{
    FILE *f = fopen(sim->log, "re");

    to[0] = 0;
    if (!f) return;
    if (fgets(to, (int)n, f)) to[strcspn(to, "\n")] = 0;
    (void)fclose(f);
}

bool cq_bench_sim_start(struct cq_bench_sim *sim, struct cq_diags *d, const struct cq_args *a)
{
    char path[PATH_MAX];
    const char *tmp = getenv("TMPDIR"), *why = NULL;
    pid_t parent = getpid();

    find(a->bench.sim, path, sizeof(path));
    (void)snprintf(sim->folder, sizeof(sim->folder), "%s/cqlcrawl-bench-XXXXXX",
                   tmp && strlen(tmp) < 32 ? tmp : "/tmp");
    if (!mkdtemp(sim->folder)) {
        why = strerror(errno);
        sim->folder[0] = 0;
    }
    (void)snprintf(sim->targets, sizeof(sim->targets), "%s/targets", sim->folder);
    (void)snprintf(sim->log, sizeof(sim->log), "%s/log", sim->folder);
    if (!why) {
        sim->pid = fork();
        if (sim->pid == 0) become(sim, a, path, parent);
        if (sim->pid < 0) why = strerror(errno);
    }
    if (!why) why = wait_for(sim);
    if (why) {
        char words[256];

        last_words(sim, words, sizeof(words));
        cq_diag(d, (struct cq_place){path, 0, 0}, "the simulator cannot be used: %s%s%s", why,
                words[0] ? ": " : "", words);
    }
    return !why;
}

void cq_bench_sim_stop(struct cq_bench_sim *sim)
{
    if (sim->pid > 0) {
        (void)kill(sim->pid, SIGTERM);
        (void)waitpid(sim->pid, NULL, 0);
    }
    if (!sim->folder[0]) return;
    (void)unlink(sim->targets);
    (void)unlink(sim->log);
    (void)rmdir(sim->folder);
}
