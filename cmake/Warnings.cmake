# SPDX-License-Identifier: Apache-2.0
# cq_warnings(TARGET): the warnings of docs/design.md, all of them errors.
add_library(cq_warnings INTERFACE)
target_compile_options(cq_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wswitch
  -fno-common -fstack-protector-strong)
target_compile_definitions(cq_warnings INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE=1)
if(CQLCRAWL_SANITIZE)
  target_compile_options(cq_warnings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(cq_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(CQLCRAWL_FUZZ)
  target_compile_options(cq_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
