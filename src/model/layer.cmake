# SPDX-License-Identifier: Apache-2.0
cq_layer(model
  SOURCES model/tables.c model/model.c model/row.c model/sort.c model/memo.c model/lists.c model/order.c model/columns.c model/masks.c
    model/options.c model/index.c model/target.c model/table.c model/udts.c model/type.c
    model/function.c model/keyspace.c model/node.c model/cluster.c model/scope.c model/anomaly.c
  HOT model/columns.c model/order.c model/options.c model/table.c
  USES record base proto)
target_compile_definitions(cq_model PRIVATE CQ_TOOL_VERSION="${PROJECT_VERSION}")
