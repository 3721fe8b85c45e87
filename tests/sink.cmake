# SPDX-License-Identifier: Apache-2.0
# Tests of src/sink (pure), src/net/http and the sinks of the library (against scripted servers).
if(NOT CQLCRAWL_HTTP)
  return()
endif()
add_executable(sink_drive sink/drive.c)
target_link_libraries(sink_drive PRIVATE cq_warnings cqlcrawl_static PkgConfig::UV)
set_target_properties(sink_drive PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
set(SINK_LINK PkgConfig::XXHASH PkgConfig::ZSTD PkgConfig::ZLIB)
cq_test(sink_world SOURCES unit/sink/test_world.c unit/sink/world.c LAYERS sink base
  LINK ${SINK_LINK} LABELS unit)
target_compile_definitions(test_sink_world PRIVATE _GNU_SOURCE=1)
cq_test(sink_parts SOURCES unit/sink/test_parts.c LAYERS sink base LINK ${SINK_LINK} LABELS unit)
foreach(module http http_kept http_trust)
  cq_test(net_${module} SOURCES net/test_${module}.c net/httpbench.c net/harness.c net/certs.c net/dns.c
    LAYERS net_http net_tls net_linked net base LINK ${NET_LINK} LABELS net)
  target_compile_definitions(test_net_${module} PRIVATE _GNU_SOURCE=1)
endforeach()
cq_test(lib_sinks SOURCES unit/lib/test_sinks.c unit/lib/simproc.c
  LINK cqlcrawl_static PkgConfig::UV Threads::Threads)
target_compile_definitions(test_lib_sinks PRIVATE CQ_SIM="$<TARGET_FILE:cqlsim>")
add_dependencies(test_lib_sinks cqlsim)

# End to end: a host of the library, simulated clusters, receivers (Python's own library only).
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND AND TARGET cqlsim-receiver)
  foreach(part Delivery Answers Access Fetch)
    string(TOLOWER ${part} name)
    add_test(NAME sink_${name}
      COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/sink/run.py ${part})
    set_tests_properties(sink_${name} PROPERTIES TIMEOUT 300 LABELS e2e ENVIRONMENT
      "SINK_DRIVE=$<TARGET_FILE:sink_drive>;CQLSIM=$<TARGET_FILE:cqlsim>;RECEIVER=$<TARGET_FILE:cqlsim-receiver>")
  endforeach()
endif()
