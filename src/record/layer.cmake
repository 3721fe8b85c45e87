# SPDX-License-Identifier: Apache-2.0
cq_layer(record
  SOURCES record/json.c record/number.c record/id.c record/record.c
  HOT record/record.c record/id.c
  USES base
  LINK m)
