/* SPDX-License-Identifier: Apache-2.0 */
/* A cqlsim of a test's own: started with its arguments, ready when this returns, ended by its pid.
 */
#ifndef CQ_TEST_SIMPROC_H
#define CQ_TEST_SIMPROC_H

#include <sys/types.h>

struct simproc {
    pid_t pid;
    char targets[64]; /* the file that lists them */
    char hosts[32][32];
    unsigned ports[32];
    int n;
};

/* args: NULL-terminated, without --targets-file. Fails the test where it does not come up. */
void simproc_start(struct simproc *s, const char *const *args);
void simproc_stop(struct simproc *s);

#endif
