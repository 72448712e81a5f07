/* SPDX-License-Identifier: MIT */
/* The start of scheduling on a CPU, and what a CPU does when there is nothing to do. */
#include <sched/internal.h>

#include <arch/pagetable.h>
#include <arch/clock.h>
#include <arch/upcall.h>
#include <debug/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/rcu.h>
#include <time/timer.h>

u32 sched_delay_max;

#ifdef CONFIG_DEBUG
void sched_delay(void)
{
	u64 now = cycles_now(), mix = now * 0x9e3779b97f4a7c15ULL;
	u32 longest = READ_ONCE(sched_delay_max);

	if (!longest || mix >> 61)
		return;
	for (u64 end = now + (mix >> 32) % longest; cycles_now() < end;)
		cpu_relax();
}
#endif

static struct task boot_task; /* the context that the boot CPU starts in */

static void describe_task(unsigned cpu)
{
	struct task *t = *per_cpu_ptr(percpu_current, cpu);

	log_emerg("CPU %u, task %s at %p, %s, flags %#x, state %#x, preempt %#x, last system call %ld",
		  cpu, t->comm, (void *)t, t->flags & TASKF_KERNEL ? "kernel thread" : "user task",
		  t->flags, t->state, READ_ONCE(*per_cpu_ptr(preempt_state, cpu)), (long)t->last_syscall);
	sched_dump_locks(t);
	lockdep_dump_cpu(cpu);
}

#ifdef CONFIG_LOCKDEP
static struct lockdep_stack *current_locks(void)
{
	return &current->locks;
}

static bool faults_disabled(void)
{
	return current->pagefault_off != 0;
}

static void lockdep_hooks(void)
{
	lockdep_task_stack = current_locks;
	lockdep_faults_disabled = faults_disabled;
}

void sched_dump_locks(struct task *t)
{
	lockdep_dump(&t->locks, t->comm);
}
#else
static void lockdep_hooks(void) {}
#endif

static void rq_init(struct rq *rq, unsigned cpu, struct task *curr)
{
	spin_init(&rq->lock);
	rq->cpu = cpu;
	rq->curr = curr;
	rq->fair_tree = RB_ROOT_CACHED;
	for (unsigned i = 0; i < RT_PRIORITIES; i++)
		list_init(&rq->rt_lists[i]);
}

void sched_early_init(void)
{
	struct task *t = &boot_task;

	t->state = TASK_RUNNING;
	t->flags = TASKF_KERNEL;
	t->on_cpu = 1;
	t->arch.fpu_cpu = -1;
	t->affinity = ~0ULL;
	ref_init(&t->refs, 2); /* never freed */
	list_init(&t->se.rt_link);
	list_init(&t->thread_link);
	list_init(&t->pending_list);
	sched_set_entity(&t->se, SCHED_NORMAL, 0, 0);
	t->se.on_rq = true;
	strlcpy(t->comm, "boot", sizeof(t->comm));
	rq_init(this_rq(), 0, t);
	this_rq()->nr_running = 1;
	this_cpu_write(percpu_current, t);
	this_cpu_write(preempt_state, PREEMPT_NO_RESCHED);
	panic_describe_task = describe_task;
	lockdep_hooks();
}

static noreturn void idle_loop(void)
{
	for (;;) {
		irq_disable();
		if (unlikely(tasks_dead_waiting()))
			tasks_reap_later();
		rcu_note_quiescent();
		/* Another CPU that wakes a task here cannot set our need_resched, only interrupt us. */
		if (need_resched() || READ_ONCE(this_rq()->nr_running) || !rcu_idle_enter()) {
			irq_enable();
			preempt_reschedule();
			continue;
		}
		if (cpu_count > 1) {
			balance_idle_begin(this_rq());
			if (balance_idle(this_rq()))
				continue;
		}
		sched_delay();
		tlb_idle_enter();
		cpu_idle_wait();
		rcu_irq_enter(); /* an NMI ends the wait, too */
	}
}

static void idle_main(void *arg)
{
	idle_loop();
}

/* The boot context ends here; from now on the CPU's idle task idles. */
noreturn void sched_idle_loop(void)
{
	if (current->flags & TASKF_IDLE)
		idle_loop();
	sched_exit();
}

static struct task *idle_task_new(unsigned cpu)
{
	struct task *idle = task_alloc();

	if (!idle)
		return NULL;
	idle->flags = TASKF_KERNEL | TASKF_IDLE;
	snprintf(idle->comm, sizeof(idle->comm), "swapper/%u", cpu);
	idle->se.class = SCHED_CLASS_IDLE;
	idle->cpu = cpu;
	thread_init_kernel(idle, idle_main, NULL);
	idle->state = TASK_RUNNING;
	return idle;
}

void sched_init(void)
{
	struct rq *rq = this_rq();
	struct task *idle;

	tasks_init();
	idle = idle_task_new(rq->cpu);
	VERIFY(idle);
	idle->se.exec_start = clock_monotonic_ns();
	rq->idle = idle;
	rq->tick_clock = idle->se.exec_start;
	current->se.exec_start = idle->se.exec_start;
	sched_account_init();
}

/* Its first context is the idle task itself, which the switch away from it saves. */
u64 upcall_cpu_prepare(unsigned cpu)
{
	struct task *idle = idle_task_new(cpu);
	struct rq *rq = cpu_rq(cpu);

	if (!idle)
		return 0;
	rq_init(rq, cpu, idle);
	rq->idle = idle;
	idle->on_cpu = 1;
	*per_cpu_ptr(percpu_current, cpu) = idle;
	*per_cpu_ptr(preempt_state, cpu) = PREEMPT_NO_RESCHED;
	return idle->arch.stack_top;
}

noreturn void upcall_cpu_started(void)
{
	struct rq *rq = this_rq();

	rq->tick_clock = current->se.exec_start = clock_monotonic_ns();
	timers_init();
	idle_loop();
}
