/* SPDX-License-Identifier: MIT */
/*
 * Each CPU has a queue (mpsc.h) that it alone empties, in the handler of an interrupt that
 * whoever pushes sends to it.  `raised` says that such an interrupt is under way, so that a burst
 * of work costs one.  It is cleared before the first pop and set after each push: a push that the
 * handler did not see (it interrupted the push in the middle, say) finds it cleared and sends again.
 */
#include <sync/irq_work.h>

#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <debug/panic.h>

struct irq_work_queue {
	struct mpsc queue;
	u32 raised; /* atomic */
	bool ready; /* this CPU: the queue's links are set */
	struct irq_work *running; /* this CPU writes */
};

static struct irq_work_queue work_queue_here PERCPU;

/* Per-CPU memory begins as zeros; an NMI in the middle does the same once more. */
static struct irq_work_queue *queue_of(unsigned cpu)
{
	struct irq_work_queue *q = per_cpu_ptr(work_queue_here, cpu);
	struct mpsc_node *none = NULL;

	if (unlikely(!atomic_load(&q->ready))) {
		__atomic_compare_exchange_n(&q->queue.head, &none, &q->queue.stub, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
		none = NULL;
		__atomic_compare_exchange_n(&q->queue.tail, &none, &q->queue.stub, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
		atomic_store(&q->ready, true);
	}
	return q;
}

static bool push(struct irq_work *w, unsigned cpu, bool here)
{
	struct irq_work_queue *q;

	if (atomic_exchange(&w->queued, 1))
		return false;
	q = queue_of(cpu);
	mpsc_push(&q->queue, &w->node);
	if (!atomic_exchange(&q->raised, 1)) {
		if (here)
			ipi_self_work();
		else
			ipi_work(cpu);
	}
	return true;
}

bool irq_work_queue(struct irq_work *w)
{
	IRQ_GUARD(); /* stay on this CPU */
	return push(w, cpu_id(), true);
}

bool irq_work_queue_on(struct irq_work *w, unsigned cpu)
{
	IRQ_GUARD();
	return push(w, cpu, cpu == cpu_id());
}

void irq_work_run(void)
{
	struct irq_work_queue *q = queue_of(cpu_id());
	struct mpsc_node *n;

	ASSERT(!irqs_enabled());
	(void)atomic_exchange(&q->raised, 0);
	while ((n = mpsc_pop(&q->queue)) != NULL) {
		struct irq_work *w = container_of(n, struct irq_work, node);
		(void)atomic_exchange(&q->running, w);
		(void)atomic_exchange(&w->queued, 0); /* from here on it may be queued again */
		w->fn(w);
		atomic_store(&q->running, NULL);
	}
}

void irq_work_sync(struct irq_work *w)
{
	VERIFY(irqs_enabled());
	while (atomic_load(&w->queued))
		cpu_relax();
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		while (atomic_load(&per_cpu_ptr(work_queue_here, cpu)->running) == w)
			cpu_relax();
}
