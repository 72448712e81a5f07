/* SPDX-License-Identifier: MIT */
#pragma once

#include <lib/compiler.h>

#define RFLAGS_IF 0x200UL

static always_inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

#ifdef CONFIG_LOCKDEP
void lockdep_irqs_on(void);
#else
static always_inline void lockdep_irqs_on(void) {}
#endif

static always_inline void irq_enable(void)
{
	lockdep_irqs_on();
	__asm__ volatile("sti" ::: "memory");
}

static always_inline u64 irq_flags(void)
{
	u64 f;
	__asm__ volatile("pushfq; pop %0" : "=r"(f)::"memory");
	return f;
}

static always_inline bool irqs_enabled(void)
{
	return irq_flags() & RFLAGS_IF;
}

/* Turns interrupts off; returns what irq_restore needs. */
static always_inline u64 irq_save(void)
{
	u64 f = irq_flags();
	irq_disable();
	return f;
}

static always_inline void irq_restore(u64 flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}

/* For the lock checker itself. */
static always_inline u64 raw_irq_save(void)
{
	return irq_save();
}

static always_inline void raw_irq_restore(u64 flags)
{
	if (flags & RFLAGS_IF)
		__asm__ volatile("sti" ::: "memory");
}

static always_inline bool raw_irqs_were_on(u64 flags)
{
	return flags & RFLAGS_IF;
}
