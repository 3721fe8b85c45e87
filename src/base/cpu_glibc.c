/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/platform/x86.h>

#include "base/cpu.h"

bool cq_cpu_has_avx2(void)
{
    return CPU_FEATURE_ACTIVE(AVX2);
}

bool cq_cpu_can_fold(void)
{
    return CPU_FEATURE_ACTIVE(PCLMULQDQ) && CPU_FEATURE_ACTIVE(SSE4_1);
}
