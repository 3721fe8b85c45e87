# SPDX-License-Identifier: Apache-2.0
# The library as others get it: static and shared, the header, pkg-config and CMake files.
get_property(layers GLOBAL PROPERTY CQ_LAYERS)
set(objects)
# c-ares, SQLite, libcurl are loaded when something wants them (src/base/library.h).
set(links PkgConfig::UV PkgConfig::SSL PkgConfig::CRYPTO PkgConfig::LZ4 m ${CMAKE_DL_LIBS})
foreach(dl ${CMAKE_DL_LIBS})
  string(APPEND libs " -l${dl}")
endforeach()
if(CQLCRAWL_HTTP)
  list(APPEND links PkgConfig::ZSTD PkgConfig::ZLIB)
  string(APPEND requires " libzstd zlib")
endif()
foreach(layer ${layers})
  list(APPEND objects $<TARGET_OBJECTS:cq_${layer}>)
endforeach()

# For the program: TLS comes from a module of its own (net/trust.h).
add_library(cqlcrawl_program STATIC ${objects} $<TARGET_OBJECTS:cq_net_load>)
target_include_directories(cqlcrawl_program PUBLIC ${CMAKE_SOURCE_DIR}/include)
set(program_links ${links})
list(REMOVE_ITEM program_links PkgConfig::SSL PkgConfig::CRYPTO)
target_link_libraries(cqlcrawl_program PRIVATE ${program_links})
add_library(cqlcrawl_tls MODULE $<TARGET_OBJECTS:cq_net_module> $<TARGET_OBJECTS:cq_net_tls>)
target_link_libraries(cqlcrawl_tls PRIVATE cq_warnings cqlcrawl_program PkgConfig::SSL PkgConfig::CRYPTO)
target_link_options(cqlcrawl_tls PRIVATE -Wl,--as-needed)
set_target_properties(cqlcrawl_tls PROPERTIES PREFIX "" OUTPUT_NAME cqlcrawl-tls LINKER_LANGUAGE C
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
install(TARGETS cqlcrawl_tls LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cqlcrawl)

foreach(kind STATIC SHARED)
  string(TOLOWER ${kind} lower)
  add_library(cqlcrawl_${lower} ${kind} ${objects} $<TARGET_OBJECTS:cq_net_tls> $<TARGET_OBJECTS:cq_net_linked>)
  target_include_directories(cqlcrawl_${lower} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(cqlcrawl_${lower} PRIVATE ${links})
  set_target_properties(cqlcrawl_${lower} PROPERTIES OUTPUT_NAME cqlcrawl LINKER_LANGUAGE C
    EXPORT_NAME ${lower})
  if(CQLCRAWL_SANITIZE)
    target_link_options(cqlcrawl_${lower} PUBLIC -fsanitize=address,undefined)
  endif()
endforeach()
set_target_properties(cqlcrawl_shared PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

# The pkg-config file finds its prefix from where it lies, so that an installed tree may be moved.
file(RELATIVE_PATH up "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
configure_file(${CMAKE_SOURCE_DIR}/cmake/cqlcrawl.pc.in ${CMAKE_BINARY_DIR}/cqlcrawl.pc @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/cqlcrawl-config.cmake.in
  ${CMAKE_BINARY_DIR}/cqlcrawl-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cqlcrawl-config-version.cmake
  COMPATIBILITY SameMinorVersion)

install(TARGETS cqlcrawl_static cqlcrawl_shared EXPORT cqlcrawl
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_SOURCE_DIR}/include/cqlcrawl.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/cqlcrawl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(EXPORT cqlcrawl NAMESPACE cqlcrawl:: FILE cqlcrawl-targets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/cqlcrawl)
install(FILES ${CMAKE_BINARY_DIR}/cqlcrawl-config.cmake
  ${CMAKE_BINARY_DIR}/cqlcrawl-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/cqlcrawl)
