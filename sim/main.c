/* SPDX-License-Identifier: Apache-2.0 */
/* cqlsim: simulated CQL clusters. Exit status: 0 ended in good order, 1 could not serve, 2 usage.
 */
#include "sim/options.h"
#include "sim/serve.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    char error[CQSIM_MAX_TEXT * 4] = "";
    struct cqsim_config config;
    struct cqsim_fleet *fleet = NULL;
    int rc = 2;
    enum cqsim_go go = cqsim_options_read(argc, argv, &config, error, sizeof error);
    if (go == CQSIM_GO) fleet = cqsim_fleet_new(&config, error, sizeof error);
    if (go == CQSIM_HELP)
        rc = 0;
    else if (fleet == NULL)
        fprintf(stderr, "cqlsim: %s\n", error);
    else
        rc = cqsim_serve(fleet);
    cqsim_fleet_free(fleet);
    free(config.chaos);
    return rc;
}
