/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of recorded conversations inside the program; embed.cmake writes the definitions. */
#ifndef CQSIM_BASE_H
#define CQSIM_BASE_H

#include <stddef.h>

extern const unsigned char cqsim_base_311[];
extern const size_t cqsim_base_311_size;
extern const unsigned char cqsim_base_40[];
extern const size_t cqsim_base_40_size;
extern const unsigned char cqsim_base_50[];
extern const size_t cqsim_base_50_size;

#endif
