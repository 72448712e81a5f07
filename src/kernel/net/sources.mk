# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/net/calls.c
kernel-srcs += src/kernel/net/options.c
kernel-srcs += src/kernel/net/rights.c
kernel-srcs += src/kernel/net/socket.c
kernel-srcs += src/kernel/net/transfer.c
