/* SPDX-License-Identifier: MIT */
/*
 * Lock checking: proves from the locks that were held together, at whatever times, that they
 * cannot deadlock, and that nobody sleeps where that is not allowed.
 *
 * Locks are judged by class: all that are initialised at one place in the source (or one static
 * lock).  Where two locks of a class nest by design, the inner one is taken under a subclass, which
 * counts as a class of its own.  Checked are
 *
 *	order		A before B everywhere (lockdep_graph.c)
 *	recursion	no second lock of a class without a subclass, nor the same lock twice.  Readers
 *			count as writers: a reader waits behind a waiting writer, so two reads by
 *			one task can deadlock, too
 *	interrupts	what is taken in interrupts is held with interrupts off, and what is taken
 *			under it
 *	sleeping	with preemption or interrupts off, in RCU readers' sections: also where a
 *			function may sleep but did not this time (might_sleep)
 *	unlocking	only what is held
 *	leaving		with nothing held: to user mode, at a task's end
 *
 * What is held: spinlocks in a stack of the CPU (their holders keep it: this is so over a switch of
 * tasks, too, whose lock the next task releases); mutexes and rw-semaphores in one of the task.  A
 * lock taken follows, in order, the topmost held one that was waited for, and those above it that
 * were only tried for.  An interrupt's locks follow nothing that the interrupted code holds:
 * whether they may is the third check's question.
 *
 * The hash of the classes held names a "chain": one that was seen before adds nothing, and costs
 * no look at the graph.  The tables have fixed sizes; when one is full the checker says so and
 * stops.  It also stops after its first report, as what follows would be noise; in DEBUG builds the report
 * ends in a panic.
 *
 * The checker's own state is this CPU's with interrupts off, and `busy` keeps it from being
 * entered by what it calls itself.
 */
#include <debug/lockdep_internal.h>

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <debug/symbols.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/atomic.h>
#include <sync/preempt.h>

extern char image_start[], image_end[], percpu_start[], percpu_end[]; /* kernel.ld */

struct lockdep_cpu {
	struct lockdep_stack spins;
	u32 busy;
	u32 nmi;
	u32 rcu_depth;
	u64 rcu_ip; /* the outermost section's */
};
static PERCPU struct lockdep_cpu lockdep_cpu;

static struct lockdep_stack boot_stack; /* before there are tasks */
struct lockdep_stack *(*lockdep_task_stack)(void);
bool (*lockdep_faults_disabled)(void);

enum { STACK_MAX = 16384 };

static bool active = true; /* atomic */
static bool armed;
static u32 expecting;      /* atomic */
static u32 expected;       /* atomic: bits of reports */

