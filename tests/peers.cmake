# SPDX-License-Identifier: Apache-2.0
# What the bench's comparison with other programs rests on, tested without them: bench/wire's decoder,
# the schemas that bench/server loads, bench/correct's judgement.
find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  message(STATUS "no python3: the tests of bench/ are not registered (scripts/setup test)")
  return()
endif()
function(cq_bench_test module)
  add_test(NAME bench_${module}
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/bench/test_${module}.py ${ARGN})
  set_tests_properties(bench_${module} PROPERTIES TIMEOUT 120)
endfunction()
cq_bench_test(wire)
cq_bench_test(correct)
cq_bench_test(peers)
cq_bench_test(lines)
if(TARGET cqlcrawl AND TARGET cqlsim)
  cq_bench_test(schema $<TARGET_FILE:cqlcrawl> $<TARGET_FILE:cqlsim>)
endif()
