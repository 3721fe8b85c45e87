/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager is told (sd_notify(3)): datagrams of VARIABLE=VALUE lines to the unix
 * socket that NOTIFY_SOCKET names, abstract names ("@...") too. Sixty lines instead of a library:
 * libsystemd brings liblzma, libgcrypt and their start-up cost for one sendmsg.
 *
 * Without NOTIFY_SOCKET everything here does nothing. A manager that does not listen is no reason
 * to fail or to wait.
 */
#ifndef CQ_CLI_NOTIFY_H
#define CQ_CLI_NOTIFY_H

#include <stdint.h>

struct cq_notify {
    int fd;               /* connected; -1: nobody wants to know */
    uint64_t watchdog_ns; /* between two signs of life; 0: none wanted */
    uint64_t next_ns;     /* of the next one; UINT64_MAX: none */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
void cq_notify_open(struct cq_notify *n, uint64_t now);
void cq_notify_close(struct cq_notify *n);
void cq_notify_ready(struct cq_notify *n);
/* Then the configuration is read again, and ready follows. */
void cq_notify_reloading(struct cq_notify *n, uint64_t now);
void cq_notify_stopping(struct cq_notify *n);
/* One line for `systemctl status`. */
void cq_notify_status(struct cq_notify *n, const char *words);
/* Once per turn of the loop: a sign of life where it is time. */
void cq_notify_turn(struct cq_notify *n, uint64_t now);

#endif
