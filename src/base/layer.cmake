# SPDX-License-Identifier: Apache-2.0
cq_layer(base
  SOURCES base/err.c base/mem.c base/blocks.c base/buf.c base/arena.c base/digest.c base/clock.c
  LINK PkgConfig::CRYPTO PkgConfig::XXHASH)
