/* SPDX-License-Identifier: MIT */
/*
 * Interrupts for drivers.
 *
 * A line is a source of interrupts with a vector of its own: an input of an I/O
 * APIC (known by its GSI), or a message (MSI).  A level line may have several
 * handlers, which are all called.  `vector_lines` maps a vector to its line; a
 * line once made stays, so the handler's path takes no lock: it walks a list to
 * which elements are added by one store, and from which they are freed after a
 * grace period (a served interrupt has preemption off).
 *
 * A line on which STORM_LIMIT interrupts came in a row that no handler wanted is
 * masked: a device that nobody serves would keep the CPU for ever.
 *
 * Locking: irq_lock (a mutex) for changes of lines and handlers.
 */
#include <device/irq.h>

#include <arch/cpu.h>
#include <arch/clock.h>
#include <arch/upcall.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/format.h>
#include <linux/errno.h>
#include <mm/slab.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <sync/rcu.h>
#include <time/clock.h>
#include <time/timer.h>

#define VECTORS (IRQ_VECTOR_LAST - IRQ_VECTOR_FIRST + 1)
#define STORM_LIMIT 100000
#define NO_GSI (~0U)

struct irq_action {
	struct irq_action *next; /* irq_lock to change */
	irq_handler fn;          /* imm */
	void *arg;               /* imm */
	const char *name;        /* imm */
};

struct irq_line {
	struct irq_action *actions; /* irq_lock to change */
	u32 unhandled;              /* in a row; racy */
	u32 gsi;                    /* imm; NO_GSI: a message */
	u32 vector;                 /* imm */
	enum irq_trigger trigger;   /* imm */
	bool stormed;
};

static struct mutex irq_lock = MUTEX_INIT(irq_lock);
static struct irq_line *vector_lines[VECTORS]; /* irq_lock to change */
static PERCPU u64 irq_counts[VECTORS];
static PERCPU u64 irq_spurious;
static PERCPU u64 irq_noise;

static inline bool trigger_level(enum irq_trigger t)
{
	return t == IRQ_LEVEL_HIGH || t == IRQ_LEVEL_LOW;
}

static noinline void unhandled(struct irq_line *line)
{
	if (++line->unhandled < STORM_LIMIT || line->stormed)
		return;
	line->stormed = true;
	if (line->gsi != NO_GSI) {
		irq_chip_mask(line->gsi);
		log_err("irq: GSI %u (%s): %u interrupts that nobody wanted; masked", line->gsi,
			line->actions ? line->actions->name : "no driver", STORM_LIMIT);
	}
}

static noinline void spurious(unsigned vector)
{
	this_cpu_inc(irq_spurious);
	log_once(LOG_WARN, "irq: unexpected interrupt, vector %#x", vector);
	irq_eoi();
}

void upcall_irq(unsigned vector, struct regs *r)
{
	unsigned i = vector - IRQ_VECTOR_FIRST;
	struct irq_line *line;
	u64 start = clock_monotonic_ns();
	enum irq_result result = IRQ_NONE;

	ASSERT_OP(i, <, VECTORS);
	rcu_irq_enter();
	line = rcu_load(&vector_lines[i]);
	if (unlikely(!line)) {
		spurious(vector);
		return;
	}
	(*this_cpu_ptr(irq_counts[i]))++;
	this_cpu_add(irq_noise, cycles_now());
	for (struct irq_action *a = rcu_load(&line->actions); a; a = rcu_load(&a->next))
		result |= a->fn(a->arg);
	if (likely(result == IRQ_HANDLED))
		line->unhandled = 0;
	else
		unhandled(line);
	irq_eoi();
	sched_account_irq(clock_monotonic_ns() - start);
}

u64 irq_entropy(void)
{
	return this_cpu_read(irq_noise);
}

static struct irq_line *line_of_gsi(unsigned gsi)
{
	for (unsigned i = 0; i < VECTORS; i++)
		if (vector_lines[i] && vector_lines[i]->gsi == gsi)
			return vector_lines[i];
	return NULL;
}

