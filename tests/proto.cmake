# SPDX-License-Identifier: Apache-2.0
# Tests of src/proto.
foreach(test wire segment types rows rows_like)
  cq_test(proto_${test} SOURCES unit/proto/test_${test}.c unit/proto/talk.c LAYERS proto base)
endforeach()
foreach(test conn conn_ready conn_memory)
  cq_test(proto_${test} SOURCES unit/proto/test_${test}.c unit/proto/talk.c unit/proto/server.c
    LAYERS proto base)
endforeach()
cq_test(conn_replay SOURCES unit/proto/test_conn_replay.c unit/proto/talk.c LAYERS proto base)

# cql-vectors: encodings of an independent implementation against our codec.
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
cq_test(proto_recorded SOURCES unit/proto/test_recorded.c unit/proto/talk.c LAYERS proto base
  LINK PkgConfig::JANSSON)
add_executable(cql-vectors vectors/main.c vectors/vector.c vectors/facts.c vectors/rule.c
  vectors/response.c vectors/check.c vectors/request.c vectors/selftest.c)
target_include_directories(cql-vectors PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(cql-vectors PRIVATE cq_warnings cq_proto cq_base PkgConfig::JANSSON)
add_test(NAME vectors COMMAND cql-vectors ${CMAKE_SOURCE_DIR}/tests/data/vectors.jsonl)
add_test(NAME vectors_can_fail
  COMMAND cql-vectors --self-test ${CMAKE_SOURCE_DIR}/tests/data/vectors.jsonl)
set_tests_properties(vectors vectors_can_fail PROPERTIES TIMEOUT 300)
