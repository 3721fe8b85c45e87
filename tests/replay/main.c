/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq-replay NAME VERSION LZ4(0|1) [PAGE_ROWS]: the records of a recorded server's crawl on standard
 * output, for the checks and queries that other tests make on real rows. Exit 1: the read was not
 * complete.
 */
#include <stdio.h>
#include <stdlib.h>

#include "replay/drive.h"

static unsigned number(int argc, char **argv, int i)
{
    return argc > i ? (unsigned)atoi(argv[i]) : 0;
}

int main(int argc, char **argv)
{
    struct recording rec;
    struct standin s;
    struct drive d;
    bool complete;

    if (argc < 4) {
        fprintf(stderr, "usage: cq-replay NAME VERSION LZ4 [PAGE_ROWS ...]\n");
        return 2;
    }
    if (!recording_load(&rec, argv[1], atoi(argv[2]), atoi(argv[3]) != 0)) {
        fprintf(stderr, "cq-replay: no transcript %s\n", argv[1]);
        return 2;
    }
    standin_init(&s, &rec);
    s.page_rows = number(argc, argv, 4);
    s.empty_pages = number(argc, argv, 5);
    s.shuffle = number(argc, argv, 6);
    s.v5 = number(argc, argv, 7) && rec.has_v5;
    s.lz4 = number(argc, argv, 8);
    drive_init(&d, &s);
    d.o.sorted = number(argc, argv, 9);
    d.o.cluster = cq_str(argv[1]);
    drive_run(&d);
    fwrite(d.lines.p, 1, d.lines.n, stdout);
    complete = d.scope.read == CQ_READ_COMPLETE;
    if (!complete) fprintf(stderr, "cq-replay: %s\n", d.text);
    drive_fini(&d);
    standin_fini(&s);
    recording_fini(&rec);
    return complete ? 0 : 1;
}
