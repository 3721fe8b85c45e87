/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing of whole files (files.h). */
#include "sim/files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, MAX_PATH_TEXT = 4096 };

bool cqsim_file_read(const char *path, struct cqsim_buf *out)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) return false;
    size_t n;
    while ((n = fread(cqsim_buf_space(out, CHUNK), 1, CHUNK, f)) > 0)
        out->end += n;
    bool ok = !ferror(f);
    fclose(f);
    return ok;
}

bool cqsim_file_write(const char *path, struct cqsim_slice content)
{
    char temporary[MAX_PATH_TEXT];
    if (strcmp(path, "-") == 0)
        return fwrite(content.p, 1, content.n, stdout) == content.n && fflush(stdout) == 0;
    int n = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof temporary) return false;
    FILE *f = fopen(temporary, "wb");
    if (f == NULL) return false;
    bool ok = fwrite(content.p, 1, content.n, f) == content.n;
    ok = fclose(f) == 0 && ok;
    if (ok) ok = rename(temporary, path) == 0;
    if (!ok) remove(temporary);
    return ok;
}
