# SPDX-License-Identifier: Apache-2.0
# Tests of src/record and src/model: unit tests, and the records of recorded servers (tests/records).
cq_test(record_json SOURCES unit/record/test_json.c LAYERS record base LINK m LABELS unit)
cq_test(record_locale SOURCES unit/record/test_locale.c LAYERS record base
  LINK m "-Wl,--wrap=snprintf,--wrap=strtod" LABELS unit)
cq_test(record_record SOURCES unit/record/test_record.c LAYERS record base
  LINK m PkgConfig::XXHASH LABELS unit)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
cq_test(record_vectors SOURCES unit/record/test_vectors.c LAYERS record base
  LINK m PkgConfig::JANSSON LABELS unit)
cq_test(model SOURCES unit/model/test_model.c unit/model/rows.c
  LAYERS model record proto base LINK m LABELS unit)
cq_test(model_memo SOURCES unit/model/test_memo.c unit/model/rows.c
  LAYERS model record proto base LINK m LABELS unit)
cq_test(model_lists SOURCES unit/model/test_lists.c LAYERS model record proto base LINK m LABELS unit)
cq_test(model_rows SOURCES unit/model/test_rows.c records/loader.c
  LAYERS model record proto base LINK m LABELS unit)

add_executable(records-of records/feed.c records/loader.c)
target_include_directories(records-of PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(records-of PRIVATE cq_warnings cq_model cq_record cq_proto cq_base m)
set_target_properties(records-of PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
