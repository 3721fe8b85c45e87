# SPDX-License-Identifier: Apache-2.0
# The pure part: what is known of a cluster, and the rules over it.
cq_layer(state SOURCES state/greeting.c state/known.c USES base)