/* A new line on a free vector, not yet published. -ENOSPC, -ENOMEM. */
static int line_new(unsigned gsi, enum irq_trigger trigger, struct irq_line **out)
{
	unsigned i = 0;

	while (i < VECTORS && vector_lines[i])
		i++;
	if (i == VECTORS)
		return -ENOSPC;
	struct irq_line *line = kzalloc(sizeof(*line));
	if (!line)
		return -ENOMEM;
	line->gsi = gsi;
	line->trigger = trigger;
	line->vector = IRQ_VECTOR_FIRST + i;
	*out = line;
	return 0;
}

static void line_publish(struct irq_line *line)
{
	rcu_store(&vector_lines[line->vector - IRQ_VECTOR_FIRST], line);
}

static struct irq_action *action_new(const char *name, irq_handler fn, void *arg)
{
	struct irq_action *a = kzalloc(sizeof(*a));

	if (a) {
		a->fn = fn;
		a->arg = arg;
		a->name = name;
	}
	return a;
}

/* The line of `gsi`, made if it is new. irq_lock held. */
static int line_get(unsigned gsi, enum irq_trigger trigger, struct irq_line **out)
{
	struct irq_line *line = line_of_gsi(gsi);
	int err;

	if (line) {
		if (line->trigger != trigger || (line->actions && !trigger_level(trigger)))
			return -EBUSY;
		*out = line;
		return 0;
	}
	if ((err = line_new(gsi, trigger, &line)))
		return err;
	if ((err = irq_chip_route(gsi, line->vector, 0, trigger))) {
		kfree(line);
		return err;
	}
	line_publish(line);
	*out = line;
	return 0;
}

int irq_request(unsigned gsi, enum irq_trigger trigger, const char *name, irq_handler fn, void *arg)
{
	MUTEX_GUARD(&irq_lock);
	struct irq_action *a = action_new(name, fn, arg);
	struct irq_line *line;
	int err;

	if (!a)
		return -ENOMEM;
	if ((err = line_get(gsi, trigger, &line))) {
		kfree(a);
		return err;
	}
	a->next = line->actions;
	rcu_store(&line->actions, a);
	line->stormed = false;
	line->unhandled = 0;
	irq_chip_unmask(gsi);
	return 0;
}

int irq_request_isa(unsigned isa, const char *name, irq_handler fn, void *arg)
{
	enum irq_trigger trigger;
	unsigned gsi = irq_isa_to_gsi(isa, &trigger);

	return irq_request(gsi, trigger, name, fn, arg);
}

/* Takes the handler with `arg` off the line. irq_lock held. */
static void action_remove(struct irq_line *line, void *arg)
{
	for (struct irq_action **link = &line->actions; *link; link = &(*link)->next) {
		struct irq_action *a = *link;
		if (a->arg != arg)
			continue;
		rcu_store(link, a->next);
		synchronize_rcu(); /* then nobody runs it, and the driver may free what `arg` points to */
		kfree(a);
		return;
	}
}

void irq_release(unsigned gsi, void *arg)
{
	MUTEX_GUARD(&irq_lock);
	struct irq_line *line = line_of_gsi(gsi);

	if (!line)
		return;
	if (line->actions && !line->actions->next)
		irq_chip_mask(gsi);
	action_remove(line, arg);
}

int irq_vector_alloc(const char *name, irq_handler fn, void *arg, unsigned *vector)
{
	MUTEX_GUARD(&irq_lock);
	struct irq_line *line;
	int err = line_new(NO_GSI, IRQ_EDGE_HIGH, &line);

	if (err)
		return err;
	line->actions = action_new(name, fn, arg);
	if (!line->actions) {
		kfree(line);
		return -ENOMEM;
	}
	line_publish(line);
	*vector = line->vector;
	return 0;
}

void irq_vector_free(unsigned vector)
{
	MUTEX_GUARD(&irq_lock);
	struct irq_line *line = vector_lines[vector - IRQ_VECTOR_FIRST];

	ASSERT(line && line->gsi == NO_GSI);
	rcu_store(&vector_lines[vector - IRQ_VECTOR_FIRST], NULL);
	synchronize_rcu();
	kfree(line->actions);
	kfree(line);
}

