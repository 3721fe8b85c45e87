/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte 0: bit 0 lz4, bit 1 segments, bit 2 wrap the rest in sound segments first (no fuzzer guesses
 * a CRC), bits 3 and 4 self-contained and packed ones; byte 1: bytes a read.
 */
#include "base/bounds.h"
#include "fuzz/drive.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cql_inflow in;
    struct cq_buf wrapped;
    cq_bytes rest;

    if (size < 2) return 0;
    rest = (cq_bytes){data + 2, size - 2};
    cql_inflow_init(&in, &cq_mem_libc);
    cq_buf_init(&wrapped, &cq_mem_libc, CQ_MIB(4));
    in.lz4 = data[0] & 1;
    if (data[0] & 6) cql_inflow_segmented(&in);
    while (data[0] & 4 && rest.n > 1) {
        size_t n = rest.p[0] < rest.n ? rest.p[0] : rest.n - 1;

        cql_segment_put(&wrapped, (cq_bytes){rest.p + 1, n}, data[0] & 8, in.lz4, data[0] & 16);
        rest = (cq_bytes){rest.p + 1 + n, rest.n - 1 - n};
    }
    drive_inflow(&in, data[0] & 4 ? cq_buf_view(&wrapped) : rest, data[1] + 1u);
    cql_inflow_fini(&in);
    cq_buf_fini(&wrapped);
    return 0;
}
