/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read into a buffer, or written so that they appear whole ("-" is standard output).
 */
#ifndef CQSIM_FILES_H
#define CQSIM_FILES_H

#include "sim/bytes.h"

bool cqsim_file_read(const char *path, struct cqsim_buf *out);
bool cqsim_file_write(const char *path, struct cqsim_slice content);

#endif
