# SPDX-License-Identifier: Apache-2.0
# Tests of src/net: pure parts in memory and virtual time (unit), socks on loopback (net).
find_package(Threads REQUIRED)
set(NET_LINK PkgConfig::UV PkgConfig::SSL PkgConfig::CRYPTO PkgConfig::CARES Threads::Threads)
foreach(module addr dial)
  cq_test(net_${module} SOURCES unit/net/test_${module}.c LAYERS net_tls net_linked net base LINK ${NET_LINK} LABELS unit)
endforeach()
foreach(module tls tls_faults tlsctx tlskeep tlsresume tlsverify)
  cq_test(net_${module} SOURCES unit/net/test_${module}.c net/pair.c net/certs.c LAYERS net_tls net_linked net base
    LINK ${NET_LINK} LABELS unit)
endforeach()
cq_test(net_hub SOURCES net/test_hub.c LAYERS net_tls net_linked net base LINK ${NET_LINK} LABELS net)
cq_test(net_tcp SOURCES net/test_tcp.c net/harness.c LAYERS net_tls net_linked net base LINK ${NET_LINK} LABELS net)
cq_test(net_tls_sock SOURCES net/test_tls_sock.c net/harness.c net/certs.c LAYERS net_tls net_linked net base
  LINK ${NET_LINK} LABELS net)
cq_test(net_resolver SOURCES net/test_resolver.c net/harness.c net/dns.c LAYERS net_tls net_linked net base
  LINK ${NET_LINK} LABELS net)
