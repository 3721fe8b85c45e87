/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cql-vectors FILE...               checks every line, prints those that fail, and closes with
 *                                   "N passed, N failed, N skipped"; exit status 1 if any failed
 * cql-vectors --self-test FILE...   changes every expected fact, one at a time, and wants it red
 *
 * v3 lines and requests that a crawler never sends (PREPARE, EXECUTE, QUERY with values) are
 * skipped. A file that cannot be read, or that has no line, is a failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/vector.h"

struct counts {
    unsigned passed, failed, skipped, mutations;
    unsigned skipped_v3; /* of skipped */
};

static void check_line(const char *line, bool is_self_test, struct counts *counts)
{
    struct why why = {0};
    struct vector *v = vector_parse(line, &why);
    enum verdict verdict = v ? vector_check(v, !is_self_test, &why) : FAILED;

    if (v && is_self_test && verdict == PASSED && self_test(v, &counts->mutations))
        verdict = FAILED;
    counts->passed += verdict == PASSED;
    counts->failed += verdict == FAILED;
    counts->skipped += verdict == SKIPPED;
    counts->skipped_v3 += verdict == SKIPPED && v->version < 4;
    if (verdict == FAILED) printf("FAIL %s\n", why.text[0] ? why.text : "a mutation stays green");
    if (v) vector_free(v);
}

static void check_file(const char *name, bool is_self_test, struct counts *counts)
{
    FILE *f = fopen(name, "r");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    unsigned lines = 0;

    while (f && (n = getline(&line, &cap, f)) >= 0) {
        if (line[strspn(line, " \t\r\n")] == 0) continue;
        lines++;
        check_line(line, is_self_test, counts);
    }
    if (!lines) {
        printf("FAIL %s: %s\n", name, f ? "no lines" : "cannot be read");
        counts->failed++;
    }
    free(line);
    if (f) fclose(f);
}

int main(int argc, char **argv)
{
    bool is_self_test = argc > 1 && strcmp(argv[1], "--self-test") == 0;
    struct counts counts = {0};

    if (argc < 2 + is_self_test) {
        fprintf(stderr, "usage: cql-vectors [--self-test] FILE...\n");
        return 2;
    }
    for (int i = 1 + is_self_test; i < argc; i++)
        check_file(argv[i], is_self_test, &counts);
    if (is_self_test) printf("%u facts changed\n", counts.mutations);
    if (counts.skipped_v3) printf("skip %u lines: protocol v3 is not ours\n", counts.skipped_v3);
    if (counts.skipped > counts.skipped_v3)
        printf("skip %u lines: requests that a crawler never sends\n",
               counts.skipped - counts.skipped_v3);
    printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
    return counts.failed ? 1 : 0;
}
