/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shell of the simulator: libuv listeners, sockets, timers, signals. It holds no policy: what
 * is answered and when is the node's, what is encrypted is tls's. Runs until a signal or the
 * duration.
 */
#ifndef CQSIM_SERVE_H
#define CQSIM_SERVE_H

#include "sim/fleet.h"

/* 0 when it ended in good order, else an exit status; says on stderr what went wrong. */
int cqsim_serve(struct cqsim_fleet *fleet);

#endif
