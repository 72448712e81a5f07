# SPDX-License-Identifier: MIT
kernel-srcs += src/drivers/rtc/cmos.c
