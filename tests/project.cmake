# SPDX-License-Identifier: Apache-2.0
# What the built programs cost: allocations (malloc interposed) and the wire, counted by the server.

if(TARGET cqlcrawl AND TARGET cqlsim)
  add_test(NAME budget COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/budget/run
    $<TARGET_FILE:cqlcrawl> $<TARGET_FILE:cqlsim>)
  set_tests_properties(budget PROPERTIES TIMEOUT 300 LABELS cost)
  if(NOT CQLCRAWL_SANITIZE) # a sanitizer has memory of its own
    add_test(NAME memory COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/memory/run
      $<TARGET_FILE:cqlcrawl> $<TARGET_FILE:cqlsim>)
    set_tests_properties(memory PROPERTIES TIMEOUT 300 LABELS cost)
  endif()
  # A sanitizer brings a malloc of its own.
  if(NOT CQLCRAWL_SANITIZE)
    add_library(count_alloc MODULE alloc/count.c)
    target_link_libraries(count_alloc PRIVATE cq_warnings)
    add_test(NAME alloc COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/alloc/run
      $<TARGET_FILE:cqlcrawl> $<TARGET_FILE:cqlsim> $<TARGET_FILE:count_alloc>)
    set_tests_properties(alloc PROPERTIES TIMEOUT 300 LABELS cost)
  endif()
endif()

if(TARGET cq-null AND TARGET cqlcrawl AND TARGET cqlsim)
  add_test(NAME bench_null COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/bench/null.py
    $<TARGET_FILE:cqlcrawl> $<TARGET_FILE:cqlsim> $<TARGET_FILE:cq-null> $<TARGET_FILE:cq-null-tls>)
  set_tests_properties(bench_null PROPERTIES TIMEOUT 300 LABELS cost)
endif()
