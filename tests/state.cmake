# SPDX-License-Identifier: Apache-2.0
# Tests of src/state: the rules, the rows, the thread.
cq_test(state_known SOURCES unit/state/test_known.c LAYERS state base LABELS unit)
if(CQLCRAWL_STATE)
  cq_test(state_store SOURCES unit/state/test_store.c unit/state/folder.c
    LAYERS state_shell state base LABELS unit)
  cq_test(state_thread SOURCES unit/state/test_thread.c unit/state/folder.c
    LAYERS state_shell state base LABELS unit)
endif()
