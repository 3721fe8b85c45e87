# SPDX-License-Identifier: Apache-2.0
# Tests of cred, lib and cli.
cq_test(secret SOURCES unit/cred/test_secret.c LAYERS cred base)
foreach(module words target config args schedule notify httpd)
  cq_test(cli_${module} SOURCES unit/cli/test_${module}.c LAYERS cli LINK cqlcrawl_static)
endforeach()
foreach(module loop outcome outdir metrics progress deadletters)
  cq_test(cli_${module} SOURCES unit/cli/test_${module}.c LAYERS cli LINK cqlcrawl_static)
endforeach()
find_program(PROMTOOL promtool)
if(PROMTOOL)
  add_test(NAME metrics_promtool
    COMMAND sh -c "$<TARGET_FILE:test_cli_metrics> print | ${PROMTOOL} check metrics")
else()
  message(STATUS "no promtool: the metrics are not checked by it (scripts/setup test)")
endif()
cq_test(lib_validate SOURCES unit/lib/test_validate.c LINK cqlcrawl_static)
foreach(module api memory)
  cq_test(lib_${module} SOURCES unit/lib/test_${module}.c unit/lib/simproc.c LINK cqlcrawl_static PkgConfig::UV)
  target_compile_definitions(test_lib_${module} PRIVATE CQ_SIM="$<TARGET_FILE:cqlsim>")
  add_dependencies(test_lib_${module} cqlsim)
endforeach()

cq_test(lib_slot SOURCES unit/lib/test_slot.c unit/lib/simproc.c net/certs.c
  LINK cqlcrawl_static PkgConfig::UV PkgConfig::SSL PkgConfig::CRYPTO LABELS cost)
target_compile_definitions(test_lib_slot PRIVATE CQ_SIM="$<TARGET_FILE:cqlsim>")
add_dependencies(test_lib_slot cqlsim)

# End to end: the program against simulated clusters (tests/cli/*.py, Python's own library only).
find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  message(STATUS "no python3: the end-to-end tests are not registered (scripts/setup test)")
  return()
endif()
function(cq_end_to_end name)
  add_test(NAME e2e_${name}
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/cli/run.py ${ARGN})
  set_tests_properties(e2e_${name} PROPERTIES TIMEOUT 300 LABELS e2e
    ENVIRONMENT "CQLCRAWL=$<TARGET_FILE:cqlcrawl>;CQLSIM=$<TARGET_FILE:cqlsim>")
endfunction()
foreach(module usage secret check)
  cq_end_to_end(${module} ${module})
endforeach()
foreach(part Records Attempts Outputs Signals)
  string(TOLOWER ${part} name)
  cq_end_to_end(${name} crawl ${part})
endforeach()