u64 lockdep_hash(u64 x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

bool lockdep_active(void)
{
	return atomic_load_relaxed(&active);
}

void lockdep_arm(void)
{
	armed = true;
}

/* --- Entering and leaving the checker ----------------------------------------------------------- */

/* NULL: not now. Turns interrupts off. */
static struct lockdep_cpu *begin(u64 *flags)
{
	struct lockdep_cpu *c;

	if (unlikely(!lockdep_active() || panic_in_progress))
		return NULL;
	*flags = raw_irq_save();
	c = this_cpu_ptr(lockdep_cpu);
	if (c->busy || c->nmi) {
		raw_irq_restore(*flags);
		return NULL;
	}
	c->busy = 1;
	return c;
}

static void end(struct lockdep_cpu *c, u64 flags)
{
	c->busy = 0;
	raw_irq_restore(flags);
}

void lockdep_nmi_enter(void)
{
	this_cpu_ptr(lockdep_cpu)->nmi++;
}

void lockdep_nmi_leave(void)
{
	this_cpu_ptr(lockdep_cpu)->nmi--;
}

static struct lockdep_stack *task_stack(void)
{
	return lockdep_task_stack ? lockdep_task_stack() : &boot_stack;
}

/* --- Reports ------------------------------------------------------------------------------------ */

const char *class_name(const struct lockdep_class *c, char *buf, size_t size)
{
	size_t n;

	if (c->name)
		n = scnprintf(buf, size, "%s", c->name);
	else {
		char symbol[64];
		(void)symbol_name((u64)c->key, symbol, sizeof(symbol));
		*strchrnul(symbol, '+') = 0;
		n = scnprintf(buf, size, "%s", symbol);
	}
	if (c->subclass)
		scnprintf(buf + n, size - n, "/%u", c->subclass);
	return buf;
}

static void dump_stack(const struct lockdep_stack *s, const char *whose)
{
	char name[80], ip[80];
	u32 depth = min(READ_ONCE(s->depth), (u32)LOCKDEP_DEPTH);

	for (u32 i = 0; i < depth; i++) {
		struct lockdep_held h = s->held[i];
		if (h.class)
			log_emerg("  held by %s: %s (%p), taken at %s%s%s", whose,
				  class_name(h.class, name, sizeof(name)), (const void *)h.map,
				  symbol_name(h.ip, ip, sizeof(ip)), h.flags & LOCKDEP_TRY ? ", tried" : "",
				  h.level ? ", in an interrupt" : "");
	}
}

void lockdep_dump(const struct lockdep_stack *s, const char *whose)
{
	dump_stack(s, whose);
}

void lockdep_dump_cpu(unsigned cpu)
{
	const struct lockdep_cpu *c = per_cpu_ptr(lockdep_cpu, cpu);
	char name[24], ip[80];

	snprintf(name, sizeof(name), "CPU %u", cpu);
	dump_stack(&c->spins, name);
	if (READ_ONCE(c->rcu_depth))
		log_emerg("  CPU %u reads under RCU since %s", cpu, symbol_name(c->rcu_ip, ip, sizeof(ip)));
}

/* False: nothing is to be told. */
bool report_begin(enum lockdep_report kind)
{
	if (atomic_load(&expecting)) {
		atomic_or(&expected, 1U << kind);
		return false;
	}
	return atomic_exchange(&active, false);
}

static char headline[200]; /* who has turned the checker off */

void report_headline(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(headline, sizeof(headline), fmt, ap);
	va_end(ap);
	log_emerg("lockdep: %s", headline);
}

void report_end(enum lockdep_report kind)
{
	lockdep_dump_cpu(cpu_id());
	dump_stack(task_stack(), "the task");
#ifdef CONFIG_DEBUG
	panic("lockdep: %s", headline);
#else
	backtrace_log(NULL);
	log_emerg("lockdep: turned off after its report");
#endif
}

void lockdep_out_of(const char *what)
{
	if (atomic_exchange(&active, false))
		log_warn("lockdep: turned off: out of entries for %s", what);
}

void lockdep_expect_begin(void)
{
	atomic_store(&expected, 0);
	atomic_store(&expecting, 1);
}

unsigned lockdep_expect_end(void)
{
	atomic_store(&expecting, 0);
	return atomic_load(&expected);
}

/* --- Taking and releasing ----------------------------------------------------------------------- */

/* Of a static lock: its address; in per-CPU memory, that in the section. */
static const void *key_of_static(const struct lockdep_map *m)
{
	u64 at = (u64)m;

	if (at >= (u64)image_start && at < (u64)image_end)
		return m;
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		u64 there = at - percpu_offset[cpu];
		if (there >= (u64)percpu_start && there < (u64)percpu_end)
			return (const void *)there;
	}
	return NULL;
}

static struct lockdep_class *class_of(struct lockdep_map *m, unsigned subclass, u64 ip)
{
	const void *key = m->key;
	struct lockdep_class *c = READ_ONCE(m->class);

	if (likely(c && !subclass))
		return c;
	if (!key)
		key = key_of_static(m);
	if (!key) {
		static u32 told;
		if ((u64)m - (u64)__builtin_frame_address(0) < STACK_MAX)
			return NULL; /* of a static initialiser on the stack: no class */
		char at[80];
		if (atomic_fetch_add(&told, 1) < 20)
			log_err("lockdep: the lock at %p, taken at %s, was not initialised and is not checked",
				(void *)m, symbol_name(ip, at, sizeof(at)));
		return NULL;
	}
	c = graph_class(key, m->key ? m->key->name : NULL, subclass);
	if (!subclass)
		WRITE_ONCE(m->class, c);
	return c;
}

