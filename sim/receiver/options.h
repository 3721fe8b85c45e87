/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of cqlsim-receiver -> receiver.h. */
#ifndef CQSIM_RECEIVER_OPTIONS_H
#define CQSIM_RECEIVER_OPTIONS_H

#include "sim/options.h"
#include "sim/receiver/receiver.h"

/* CQSIM_USAGE with a text in error; CQSIM_HELP was printed already. */
enum cqsim_go cqsim_receiver_options(int argc, char *const *argv, struct cqsim_receiver_config *out,
                                     char *error, size_t n_error);

#endif
