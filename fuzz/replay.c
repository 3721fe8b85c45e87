/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay DIRECTORY: runs the target over every file of its corpus, and over each cut short at some
 * lengths and with single bytes changed (the same ones each time). An empty corpus is a failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/* The target sees memory of exactly that size, so that sanitizers see the first byte behind it. */
static void run(const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    if (!copy) exit(1);
    memcpy(copy, data, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void run_variants(uint8_t *data, size_t n)
{
    run(data, n);
    for (size_t cut = 0; cut < n; cut += 1 + n / 64)
        run(data, cut);
    for (size_t at = 0; at < n; at += 1 + n / 256) {
        data[at] ^= 0xff;
        run(data, n);
        data[at] ^= 0xfe;
        run(data, n);
        data[at] ^= 0x01;
    }
}

static int run_file(const char *directory, const char *name)
{
    static const size_t most = 1 << 20;
    char path[1024];
    uint8_t *data = malloc(most);
    FILE *f;
    size_t n;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    f = fopen(path, "rb");
    if (!f || !data) return 1;
    n = fread(data, 1, most, f);
    fclose(f);
    run_variants(data, n);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    unsigned files = 0;

    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.') continue;
        if (run_file(argv[1], entry->d_name)) {
            fprintf(stderr, "cannot read %s\n", entry->d_name);
            return 1;
        }
        files++;
    }
    if (directory) closedir(directory);
    printf("%u files\n", files);
    return files ? 0 : 1;
}
