# SPDX-License-Identifier: Apache-2.0
if(CQLCRAWL_HTTP)
  cq_layer(sink
    SOURCES sink/block.c sink/retry.c sink/encode.c sink/receiver.c sink/sink.c sink/lane.c
      sink/answer.c
    USES base
    LINK PkgConfig::ZSTD PkgConfig::ZLIB)
endif()
