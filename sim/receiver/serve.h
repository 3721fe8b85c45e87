/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of the receiver: libuv, sockets, TLS, files to write. It decides nothing. */
#ifndef CQSIM_RECEIVER_SERVE_H
#define CQSIM_RECEIVER_SERVE_H

#include "sim/receiver/receiver.h"

/* 0 when it ended in good order, else an exit status; says on stderr what went wrong. */
int cqsim_receiver_serve(struct cqsim_receiver *receiver);

#endif
