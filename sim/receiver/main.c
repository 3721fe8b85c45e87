/* SPDX-License-Identifier: Apache-2.0 */
/* cqlsim-receiver: an HTTP receiver of records that misbehaves as it is told. Exit status: 0 ended
 * in good order, 1 could not serve, 2 usage. */
#include "sim/receiver/options.h"
#include "sim/receiver/serve.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    char error[CQSIM_MAX_TEXT * 4] = "";
    struct cqsim_receiver receiver = {.config = cqsim_alloc(sizeof *receiver.config)};
    enum cqsim_go go = cqsim_receiver_options(argc, argv, receiver.config, error, sizeof error);
    int rc = 0;
    if (go == CQSIM_USAGE) {
        fprintf(stderr, "cqlsim-receiver: %s\n", error);
        rc = 2;
    }
    if (go == CQSIM_GO) rc = cqsim_receiver_serve(&receiver);
    free(receiver.config);
    return rc;
}
