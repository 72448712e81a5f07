/* SPDX-License-Identifier: MIT */
/* What a task has to do before it goes back to user mode. */
#include <arch/irqflags.h>
#include <arch/upcall.h>
#include <proc/internal.h>

void upcall_user_return(struct regs *r)
{
	struct task *t = current;
	u32 work;

	while ((work = READ_ONCE(t->work))) {
		irq_enable();
		if (work & WORK_RESCHED)
			schedule(); /* which takes the bit away */
		if (work & (WORK_SIGNAL | WORK_STOP | WORK_RESTORE_MASK))
			signal_deliver(r);
		if (work & WORK_RSEQ)
			rseq_leave(r);
		irq_disable();
	}
	lockdep_nothing_held("on the way to user mode");
}
