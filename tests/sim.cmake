# SPDX-License-Identifier: Apache-2.0
# Tests of the simulator itself: its encoder against recorded bytes, its connection machine in virtual
# time, and the program over real sockets. None of them links anything of src/.
cq_test(sim_wire SOURCES sim/wire_test.c LINK cqsim_core LABELS sim)
cq_test(sim_recorded SOURCES sim/recorded_test.c sim/recorded.c sim/json.c LINK cqsim_core LABELS sim)
cq_test(sim_generated SOURCES sim/generated_test.c sim/recorded.c LINK cqsim_core LABELS sim)
cq_test(sim_handshake SOURCES sim/handshake_test.c sim/client.c LINK cqsim_core LABELS sim)
cq_test(sim_node SOURCES sim/node_test.c sim/client.c LINK cqsim_core LABELS sim)
cq_test(sim_fault SOURCES sim/fault_test.c sim/client.c LINK cqsim_core LABELS sim)
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_test(NAME sim_serve COMMAND ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_LIST_DIR}/sim/serve_test.py $<TARGET_FILE:cqlsim>)
  add_test(NAME sim_fleet COMMAND ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_LIST_DIR}/sim/fleet_test.py $<TARGET_FILE:cqlsim>)
  add_test(NAME sim_receiver COMMAND ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_LIST_DIR}/sim/receiver_test.py $<TARGET_FILE:cqlsim-receiver>)
  set_tests_properties(sim_serve sim_fleet sim_receiver PROPERTIES TIMEOUT 300 LABELS sim)
endif()
