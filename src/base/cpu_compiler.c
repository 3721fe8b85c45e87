/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

bool cq_cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

bool cq_cpu_can_fold(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}
