# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/net/local/collect.c
kernel-srcs += src/kernel/net/local/datagram.c
kernel-srcs += src/kernel/net/local/local.c
kernel-srcs += src/kernel/net/local/message.c
kernel-srcs += src/kernel/net/local/name.c
kernel-srcs += src/kernel/net/local/show.c
kernel-srcs += src/kernel/net/local/stream.c
