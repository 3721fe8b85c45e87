/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file it is, and when it was changed last: what has the same stamp has the same bytes. All
 * zero: no file. Compared as bytes (it has no holes). cred/secret.h makes them.
 */
#ifndef CQ_BASE_STAMP_H
#define CQ_BASE_STAMP_H

#include <stdint.h>

struct cq_stamp {
    uint64_t device, inode;
    int64_t size, modified_s, modified_ns, changed_s, changed_ns;
};

#endif
