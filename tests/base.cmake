# SPDX-License-Identifier: Apache-2.0
# Unit tests of src/base, one program per module.
foreach(module blame err mem blocks buf arena digest library clock lanes inet4)
  cq_test(base_${module} SOURCES unit/base/test_${module}.c LAYERS base LABELS unit)
endforeach()
target_link_libraries(test_base_digest PRIVATE PkgConfig::XXHASH PkgConfig::CRYPTO) # beside them
