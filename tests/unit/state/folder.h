/* SPDX-License-Identifier: Apache-2.0 */
/* A state directory of a test's own, gone with everything in it at folder_end. */
#ifndef CQ_TEST_STATE_FOLDER_H
#define CQ_TEST_STATE_FOLDER_H

#include <stddef.h>

struct folder {
    char dir[64];
    char db[96]; /* DIR/state.db */
};

void folder_begin(struct folder *f); /* the directory is not made yet */
void folder_end(struct folder *f);
void folder_write(const char *path, const void *bytes, size_t n);

#endif