static void report_recursion(const struct lockdep_held *h, const struct lockdep_class *class,
			     const struct lockdep_map *m, u64 ip)
{
	char name[80], first[80], second[80];

	if (!report_begin(LOCKDEP_RECURSION))
		return;
	report_headline("%s: %s: first at %s, again at %s", class_name(class, name, sizeof(name)),
		  h->map == m ? "the same lock is taken twice" : "two locks of one class, in no known order",
		  symbol_name(h->ip, first, sizeof(first)), symbol_name(ip, second, sizeof(second)));
	report_end(LOCKDEP_RECURSION);
}

/* True: no lock of this class is held in this context. */
static bool check_recursion(const struct lockdep_stack *s, const struct lockdep_class *class,
			    const struct lockdep_map *m, u32 level, u64 ip)
{
	for (u32 i = s->depth; i--;) {
		const struct lockdep_held *h = &s->held[i];
		if (h->level == level && (h->map == m || (h->class == class && !(m->key && m->key->nests)))) {
			report_recursion(h, class, m, ip);
			return false;
		}
	}
	return true;
}

/* Adds what is new about taking `class` now. */
static void check_order(const struct lockdep_cpu *c, const struct lockdep_stack *task,
			const struct lockdep_class *class, u32 level, u64 ip)
{
	const struct lockdep_stack *s = &c->spins;

	for (unsigned pass = 0; pass < 2; pass++, s = task) {
		for (u32 i = s->depth; i--;) {
			const struct lockdep_held *h = &s->held[i];
			if (h->level != level)
				return;
			if (h->class != class)
				graph_add(h, class, ip);
			if (!(h->flags & LOCKDEP_TRY))
				return;
		}
		if (level)
			return;
	}
}

static u64 chain_before(const struct lockdep_cpu *c, const struct lockdep_stack *task, u32 level)
{
	const struct lockdep_stack *s = c->spins.depth ? &c->spins : task;
	const struct lockdep_held *h = s->depth ? &s->held[s->depth - 1] : NULL;

	return h && h->level == level ? h->chain : level ? 1 : 0;
}

static void note_usage(struct lockdep_class *class, u32 level, unsigned flags, bool irqs_on, u64 ip)
{
	u32 usage = READ_ONCE(class->usage);

	if (level && !(flags & LOCKDEP_TRY) && !(usage & USED_IN_IRQ))
		graph_use(class, USED_IN_IRQ, ip);
	if (irqs_on && !(usage & USED_IRQS_ON))
		graph_use(class, USED_IRQS_ON, ip);
}

static void acquire(struct lockdep_map *m, unsigned subclass, unsigned flags, u64 ip)
{
	u64 irq = 0, chain;
	u32 level = this_cpu_read(preempt_state) & 0x7fff0000U;
	struct lockdep_cpu *c = begin(&irq);
	struct lockdep_stack *task, *s;
	struct lockdep_class *class;

	if (!c)
		return;
	class = class_of(m, subclass, ip);
	task = task_stack();
	s = flags & LOCKDEP_SPIN ? &c->spins : task;
	if (!class)
		goto out;
	if (s->depth == LOCKDEP_DEPTH) {
		lockdep_out_of("locks held at a time");
		goto out;
	}
	chain = lockdep_hash(chain_before(c, task, level) + (u64)class);
	if (!(flags & LOCKDEP_TRY) && check_recursion(s, class, m, level, ip)) {
		chain |= 1;
		if (!graph_chain_known(chain))
			check_order(c, task, class, level, ip);
	}
	if (flags & LOCKDEP_SPIN)
		note_usage(class, level, flags, raw_irqs_were_on(irq), ip);
	s->held[s->depth++] = (struct lockdep_held){ class, m, ip, chain, level, flags };
out:
	end(c, irq);
}

static void report_unlock(const struct lockdep_map *m, u64 ip)
{
	char at[80], name[80];

	if (!report_begin(LOCKDEP_UNLOCK))
		return;
	report_headline("%s (%p) is released at %s, but is not held",
		  m->class ? class_name(m->class, name, sizeof(name)) : "a lock", (const void *)m,
		  symbol_name(ip, at, sizeof(at)));
	report_end(LOCKDEP_UNLOCK);
}

