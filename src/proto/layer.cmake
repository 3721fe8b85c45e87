# SPDX-License-Identifier: Apache-2.0
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(fold proto/crc_fold_x86.c)
else()
  set(fold proto/crc_fold_none.c)
endif()

cq_layer(proto
  SOURCES proto/wire.c proto/crc.c ${fold} proto/lz4.c proto/envelope.c proto/segment.c
    proto/request.c proto/response.c proto/type_view.c proto/type.c proto/rows.c proto/rows_like.c
    proto/value.c proto/value_text.c proto/scalar_text.c proto/inflow.c proto/inflow_segment.c
    proto/conn.c proto/conn_answer.c proto/conn_startup.c proto/conn_time.c
  HOT proto/rows.c proto/rows_like.c
  USES base
  LINK PkgConfig::LZ4)
