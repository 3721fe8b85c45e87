/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq-launch REPORT CPU COMMAND...: runs one program on that CPU (-1: anywhere) and says what it
 * cost. A line of JSON goes to the file REPORT: exit status, wall, user and system seconds (wait4
 * of the program and what it waited for), context switches, VmHWM. The kernel's ru_maxrss is of no
 * use: it begins with what the parent had. VmHWM is gone once a process is, so the program is
 * stopped by ptrace at its exit, and at nothing else; where that is refused, hwm_kb is null.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 125 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void child(int cpu, char **command)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)(cpu < 0 ? 0 : cpu), &set);
    if (cpu >= 0 && sched_setaffinity(0, sizeof(set), &set) != 0) perror("cq-launch: affinity");
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0) raise(SIGSTOP);
    execvp(command[0], command);
    fprintf(stderr, "cq-launch: %s: %s\n", command[0], strerror(errno));
    _exit(FAILED);
}

static long hwm_kb(pid_t pid)
{
    char path[64], line[256];
    long value = -1;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, "VmHWM:", 6)) value = strtol(line + 6, NULL, 10);
    if (f) fclose(f);
    return value;
}

/* Carries the program on from one stop to the next until it is over. */
static int follow(pid_t pid, struct rusage *u, long *hwm)
{
    int status = 0, begun = 0;

    for (;;) {
        int signal = 0;

        if (wait4(pid, &status, __WALL, u) != pid) return -1;
        if (!WIFSTOPPED(status)) return status;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            *hwm = hwm_kb(pid);
        else if (!begun && WSTOPSIG(status) == SIGSTOP)
            ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
        else if (WSTOPSIG(status) != SIGTRAP)
            signal = WSTOPSIG(status);
        begun = 1;
        ptrace(PTRACE_CONT, pid, 0, signal);
    }
}

int main(int argc, char **argv)
{
    struct rusage u = {0};
    long hwm = -1;
    int status, code;
    double begin;
    pid_t pid;
    FILE *out;

    if (argc < 4) {
        fputs("usage: cq-launch REPORT CPU COMMAND...\n", stderr);
        return FAILED;
    }
    begin = now();
    pid = fork();
    if (pid == 0) child((int)strtol(argv[2], NULL, 10), argv + 3);
    status = pid > 0 ? follow(pid, &u, &hwm) : -1;
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return FAILED;
    }
    fprintf(out, "{\"status\":%d,\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,\"switches\":%ld,", code,
            now() - begin, seconds(u.ru_utime), seconds(u.ru_stime), u.ru_nvcsw + u.ru_nivcsw);
    fprintf(out, hwm < 0 ? "\"hwm_kb\":null}\n" : "\"hwm_kb\":%ld}\n", hwm);
    fclose(out);
    return code;
}