static void release(struct lockdep_map *m, bool spin, u64 ip)
{
	u64 irq = 0;
	struct lockdep_cpu *c = begin(&irq);
	struct lockdep_stack *s;
	u32 i;

	if (!c)
		return;
	s = spin ? &c->spins : task_stack();
	for (i = s->depth; i--;)
		if (s->held[i].map == m)
			break;
	if (i == ~0U) {
		if (m->class)
			report_unlock(m, ip);
	} else {
		for (s->depth--; i < s->depth; i++)
			s->held[i] = s->held[i + 1];
	}
	end(c, irq);
}

#define CALLER ((u64)__builtin_return_address(0))

void lockdep_acquire(struct lockdep_map *m, unsigned subclass, unsigned flags, u64 ip)
{
	acquire(m, subclass, flags, ip);
}

void lockdep_release(struct lockdep_map *m)
{
	release(m, false, CALLER);
}

void lockdep_spin_acquire(struct lockdep_map *m, unsigned subclass, bool try)
{
	acquire(m, subclass, LOCKDEP_SPIN | (try ? LOCKDEP_TRY : 0), CALLER);
}

void lockdep_spin_release(struct lockdep_map *m)
{
	release(m, true, CALLER);
}

/* --- Interrupts, RCU, sleeping ------------------------------------------------------------------ */

void lockdep_irqs_on(void)
{
	u64 irq = 0, ip = CALLER;
	struct lockdep_cpu *c;

	if (likely(!this_cpu_read(lockdep_cpu.spins.depth)) || in_interrupt() || !(c = begin(&irq)))
		return;
	for (u32 i = 0; i < c->spins.depth; i++)
		note_usage(c->spins.held[i].class, 0, 0, true, ip);
	end(c, irq);
}

void lockdep_rcu_enter(void)
{
	u64 irq = raw_irq_save();
	struct lockdep_cpu *c = this_cpu_ptr(lockdep_cpu);

	if (c->rcu_depth++ == 0)
		c->rcu_ip = CALLER;
	raw_irq_restore(irq);
}

void lockdep_rcu_leave(void)
{
	u64 irq = raw_irq_save();
	struct lockdep_cpu *c = this_cpu_ptr(lockdep_cpu);
	bool was = c->rcu_depth != 0;

	if (was)
		c->rcu_depth--;
	raw_irq_restore(irq);
	if (!was && lockdep_active() && report_begin(LOCKDEP_RCU)) {
		report_headline("rcu_read_unlock without rcu_read_lock");
		report_end(LOCKDEP_RCU);
	}
}

static void check_sleep(const char *what, u64 ip)
{
	u32 rcu = this_cpu_read(lockdep_cpu.rcu_depth);
	enum lockdep_report kind = rcu ? LOCKDEP_RCU : LOCKDEP_SLEEP;
	char at[80];

	if (preemptible() || !armed || !lockdep_active() || panic_in_progress || !report_begin(kind))
		return;
	report_headline("%s at %s, %s%s%s", what, symbol_name(ip, at, sizeof(at)),
		  in_interrupt() ? "in an interrupt" : irqs_enabled() ? "with preemption off" : "with interrupts off",
		  rcu ? ", in an RCU reader's section" : "", "");
	report_end(kind);
}

void might_sleep(void)
{
	check_sleep("may sleep", CALLER);
}

void might_fault(void)
{
	if (!lockdep_faults_disabled || !lockdep_faults_disabled())
		check_sleep("access to user memory", CALLER);
}

void lockdep_nothing_held(const char *where)
{
	const struct lockdep_cpu *c;
	u64 irq = raw_irq_save();
	bool held;

	c = this_cpu_ptr(lockdep_cpu);
	held = task_stack()->depth || c->spins.depth || c->rcu_depth;
	raw_irq_restore(irq);
	if (unlikely(held) && lockdep_active() && !panic_in_progress && report_begin(LOCKDEP_LEFT_HELD)) {
		report_headline("locks are held %s", where);
		report_end(LOCKDEP_LEFT_HELD);
	}
}
