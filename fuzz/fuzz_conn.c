/* SPDX-License-Identifier: Apache-2.0 */
/* Byte 0: options of the connection; byte 1: bytes a read. The rest is what the server says. */
#include "fuzz/drive.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cql_conn_options o = {.mem = &cq_mem_libc};
    struct cql_conn *c;

    if (size < 2) return 0;
    o.version = data[0] & 1 ? 4 : data[0] & 2 ? 5 : 0;
    o.compression = data[0] & 4 ? CQL_NO : CQL_AUTO;
    o.request_timeout_ns = data[0] & 8 ? 1000 : 0;
    if (cql_conn_new(&c, &o, 0) == 0)
        drive_conn(c, (cq_bytes){data + 2, size - 2}, data[1] == 255 ? 65536 : data[1] + 1u);
    return 0;
}
