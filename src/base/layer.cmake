# SPDX-License-Identifier: Apache-2.0
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(xxh3 base/xxh3_64.c base/xxh3_x86.c base/xxh3_avx2.c)
  include(CheckIncludeFile)
  check_include_file(sys/platform/x86.h CQ_HAS_GLIBC_X86)
  if(CQ_HAS_GLIBC_X86)
    set(cpu base/cpu_glibc.c)
  else()
    set(cpu base/cpu_compiler.c)
  endif()
else()
  set(xxh3 base/xxh3_64.c base/xxh3_any.c)
endif()
cq_layer(base
  SOURCES base/err.c base/blame.c base/mem.c base/mem_secret.c base/blocks.c base/buf.c base/arena.c base/digest.c base/clock.c base/inet4.c
    base/library.c
    ${xxh3} ${cpu}
  HOT ${xxh3}  # a third fewer instructions than at -O2 (base/xxh3.h)
  LINK ${CMAKE_DL_LIBS})
if("base/xxh3_avx2.c" IN_LIST xxh3)
  set_property(SOURCE base/xxh3_avx2.c APPEND PROPERTY COMPILE_OPTIONS -mavx2)
endif()
