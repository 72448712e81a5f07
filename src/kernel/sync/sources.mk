# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/sync/spinlock.c
kernel-srcs += src/kernel/sync/rcu.c
kernel-srcs += src/kernel/sync/irq_work.c
