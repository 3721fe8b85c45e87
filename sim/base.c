/* SPDX-License-Identifier: Apache-2.0 */
/* Which recording the system keyspaces of a release line come from (dataset.h). */
#include "sim/base.h"

#include "sim/dataset.h"

struct cqsim_slice cqsim_base_bytes(enum cqsim_line line)
{
    if (line <= CQSIM_311) return (struct cqsim_slice){cqsim_base_311, cqsim_base_311_size};
    if (line <= CQSIM_41) return (struct cqsim_slice){cqsim_base_40, cqsim_base_40_size};
    return (struct cqsim_slice){cqsim_base_50, cqsim_base_50_size};
}
