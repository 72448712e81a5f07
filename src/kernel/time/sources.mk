# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/time/clock.c
kernel-srcs += src/kernel/time/ntp.c
kernel-srcs += src/kernel/time/timer.c
kernel-srcs += src/kernel/time/watchdog.c
