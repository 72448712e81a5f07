# SPDX-License-Identifier: MIT
kernel-srcs += src/drivers/time/hpet.c
kernel-srcs += src/drivers/time/pit.c
kernel-srcs += src/drivers/time/pmtimer.c
