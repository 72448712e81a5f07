/* SPDX-License-Identifier: MIT */
/* Interrupts of this CPU: off, on, and as they were. */
#pragma once

#include <lib/compiler.h>

#include <arch/x86_64/irqflags.h>

/* IRQ_GUARD(); interrupts are off to the end of the scope, then as before. */
static inline void irq_guard_end_(u64 *flags)
{
	irq_restore(*flags);
}
#define IRQ_GUARD() \
	u64 GUARD_NAME(irq_) __attribute__((cleanup(irq_guard_end_), __unused__)) = irq_save()
