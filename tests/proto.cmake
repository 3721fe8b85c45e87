# SPDX-License-Identifier: Apache-2.0
# Tests of src/proto.
cq_test(conn_replay SOURCES unit/proto/test_conn_replay.c unit/proto/talk.c LAYERS proto base)
