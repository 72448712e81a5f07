# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/time/clock.c
kernel-srcs += src/kernel/time/timer.c
