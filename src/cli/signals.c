/* SPDX-License-Identifier: Apache-2.0 */
/* Signals (cli/signals.h). */
#include "cli/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

static void at_once(int sig)
{
    _exit(128 + sig);
}

int cq_signals_open(bool hangup)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;

    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGUSR1);
    if (hangup) (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cq_signals_take(int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) return 0;
    return (int)info.ssi_signo;
}

void cq_signals_at_once(void)
{
    struct sigaction again = {.sa_handler = at_once};
    sigset_t set;

    (void)sigaction(SIGINT, &again, NULL);
    (void)sigaction(SIGTERM, &again, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void cq_signals_close(int fd)
{
    if (fd >= 0) (void)close(fd);
}
