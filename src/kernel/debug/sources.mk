# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/debug/early_serial.c
kernel-srcs += src/kernel/debug/log.c
kernel-srcs += src/kernel/debug/panic.c
kernel-srcs += src/kernel/debug/selftest.c
kernel-srcs += src/kernel/debug/symbols.c
ifneq ($(call on,LOCKDEP),)
nosan-srcs += src/kernel/debug/lockdep.c
nosan-srcs += src/kernel/debug/lockdep_graph.c
endif
ifneq ($(call on,KASAN),)
nosan-srcs += src/kernel/debug/kasan.c
endif
ifneq ($(call on,UBSAN),)
nosan-srcs += src/kernel/debug/ubsan.c
endif
