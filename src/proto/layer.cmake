# SPDX-License-Identifier: Apache-2.0
cq_layer(proto
  SOURCES proto/wire.c proto/crc.c proto/lz4.c proto/envelope.c proto/segment.c
    proto/request.c proto/response.c proto/type_view.c proto/type.c proto/rows.c
    proto/value.c proto/value_text.c proto/scalar_text.c proto/inflow.c proto/inflow_segment.c
    proto/conn.c proto/conn_answer.c proto/conn_startup.c proto/conn_time.c
  USES base
  LINK PkgConfig::LZ4)
