/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an x86-64 has beyond the least of its kind. glibc has asked the processor already
 * (cpu_glibc.c, 2.33 and later); the compiler's own table (cpu_compiler.c) asks it once more at
 * every start, and in a virtual machine each question goes to the host: 45 us of them.
 */
#ifndef CQ_BASE_CPU_H
#define CQ_BASE_CPU_H

#include <stdbool.h>

bool cq_cpu_has_avx2(void);
bool cq_cpu_can_fold(void); /* PCLMULQDQ and SSE4.1: proto/crc_fold_x86.c */

#endif
