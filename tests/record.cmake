# SPDX-License-Identifier: Apache-2.0
# Tests of src/record and src/model: unit tests, and the records of recorded servers (tests/records).
add_executable(records-of records/feed.c records/loader.c)
target_include_directories(records-of PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(records-of PRIVATE cq_warnings cq_model cq_record cq_proto cq_base m)
set_target_properties(records-of PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
