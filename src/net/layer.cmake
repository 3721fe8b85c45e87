# SPDX-License-Identifier: Apache-2.0
cq_layer(net
  SOURCES net/addr.c net/dial.c net/hub.c net/resolver.c net/sock.c net/sockdial.c net/sockio.c net/tcp.c
    net/trust.c net/ares.c
  USES base
  LINK PkgConfig::UV)
target_include_directories(cq_net PRIVATE ${CARES_INCLUDE_DIRS}) # its header; loaded for the first name
