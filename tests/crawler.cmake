# SPDX-License-Identifier: Apache-2.0
# Tests of src/crawler's pure part: in virtual time, against a stand-in that answers with recorded rows.
set(replay replay/recording.c replay/standin.c replay/drive.c)

add_executable(cq-replay replay/main.c ${replay})
target_include_directories(cq-replay PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(cq-replay PRIVATE CQ_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
target_link_libraries(cq-replay PRIVATE cq_warnings cq_crawler cq_model cq_record cq_proto cq_state cq_base)
set_target_properties(cq-replay PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

foreach(test budget meter shape)
  cq_test(crawler_${test} SOURCES unit/crawler/test_${test}.c
    LAYERS crawler model record proto state base LABELS unit)
endforeach()
foreach(test parts cursor replay outcomes verdict known connection memory hostile share lists)
  cq_test(crawler_${test} SOURCES unit/crawler/test_${test}.c ${replay} replay/bench.c
    LAYERS crawler model record proto state base LABELS unit)
endforeach()

add_test(NAME replay COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/replay/run $<TARGET_FILE:cq-replay>)
set_tests_properties(replay PROPERTIES TIMEOUT 300 LABELS unit)

# The shell: links and jobs on a loop, without a network.
cq_test(crawler_driver SOURCES unit/crawler/test_driver.c
  LAYERS crawler_shell crawler net_tls net_linked net cred model record proto state base
  LINK PkgConfig::UV PkgConfig::SSL PkgConfig::CRYPTO PkgConfig::CARES LABELS unit)

# The scheduler: in virtual time, against a small world of its own.
cq_test(crawler_fleet SOURCES unit/crawler/test_fleet.c sched/world.c LAYERS crawler model record proto state base
  LABELS unit)
add_executable(fleet-trace sched/trace.c sched/world.c)
target_include_directories(fleet-trace PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(fleet-trace PRIVATE cq_warnings cq_crawler cq_model cq_record cq_proto cq_state cq_base)
set_target_properties(fleet-trace PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
