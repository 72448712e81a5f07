/* SPDX-License-Identifier: MIT */
/* NMIs inside NMIs, calls between CPUs, the start of a CPU that is not there. */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/x86_64/internal.h>
#include <debug/selftest.h>
#include <linux/errno.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <sync/rcu.h>
#include <mm/slab.h>
#include <time/clock.h>

/* --- NMIs --- */

/* The CPU takes NMIs again after any IRET; this one goes nowhere. */
static void iret_to_here(void)
{
	__asm__ volatile("mov %%rsp, %%rax\n\t"
			 "push %[ss]\n\t"
			 "push %%rax\n\t"
			 "pushfq\n\t"
			 "push %[cs]\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "iretq\n"
			 "1:"
			 ::[ss] "i"(KERNEL_DS), [cs] "i"(KERNEL_CS)
			 : "rax", "memory");
}

static u32 nmi_calls, nmi_depth, nmi_deepest; /* atomic */
static unsigned nmi_wanted;

/* Each call but the last lets another NMI in while it runs. */
static bool nested_hook(struct regs *r)
{
	u32 depth = atomic_add_fetch(&nmi_depth, 1);

	if (depth > nmi_deepest)
		nmi_deepest = depth;
	if (atomic_add_fetch(&nmi_calls, 1) < nmi_wanted) {
		iret_to_here();
		apic_send(cpu_id(), APIC_ICR_NMI);
		for (unsigned i = 0; i < 100; i++)
			cpu_relax();
	}
	atomic_dec(&nmi_depth);
	return true;
}

SELFTEST(smp_nmi_inside_nmi)
{
	nmi_calls = nmi_deepest = 0;
	nmi_wanted = 100;
	nmi_hook = nested_hook;
	preempt_disable();
	apic_send(cpu_id(), APIC_ICR_NMI);
	for (u64 end = clock_monotonic_ns() + NSEC_PER_SEC;
	     atomic_load(&nmi_calls) < nmi_wanted && clock_monotonic_ns() < end;)
		cpu_relax();
	preempt_enable();
	nmi_hook = NULL;
	CHECK(nmi_calls == nmi_wanted); /* none was lost, none came twice */
	CHECK(nmi_deepest == 1);	/* one after the other */
}

static bool opening_hook(struct regs *r)
{
	iret_to_here();
	atomic_inc(&nmi_calls);
	return true;
}

enum { STORM_NMIS = 2000, SHOTS = 200, PERIODS = 60 };

static bool storm_over; /* atomic */

/* This CPU's registers stay what they are while NMIs rain on it. */
static bool registers_keep(u64 rounds)
{
	u64 bad;

	__asm__ volatile("mov $0x1111, %%rbx\n\t"
			 "mov $0x2222, %%rdx\n\t"
			 "mov $0x3333, %%rsi\n\t"
			 "mov $0x4444, %%rdi\n\t"
			 "mov $0x5555, %%r8\n\t"
			 "mov $0x6666, %%r12\n\t"
			 "xor %%eax, %%eax\n"
			 "1: pause\n\t"
			 "dec %%rcx\n\t"
			 "jnz 1b\n\t"
			 "cmp $0x1111, %%rbx\n\tsetne %%al\n\tmov %%rax, %%r9\n\t"
			 "cmp $0x2222, %%rdx\n\tsetne %%al\n\tor %%rax, %%r9\n\t"
			 "cmp $0x3333, %%rsi\n\tsetne %%al\n\tor %%rax, %%r9\n\t"
			 "cmp $0x4444, %%rdi\n\tsetne %%al\n\tor %%rax, %%r9\n\t"
			 "cmp $0x5555, %%r8\n\tsetne %%al\n\tor %%rax, %%r9\n\t"
			 "cmp $0x6666, %%r12\n\tsetne %%al\n\tor %%r9, %%rax\n\t"
			 : "=a"(bad), "+c"(rounds)
			 :
			 : "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r12", "cc", "memory");
	return !bad;
}

static s32 storm_target; /* atomic: -1: wait */

static void storm(void *unused_arg)
{
	unsigned target;

	while (atomic_load(&storm_target) < 0)
		sched_yield_current();
	target = (unsigned)atomic_load(&storm_target);
	preempt_disable();
	for (unsigned i = 0; i < STORM_NMIS; i++) {
		u32 before = atomic_load(&nmi_calls);

		apic_send(target, APIC_ICR_NMI);
		for (unsigned k = 0; k < 100000 && atomic_load(&nmi_calls) == before; k++)
			cpu_relax();
		for (unsigned k = 0; k < i % 64; k++) /* another instruction each time */
			cpu_relax();
	}
	preempt_enable();
	atomic_store(&storm_over, true);
}

