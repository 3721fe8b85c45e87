/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq-keep FILE N BYTES: the floor of a file. N times as cqlcrawl replaces one: BYTES are written to
 * FILE.partial in pieces of 64 KiB and synced, FILE is replaced by it and the folder synced.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

static bool write_all(int fd, const char *piece, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, piece, n < PIECE ? n : PIECE);

        if (done <= 0) return false;
        n -= (size_t)done;
    }
    return true;
}

static bool keep(const char *partial, const char *path, int folder, const char *piece, size_t n)
{
    int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && write_all(fd, piece, n) && fsync(fd) == 0 && rename(partial, path) == 0 &&
              fsync(folder) == 0;

    if (fd >= 0 && close(fd)) ok = false;
    return ok;
}

/* The folder of the path, which is cut. */
static int folder_of(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash) slash[slash == path] = 0;
    return open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
    static char piece[PIECE];
    char partial[4096], folder[4096];
    int fd;

    if (argc != 4) {
        fprintf(stderr, "usage: cq-keep FILE N BYTES\n");
        return 2;
    }
    memset(piece, 'x', sizeof(piece));
    snprintf(partial, sizeof(partial), "%s.partial", argv[1]);
    snprintf(folder, sizeof(folder), "%s", argv[1]);
    fd = folder_of(folder);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        if (fd < 0 || !keep(partial, argv[1], fd, piece, strtoul(argv[3], NULL, 10))) {
            perror("cq-keep");
            return 1;
        }
    }
    return 0;
}
