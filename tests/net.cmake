# SPDX-License-Identifier: Apache-2.0
find_package(Threads REQUIRED)
set(NET_LINK PkgConfig::UV PkgConfig::SSL PkgConfig::CRYPTO PkgConfig::CARES Threads::Threads)
cq_test(net_tcp SOURCES net/test_tcp.c net/harness.c LAYERS net base LINK ${NET_LINK} LABELS net)
