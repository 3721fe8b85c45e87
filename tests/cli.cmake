# SPDX-License-Identifier: Apache-2.0
# Tests of cred, lib and cli.
cq_test(secret SOURCES unit/cred/test_secret.c LAYERS cred base)
foreach(module words target config args)
  cq_test(cli_${module} SOURCES unit/cli/test_${module}.c LAYERS cli LINK cqlcrawl_static)
endforeach()
