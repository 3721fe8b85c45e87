# SPDX-License-Identifier: Apache-2.0
# The shell of the state: its thread and SQLite. It shares the folder with the pure part.
if(CQLCRAWL_STATE)
  add_library(cq_state_shell OBJECT state/state.c state/store.c state/store_row.c state/sql.c state/dir.c)
  target_include_directories(cq_state_shell PRIVATE ${SQLITE_INCLUDE_DIRS})  # its header; loaded when it is wanted
else()
  add_library(cq_state_shell OBJECT state/none.c)
endif()
set_target_properties(cq_state_shell PROPERTIES
  POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
target_link_libraries(cq_state_shell PRIVATE cq_warnings)
target_link_libraries(cq_state_shell PUBLIC PkgConfig::UV cq_state)
set_property(GLOBAL APPEND PROPERTY CQ_LAYERS state_shell)
