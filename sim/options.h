/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of cqlsim -> config.h. */
#ifndef CQSIM_OPTIONS_H
#define CQSIM_OPTIONS_H

#include "sim/config.h"

enum cqsim_go { CQSIM_GO, CQSIM_HELP, CQSIM_USAGE };

/* CQSIM_USAGE with a text in error; CQSIM_HELP was printed already. */
enum cqsim_go cqsim_options_read(int argc, char *const *argv, struct cqsim_config *out, char *error,
                                 size_t n_error);

#endif
