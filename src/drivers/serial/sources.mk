# SPDX-License-Identifier: MIT
kernel-srcs += src/drivers/serial/uart16550.c
