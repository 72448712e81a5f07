/* SPDX-License-Identifier: MIT */
/*
 * membarrier(2): a barrier on the CPUs where other threads run, so that their fast paths need none.
 *
 * A CPU that runs in the address space is interrupted, and the interrupt is the barrier (its return also
 * makes the CPU fetch its instructions anew).  One that does not run there now passes through the
 * scheduler before it does, whose locks are full barriers, and through a load of CR3, which
 * serialises; kernel threads that borrow the page tables count as running there, since after them there is
 * no such load.
 */
#include <arch/cpu.h>
#include <arch/thread.h>
#include <linux/membarrier.h>
#include <proc/internal.h>
#include <sync/rcu.h>
#include <syscall/handlers.h>
#include <vm/vm.h>

#define COMMANDS                                                                                        \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                      \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |                  \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |       \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ |  \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)

static void barrier_here(void *unused_arg)
{
	memory_barrier();
}

/* Whoever is in a restartable sequence there begins again. */
static void restart_here(void *unused_arg)
{
	if (current->rseq)
		task_set_work(current, WORK_RSEQ);
	memory_barrier();
}

/* Waits until every CPU has gone through the scheduler, or idles. */
static s64 barrier_everywhere(void)
{
	sched_call_users_of(NULL, barrier_here, NULL);
	return 0;
}

static s64 private_expedited(int command, bool one_cpu, int cpu)
{
	struct mm *mm = current->mm;

	if (!(atomic_load(&mm->membarrier) & (u32)command))
		return -EPERM;
	if (one_cpu && cpu >= 0 && (unsigned)cpu >= cpu_count)
		return 0;
	if (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) {
		sched_call_users_of(mm, restart_here, NULL);
		restart_here(NULL);
	} else {
		sched_call_users_of(mm, barrier_here, NULL);
	}
	if (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)
		thread_regs_changed(); /* the caller, too: its way out is IRET */
	return 0;
}

/* `command` may be used from now on, by all threads. */
static s64 allow(u32 command)
{
	atomic_or(&current->mm->membarrier, command);
	return 0;
}

s64 sys_membarrier(int command, uint flags, int cpu)
{
	bool one_cpu = command == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ && flags == MEMBARRIER_CMD_FLAG_CPU;

	if (flags && !one_cpu)
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_CMD_QUERY: return COMMANDS;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED: return barrier_everywhere();
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED: return allow(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED: return allow(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		return allow(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ: return allow(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ: return private_expedited(command, one_cpu, cpu);
	default: return -EINVAL;
	}
}