/* NMIs from another CPU hit every instruction of the handler and of its end. */
SELFTEST(smp_nmi_storm)
{
	bool kept = true;

	if (cpu_count == 1)
		return;
	nmi_calls = 0;
	storm_over = false;
	nmi_hook = opening_hook;
	atomic_store(&storm_target, -1);
	CHECK(kthread_start("storm", storm, NULL));
	preempt_disable();
	atomic_store(&storm_target, (s32)cpu_id());
	while (!atomic_load(&storm_over))
		kept &= registers_keep(1000);
	preempt_enable();
	nmi_hook = NULL;
	CHECK(kept);
	CHECK(nmi_calls > STORM_NMIS / 2);
}

/* --- Calls --- */

static u64 called; /* atomic: bit per CPU */
static u32 calls_made;

static void note_call(void *arg)
{
	atomic_or(&called, 1UL << cpu_id());
	atomic_inc((u32 *)arg);
}

SELFTEST(smp_call_others)
{
	u64 all = cpu_count >= 64 ? ~0UL : (1UL << cpu_count) - 1, me;

	for (unsigned i = 0; i < 1000; i++) {
		called = calls_made = 0;
		preempt_disable();
		me = 1UL << cpu_id();
		ipi_call_others(note_call, &calls_made);
		preempt_enable();
		CHECK(called == (all & ~me) && calls_made == cpu_count - 1);
	}
}

SELFTEST(smp_call_async)
{
	static struct ipi_call c;
	u64 end = clock_monotonic_ns() + NSEC_PER_SEC;

	calls_made = 0;
	for (unsigned i = 0; i < cpu_count; i++) { /* oneself, too */
		irq_disable();
		CHECK(ipi_call_async(i, &c, note_call, &calls_made));
		CHECK(i == cpu_id() ? !ipi_call_async(i, &c, note_call, &calls_made) : true);
		irq_enable();
		while (atomic_load(&c.busy) && clock_monotonic_ns() < end)
			cpu_relax();
	}
	CHECK(calls_made == cpu_count);
}

static u32 shooters_left; /* atomic */

static void shooter(void *arg)
{
	for (unsigned i = 0; i < SHOTS; i++)
		ipi_call_others(note_call, arg);
	atomic_dec(&shooters_left);
}

/* All CPUs call each other at once. */
SELFTEST(smp_call_crossfire)
{
	unsigned n = cpu_count * 2;
	u64 end = clock_monotonic_ns() + 60 * NSEC_PER_SEC;

	calls_made = 0;
	shooters_left = n;
	for (unsigned i = 0; i < n; i++)
		CHECK(kthread_start("shooter", shooter, &calls_made));
	while (atomic_load(&shooters_left) && clock_monotonic_ns() < end)
		sched_yield_current();
	CHECK(shooters_left == 0);
	CHECK(calls_made == n * SHOTS * (cpu_count - 1));
}

/* --- RCU over several CPUs --- */

struct thing {
	struct rcu_head rcu;
	u64 value, dead;
};
static struct thing *shared;
static u32 readers_left, seen_dead; /* atomic */
static bool writer_done;	     /* atomic */

static void bury(struct rcu_head *h)
{
	struct thing *t = container_of(h, struct thing, rcu);

	WRITE_ONCE(t->dead, 1);
	kfree(t);
}

static void reader(void *arg)
{
	while (!atomic_load(&writer_done)) {
		for (unsigned i = 0; i < 100; i++) {
			rcu_read_lock();
			struct thing *t = rcu_load(&shared);
			for (unsigned k = 0; k < 10; k++)
				if (READ_ONCE(t->dead) || READ_ONCE(t->value) != 0x1234)
					atomic_inc(&seen_dead);
			rcu_read_unlock();
		}
		cond_resched();
	}
	atomic_dec(&readers_left);
}

SELFTEST(smp_rcu_readers)
{
	struct thing *first = kzalloc(sizeof(*first));

	CHECK(first);
	first->value = 0x1234;
	shared = first;
	seen_dead = 0;
	writer_done = false;
	readers_left = cpu_count;
	for (unsigned i = 0; i < cpu_count; i++)
		CHECK(kthread_start("reader", reader, NULL));
	for (unsigned i = 0; i < PERIODS; i++) {
		struct thing *new = kzalloc(sizeof(*new)), *old = shared;
		CHECK(new);
		new->value = 0x1234;
		rcu_store(&shared, new);
		if (i & 1) {
			call_rcu(&old->rcu, bury);
		} else {
			synchronize_rcu();
			WRITE_ONCE(old->dead, 1);
			kfree(old);
		}
	}
	atomic_store(&writer_done, true);
	while (atomic_load(&readers_left))
		sched_yield_current();
	synchronize_rcu();
	CHECK(seen_dead == 0);
	kfree(shared);
}

/* --- A CPU that is not there --- */

SELFTEST(smp_no_answer)
{
	unsigned before = cpu_count;

	if (!cpu_start_page)
		return;
	CHECK(cpu_start(0xfd, 2000) == -ETIMEDOUT);
	CHECK(cpu_start(0xfd, 2000) == -ETIMEDOUT); /* with what the first try left */
	CHECK(cpu_count == before);
}
