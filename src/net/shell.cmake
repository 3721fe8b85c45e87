# SPDX-License-Identifier: Apache-2.0
# TLS: what knows OpenSSL, and how the rest finds it (net/trust.h): linked, or loaded by the program.
add_library(cq_net_tls OBJECT net/tls.c net/tlsbio.c net/tlschain.c net/tlsctx.c net/tlserr.c net/tlsio.c net/tlskeep.c net/tlspem.c
  net/tlsresume.c net/tlstable.c net/tlsverify.c)
add_library(cq_net_module OBJECT net/tlsmodule.c)
add_library(cq_net_linked OBJECT net/trustlinked.c)
add_library(cq_net_load OBJECT net/trustload.c)
file(RELATIVE_PATH libraries "/p/${CMAKE_INSTALL_BINDIR}" "/p/${CMAKE_INSTALL_LIBDIR}/cqlcrawl")
foreach(part tls module linked load)
  set_target_properties(cq_net_${part} PROPERTIES
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_compile_definitions(cq_net_${part} PRIVATE CQ_RELEASE="${PROJECT_VERSION}" CQ_LIBRARIES="${libraries}")
  target_link_libraries(cq_net_${part} PRIVATE cq_warnings)
  target_link_libraries(cq_net_${part} PUBLIC PkgConfig::UV cq_net)
endforeach()
target_link_libraries(cq_net_tls PUBLIC PkgConfig::SSL PkgConfig::CRYPTO)
target_link_libraries(cq_net_load PUBLIC ${CMAKE_DL_LIBS})

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
