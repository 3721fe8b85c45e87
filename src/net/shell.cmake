# SPDX-License-Identifier: Apache-2.0
# HTTP is a target of its own, so that a build without it (CQLCRAWL_HTTP) links no libcurl.
if(CQLCRAWL_HTTP)
  add_library(cq_net_http OBJECT net/http.c net/httpcall.c net/httperr.c net/httpurl.c)
  set_target_properties(cq_net_http PROPERTIES
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_link_libraries(cq_net_http PRIVATE cq_warnings)
  target_link_libraries(cq_net_http PUBLIC PkgConfig::UV PkgConfig::CURL cq_net)
  set_property(GLOBAL APPEND PROPERTY CQ_LAYERS net_http)
endif()
