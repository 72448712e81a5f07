/* SPDX-License-Identifier: MIT */
/* The lock-free queue, and work put off to an interrupt. */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <debug/selftest.h>
#include <sync/irq_work.h>
#include <sync/preempt.h>

static u32 runs, wrong_context;

static void count_run(struct irq_work *w)
{
	if (!in_interrupt() || irqs_enabled())
		wrong_context = 1;
	atomic_inc(&runs);
}

SELFTEST(sync_irq_work)
{
	static struct irq_work w = IRQ_WORK_INIT(count_run), v = IRQ_WORK_INIT(count_run);

	runs = wrong_context = 0;
	irq_disable();
	CHECK(irq_work_queue(&w));
	CHECK(!irq_work_queue(&w)); /* queued already */
	CHECK(irq_work_queue(&v));
	CHECK(runs == 0);
	irq_enable();
	irq_work_sync(&w);
	irq_work_sync(&v);
	CHECK(runs == 2);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		CHECK(irq_work_queue_on(&w, cpu));
		irq_work_sync(&w);
	}
	CHECK(runs == 2 + cpu_count);
	CHECK(!wrong_context);
}

static u32 again_left;

static void queue_again(struct irq_work *w)
{
	if (again_left && --again_left)
		irq_work_queue(w);
}

/* Work may queue itself from its own function. */
SELFTEST(sync_irq_work_requeues)
{
	static struct irq_work w = IRQ_WORK_INIT(queue_again);

	again_left = 10;
	(void)irq_work_queue(&w);
	while (atomic_load(&again_left))
		irq_work_sync(&w);
	irq_work_sync(&w);
	CHECK(again_left == 0);
}

SELFTEST(sync_mpsc_order)
{
	struct mpsc q = MPSC_INIT(q);
	struct mpsc_node n[4];

	CHECK(!mpsc_pop(&q) && mpsc_empty(&q));
	for (unsigned round = 0; round < 3; round++) {
		mpsc_push(&q, &n[0]);
		CHECK(!mpsc_empty(&q));
		CHECK(mpsc_pop(&q) == &n[0]);
		CHECK(!mpsc_pop(&q));
		for (unsigned i = 0; i < 4; i++)
			mpsc_push(&q, &n[i]);
		CHECK(mpsc_pop(&q) == &n[0]);
		mpsc_push(&q, &n[0]);
		for (unsigned i = 1; i <= 4; i++)
			CHECK(mpsc_pop(&q) == &n[i % 4]);
		CHECK(!mpsc_pop(&q) && mpsc_empty(&q));
	}
}

/* A push that was interrupted half-way hides what is behind it, but loses nothing. */
SELFTEST(sync_mpsc_half_push)
{
	struct mpsc q = MPSC_INIT(q);
	struct mpsc_node a, b, c, *prev;

	mpsc_push(&q, &a);
	b.next = NULL;
	prev = atomic_exchange(&q.tail, &b);
	mpsc_push(&q, &c);
	CHECK(!mpsc_pop(&q)); /* a is last in the chain, but not the tail */
	atomic_store(&prev->next, &b);
	CHECK(mpsc_pop(&q) == &a);
	CHECK(mpsc_pop(&q) == &b);
	CHECK(mpsc_pop(&q) == &c);
	CHECK(!mpsc_pop(&q));
}
