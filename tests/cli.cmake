# SPDX-License-Identifier: Apache-2.0
# Tests of cred, lib and cli.
cq_test(secret SOURCES unit/cred/test_secret.c LAYERS cred base)
