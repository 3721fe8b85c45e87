/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as a descriptor: SIGINT, SIGTERM, SIGUSR1 and, where somebody reloads, SIGHUP. SIGPIPE is
 * ignored: a reader that leaves is an error of the write. */
#ifndef CQ_CLI_SIGNALS_H
#define CQ_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

int cq_signals_open(bool hangup); /* the descriptor, or -1 */
int cq_signals_take(int fd);      /* one signal, or 0 */
/* From now on SIGINT and SIGTERM end the program at once, with their exit status. */
void cq_signals_at_once(void);
void cq_signals_close(int fd);

#endif
