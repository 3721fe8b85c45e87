# SPDX-License-Identifier: Apache-2.0
# cq_layer(NAME SOURCES a.c ... [HOT a.c ...] [USES other layers ...] [LINK libraries ...])
# HOT: those of the sources that every row or record goes through; -O3 (of all figures 3 %, for 1 % more code).
# An object library with an include path that holds NAME and the layers it uses (and theirs) only: a folder of links
# in the build tree, so that #include "proto/wire.h" is found exactly where the layer may see proto.
function(cq_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;HOT;USES;LINK" ${ARGN})
  set(farm ${CMAKE_BINARY_DIR}/include-of/${name})
  file(MAKE_DIRECTORY ${farm})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${farm}/${name} SYMBOLIC)
  add_library(cq_${name} OBJECT ${L_SOURCES})
  set_property(SOURCE ${L_HOT} APPEND PROPERTY COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-O3>)
  target_include_directories(cq_${name} PUBLIC ${farm})
  set_target_properties(cq_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_link_libraries(cq_${name} PRIVATE cq_warnings)
  target_link_libraries(cq_${name} PUBLIC ${L_LINK})
  foreach(used ${L_USES})
    target_link_libraries(cq_${name} PUBLIC cq_${used})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY CQ_LAYERS ${name})
endfunction()
