# SPDX-License-Identifier: Apache-2.0
cq_layer(cred SOURCES cred/secret.c USES base)
