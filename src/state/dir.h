/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory itself: made where it is missing (the last part of its path only, rights
 * 0700), and locked by flock on DIR/lock as long as the process uses it. The lock goes with the
 * process, however that ends.
 */
#ifndef CQ_STATE_DIR_H
#define CQ_STATE_DIR_H

#include "base/err.h"

/* *fd holds the lock until cq_dir_unlock. 0, CQ_ESTATE or CQ_ESTATE_LOCKED with words in *f. */
int cq_dir_lock(const char *dir, int *fd, struct cq_fault *f);
void cq_dir_unlock(int fd);
/* DIR/name into out. 0, or CQ_ESTATE: the path is too long. */
int cq_dir_path(const char *dir, const char *name, char out[CQ_MAX_PATH], struct cq_fault *f);

#endif
