/* SPDX-License-Identifier: MIT */
/* GS-relative access for arch/percpu.h.  The value of the GS base is also kept
 * in the per-CPU variable `percpu_self`, to form addresses without RDGSBASE. */
#pragma once

#include <lib/compiler.h>

extern u64 percpu_self; /* PERCPU: this CPU's offset */

#define this_cpu_read(var)                                                     \
	({                                                                     \
		__typeof__(var) v_;                                            \
		BUILD_ASSERT(sizeof(var) <= 8);                                \
		__asm__ volatile("mov %%gs:%1, %0" : "=r"(v_) : "m"(var));     \
		v_;                                                            \
	})

/* For values that do not change while a task runs (`current`): may be kept in a register. */
#define this_cpu_read_stable(var)                                              \
	({                                                                     \
		__typeof__(var) v_;                                            \
		__asm__("mov %%gs:%P1, %0" : "=r"(v_) : "p"(&(var)));           \
		v_;                                                            \
	})

#define this_cpu_write(var, val)                                               \
	do {                                                                   \
		__typeof__(var) v_ = (val);                                    \
		__asm__ volatile("mov%z0 %1, %%gs:%0" : "+m"(var) : "re"(v_)); \
	} while (0)

#define this_cpu_add(var, n)                                                   \
	do {                                                                   \
		__typeof__(var) n_ = (__typeof__(var))(n);                     \
		__asm__ volatile("add%z0 %1, %%gs:%0" : "+m"(var) : "re"(n_) : "cc"); \
	} while (0)

/* Takes 1 off; true when the result is negative. */
#define this_cpu_dec_negative(var)                                             \
	({                                                                     \
		bool s_;                                                       \
		__asm__ volatile("sub%z1 $1, %%gs:%1" : "=@ccs"(s_), "+m"(var)); \
		s_;                                                            \
	})

#define this_cpu_inc(var) this_cpu_add(var, 1)
#define this_cpu_dec(var) this_cpu_add(var, -1)

static always_inline u64 percpu_this_offset(void)
{
	return this_cpu_read(percpu_self); /* volatile: stays behind the cli or preempt_disable before it */
}
