# SPDX-License-Identifier: Apache-2.0
# The public library: lib's own objects, and both archives made of every layer's objects.
if(CQLCRAWL_HTTP)
  set(http_sources lib/sinks.c lib/sinkadd.c lib/sinkturn.c lib/sinkapi.c lib/access.c lib/fetch.c)
  set(http_layers sink net_http)
else()
  set(http_sources lib/nosinks.c)
  set(http_layers)
endif()
cq_layer(lib
  SOURCES lib/cqlcrawl.c lib/loop.c lib/poll.c lib/target.c lib/check.c lib/filter.c lib/byname.c lib/attempt.c
          lib/remember.c lib/report.c lib/stats.c ${http_sources}
  USES ${http_layers} crawler crawler_shell state state_shell net model record proto cred base
  LINK PkgConfig::UV)
target_include_directories(cq_lib PUBLIC ${CMAKE_SOURCE_DIR}/include)
include(${CMAKE_CURRENT_SOURCE_DIR}/lib/install.cmake)
