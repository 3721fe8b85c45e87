# SPDX-License-Identifier: Apache-2.0
# Tests of src/state: the rules, the rows, the thread.
cq_test(state_known SOURCES unit/state/test_known.c LAYERS state base LABELS unit)
cq_test(state_greeting SOURCES unit/state/test_greeting.c LAYERS state base LABELS unit)
if(CQLCRAWL_STATE)
  cq_test(state_store SOURCES unit/state/test_store.c unit/state/folder.c
    LAYERS state_shell state base LINK PkgConfig::SQLITE LABELS unit)
  cq_test(state_thread SOURCES unit/state/test_thread.c unit/state/folder.c
    LAYERS state_shell state base LABELS unit)
endif()

# The whole of it: crawls of simulated clusters with a state directory.
if(CQLCRAWL_STATE AND TARGET cqlsim)
  cq_test(lib_state SOURCES unit/lib/test_state.c unit/lib/simproc.c unit/state/folder.c
    LINK cqlcrawl_static PkgConfig::UV)
  target_compile_definitions(test_lib_state PRIVATE CQ_SIM="$<TARGET_FILE:cqlsim>")
  add_dependencies(test_lib_state cqlsim)
endif()