void irq_init(void)
{
	log_debug("irq: %u inputs, %u vectors", irq_gsi_count(), VECTORS);
}

/* /proc/interrupts */

static int describe_header(char *buf, size_t size)
{
	int n = scnprintf(buf, size, "           ");

	for (unsigned c = 0; c < cpu_count; c++)
		n += scnprintf(buf + n, size - n, "CPU%-8u", c);
	return n + scnprintf(buf + n, size - n, "\n");
}

/* Messages are numbered after the inputs, by vector. */
static unsigned line_number(const struct irq_line *line)
{
	return line->gsi != NO_GSI ? line->gsi : irq_gsi_count() + line->vector - IRQ_VECTOR_FIRST;
}

static void describe_line(const struct irq_line *line, char *buf, size_t size)
{
	unsigned v = line->vector - IRQ_VECTOR_FIRST;
	int n = scnprintf(buf, size, "%3u: ", line_number(line));

	for (unsigned c = 0; c < cpu_count; c++)
		n += scnprintf(buf + n, size - n, "%10lu ", READ_ONCE(*per_cpu_ptr(irq_counts[v], c)));
	if (line->gsi != NO_GSI && !irq_gsi_count())
		n += scnprintf(buf + n, size - n, "   XT-PIC %11s ", "");
	else if (line->gsi != NO_GSI)
		n += scnprintf(buf + n, size - n, "  IO-APIC %3u-%-7s ", line->gsi,
			       trigger_level(line->trigger) ? "fasteoi" : "edge");
	else
		n += scnprintf(buf + n, size - n, "  PCI-MSI %3u-%-7s ", line->vector, "edge");
	for (struct irq_action *a = line->actions; a; a = a->next)
		n += scnprintf(buf + n, size - n, "%s%s", a == line->actions ? "  " : ", ", a->name);
	scnprintf(buf + n, size - n, "\n");
}

static void describe_counter(const char *label, u64 (*count)(unsigned cpu), const char *text, char *buf,
			     size_t size)
{
	int n = scnprintf(buf, size, "%3s: ", label);

	for (unsigned c = 0; c < cpu_count; c++)
		n += scnprintf(buf + n, size - n, "%10lu ", count(c));
	scnprintf(buf + n, size - n, "  %s\n", text);
}

static u64 spurious_count(unsigned cpu)
{
	return READ_ONCE(*per_cpu_ptr(irq_spurious, cpu));
}

static const struct irq_line *nth_line(unsigned i)
{
	for (unsigned v = 0; v < VECTORS; v++)
		if (vector_lines[v] && vector_lines[v]->actions && i-- == 0)
			return vector_lines[v];
	return NULL;
}

static unsigned line_count(void)
{
	unsigned n = 0;

	while (nth_line(n))
		n++;
	return n;
}

bool irq_describe(unsigned i, char *buf, size_t size)
{
	MUTEX_GUARD(&irq_lock);
	const struct irq_line *line;

	if (i == 0) {
		describe_header(buf, size);
		return true;
	}
	line = nth_line(i - 1);
	if (line) {
		describe_line(line, buf, size);
		return true;
	}
	switch (i - 1 - line_count()) {
	case 0:
		describe_counter("LOC", timer_interrupts, "Local timer interrupts", buf, size);
		return true;
	case 1:
		describe_counter("SPU", spurious_count, "Spurious interrupts", buf, size);
		return true;
	case 2:
		describe_counter("NMI", nmi_count, "Non-maskable interrupts", buf, size);
		return true;
	case 3:
		describe_counter("RES", ipi_reschedules, "Rescheduling interrupts", buf, size);
		return true;
	case 4:
		describe_counter("CAL", ipi_calls, "Function call interrupts", buf, size);
		return true;
	default:
		return false;
	}
}

u64 irq_count_total(void)
{
	u64 n = 0;

	for (unsigned c = 0; c < cpu_count; c++) {
		for (unsigned v = 0; v < VECTORS; v++)
			n += READ_ONCE(*per_cpu_ptr(irq_counts[v], c));
		n += timer_interrupts(c) + spurious_count(c) + nmi_count(c) + ipi_reschedules(c) + ipi_calls(c);
	}
	return n;
}
