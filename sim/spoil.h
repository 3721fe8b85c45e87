/* SPDX-License-Identifier: Apache-2.0 */
/* The content faults of faults.h, applied to a data set: first to unsorted rows, then to the order.
 */
#ifndef CQSIM_SPOIL_H
#define CQSIM_SPOIL_H

#include "sim/schema.h"

void cqsim_spoil_rows(struct cqsim_schema *s, const struct cqsim_faults *faults);
void cqsim_spoil_order(struct cqsim_dataset *d, const struct cqsim_faults *faults);

#endif
