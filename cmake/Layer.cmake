# SPDX-License-Identifier: Apache-2.0
# cq_layer(NAME SOURCES a.c ... [USES other layers ...] [LINK libraries ...])
# An object library with an include path that holds NAME and the layers it uses (and theirs) only: a folder of links
# in the build tree, so that #include "proto/wire.h" is found exactly where the layer may see proto.
function(cq_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;USES;LINK" ${ARGN})
  set(farm ${CMAKE_BINARY_DIR}/include-of/${name})
  file(MAKE_DIRECTORY ${farm})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${farm}/${name} SYMBOLIC)
  add_library(cq_${name} OBJECT ${L_SOURCES})
  target_include_directories(cq_${name} PUBLIC ${farm})
  set_target_properties(cq_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
  target_link_libraries(cq_${name} PRIVATE cq_warnings)
  target_link_libraries(cq_${name} PUBLIC ${L_LINK})
  foreach(used ${L_USES})
    target_link_libraries(cq_${name} PUBLIC cq_${used})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY CQ_LAYERS ${name})
endfunction()
