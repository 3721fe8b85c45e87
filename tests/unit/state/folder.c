/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/state/folder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void folder_begin(struct folder *f)
{
    char base[] = "/tmp/cq-state-XXXXXX";

    assert(mkdtemp(base));
    assert(rmdir(base) == 0);
    (void)snprintf(f->dir, sizeof(f->dir), "%s", base);
    (void)snprintf(f->db, sizeof(f->db), "%s/state.db", base);
}

void folder_end(struct folder *f)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm", "lock"};
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->dir);
}

void folder_write(const char *path, const void *bytes, size_t n)
{
    FILE *out = fopen(path, "r+b");

    if (!out) out = fopen(path, "wb");
    assert(out);
    assert(fwrite(bytes, 1, n, out) == n);
    assert(fclose(out) == 0);
}
