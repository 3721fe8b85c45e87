# SPDX-License-Identifier: Apache-2.0
# The public library: lib's own objects, and both archives made of every layer's objects.
cq_layer(lib
  SOURCES lib/cqlcrawl.c lib/loop.c lib/target.c lib/check.c lib/filter.c lib/byname.c lib/attempt.c
          lib/report.c
  USES crawler crawler_shell state state_shell net model record proto cred base
  LINK PkgConfig::UV)
target_include_directories(cq_lib PUBLIC ${CMAKE_SOURCE_DIR}/include)
include(${CMAKE_CURRENT_SOURCE_DIR}/lib/install.cmake)
