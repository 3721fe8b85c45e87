# SPDX-License-Identifier: Apache-2.0
# Tests of src/sink (pure), src/net/http and the sinks of the library (against scripted servers).
if(NOT CQLCRAWL_HTTP)
  return()
endif()
set(SINK_LINK PkgConfig::XXHASH PkgConfig::ZSTD PkgConfig::ZLIB)
cq_test(sink_world SOURCES unit/sink/test_world.c unit/sink/world.c LAYERS sink base
  LINK ${SINK_LINK} LABELS unit)
target_compile_definitions(test_sink_world PRIVATE _GNU_SOURCE=1)
cq_test(sink_parts SOURCES unit/sink/test_parts.c LAYERS sink base LINK ${SINK_LINK} LABELS unit)
