# SPDX-License-Identifier: Apache-2.0
# HTTP is a target of its own, so that a build without it (CQLCRAWL_HTTP) is without libcurl,
# whose header alone is used here: it is loaded when something wants it (net/httpcurl.h).
if(CQLCRAWL_HTTP)
  add_library(cq_net_http OBJECT net/http.c net/httpcall.c net/httpcurl.c net/httperr.c
    net/httpurl.c)
  set_target_properties(cq_net_http PROPERTIES
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_link_libraries(cq_net_http PRIVATE cq_warnings)
  target_link_libraries(cq_net_http PUBLIC PkgConfig::UV cq_net ${CMAKE_DL_LIBS})
  target_include_directories(cq_net_http PRIVATE ${CURL_INCLUDE_DIRS})
  set_property(GLOBAL APPEND PROPERTY CQ_LAYERS net_http)
endif()
