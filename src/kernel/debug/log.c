/* SPDX-License-Identifier: MIT */
/*
 * The kernel log.
 *
 * A ring of slots, one a record, indexed by sequence number.  It is filled by any number of
 * writers in any context (NMIs too) without a lock:
 *
 *   1. reserve: the slot of the next sequence number must hold the record of one lap before,
 *      complete; then a compare-and-swap of `next_seq` makes the slot ours alone;
 *   2. mark the slot as being written, fill it;
 *   3. publish it by storing its sequence number with release order.
 *
 * So no writer ever waits, and none can write into a record of another: where somebody has been
 * stopped between 1 and 3 for a whole lap, new records are dropped and counted (`lost`), until
 * he goes on.  Readers hold nobody up: they copy a record and then look again whether its slot
 * has been taken for a newer one meanwhile.
 *
 * Consoles get the records in order from whoever is `console_owner`.  A writer that finds an
 * owner leaves its record to it: the owner looks for new records again after it has given up the
 * ownership.  Consoles have locks, and to wake readers takes the scheduler's; so only who has
 * interrupts on does this at once.  Everybody else (an interrupt, an NMI, whoever logs with the
 * lock of a run queue or of the console itself held: all these have interrupts off) leaves it to
 * irq_work, an interrupt that comes as soon as they are on.  Should that never be, the next record
 * of another CPU brings out all of them; in a panic the panicking CPU writes without asking.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/atomic.h>
#include <sync/irq_work.h>
#include <sync/preempt.h>

#define LOG_SLOTS 512
#define LOG_LINE 480
#define SLOT_WRITING (1ULL << 63)

struct log_slot {
	u64 state; /* atomic: sequence number + 1 when published, with SLOT_WRITING while written */
	u64 time_ns;
	u16 length;
	u8 level;
	char text[LOG_LINE];
};

static struct log_slot slots[LOG_SLOTS];
static u64 next_seq; /* atomic */
static u64 lost;     /* atomic: records dropped, not yet reported */

int log_console_level = 7;
u64 (*log_clock_ns)(void);
void (*log_notify)(void);
bool log_defers;

static struct log_console *consoles; /* changed by the console owner */
static u32 console_owner;            /* atomic: 1 while somebody writes to the consoles */
static u64 console_seq;              /* console owner: next record to write */

static struct log_slot *reserve(u64 *number)
{
	u64 seq = atomic_load(&next_seq), now;

	for (;;) {
		struct log_slot *s = &slots[seq % LOG_SLOTS];
		if (atomic_load(&s->state) == (seq < LOG_SLOTS ? 0 : seq - LOG_SLOTS + 1)) {
			if (atomic_cas(&next_seq, &seq, seq + 1)) {
				*number = seq;
				return s;
			}
			continue;
		}
		now = atomic_load(&next_seq);
		if (now == seq)
			return NULL;
		seq = now;
	}
}

static bool record_add(enum log_level level, const char *text, size_t n)
{
	u64 seq;
	struct log_slot *s = reserve(&seq);

	if (unlikely(!s)) {
		atomic_inc(&lost);
		return false;
	}
	atomic_store_relaxed(&s->state, (seq + 1) | SLOT_WRITING);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	s->time_ns = log_clock_ns ? log_clock_ns() : 0;
	s->length = n;
	s->level = level;
	memcpy(s->text, text, n);
	atomic_store(&s->state, seq + 1);
	return true;
}

/* 1: copied into *r and text (cut to size); 0: not there yet; -1: lost. */
static int record_get(u64 seq, struct log_record *r, char *text, size_t size)
{
	struct log_slot *s = &slots[seq % LOG_SLOTS];
	u64 state = atomic_load(&s->state);

	if (state != seq + 1)
		return (state & ~SLOT_WRITING) > seq + 1 ? -1 : 0;
	r->seq = seq;
	r->time_ns = s->time_ns;
	r->level = s->level;
	r->length = min(min((size_t)READ_ONCE(s->length), size), (size_t)LOG_LINE);
	memcpy(text, s->text, r->length);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return atomic_load_relaxed(&s->state) == state ? 1 : -1;
}

u64 log_seq_next(void)
{
	return atomic_load(&next_seq);
}

u64 log_seq_first(void)
{
	u64 next = log_seq_next(), seq = next > LOG_SLOTS ? next - LOG_SLOTS : 0;
	struct log_record r;
	char c;

	while (seq < next && record_get(seq, &r, &c, 1) < 0)
		seq++;
	return seq;
}

static size_t stamp(char *buf, size_t size, const struct log_record *r)
{
	return scnprintf(buf, size, "[%5llu.%06llu] ", r->time_ns / NSEC_PER_SEC,
			 r->time_ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

size_t log_read(u64 *seq, struct log_record *r, char *buf, size_t size)
{
	char text[LOG_LINE];
	struct log_record got;
	u64 at = max(*seq, log_seq_first());
	size_t n;
	int found;

	while ((found = record_get(at, &got, text, sizeof(text))) < 0)
		at++;
	if (!found)
		return 0;
	n = scnprintf(buf, size, "<%u>", got.level);
	n += stamp(buf + n, size - n, &got);
	n += scnprintf(buf + n, size - n, "%.*s\n", (int)got.length, text);
	*seq = at + 1;
	*r = got;
	return n;
}

static void console_write(struct log_console *c, const struct log_record *r, const char *text)
{
	char line[LOG_LINE + 32];
	size_t n = stamp(line, sizeof(line), r);

	n += scnprintf(line + n, sizeof(line) - n, "%.*s\n", (int)r->length, text);
	c->write(c, line, n);
}

/* Writes out what the consoles have not seen.  The caller owns them (or panics). */
static void console_flush(void)
{
	char text[LOG_LINE];
	struct log_record r;
	int found;

	while ((found = record_get(console_seq, &r, text, sizeof(text))) != 0) {
		console_seq++;
		if (found < 0 || r.level >= log_console_level)
			continue;
		for (struct log_console *c = consoles; c; c = c->next)
			console_write(c, &r, text);
	}
}

static void console_kick(void)
{
	if (machine_stopping) {
		console_flush();
		return;
	}
	preempt_disable();
	do {
		if (atomic_exchange(&console_owner, 1))
			break;
		console_flush();
		__atomic_store_n(&console_owner, 0, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&slots[console_seq % LOG_SLOTS].state, __ATOMIC_SEQ_CST) ==
		 console_seq + 1);
	preempt_enable();
}

/* Brings what was recorded to consoles and readers. May take their locks. */
static void pass_on(void)
{
	console_kick();
	if (log_notify && !machine_stopping)
		log_notify();
}

static void deferred(struct irq_work *w)
{
	pass_on();
}

/* One for each CPU: one that is stuck does not hold the others up. */
static PERCPU struct irq_work log_work;

static void pass_on_later(void)
{
	struct irq_work *w;
	IRQ_GUARD();

	w = this_cpu_ptr(log_work);
	w->fn = deferred;
	(void)irq_work_queue(w);
}

void log_flush(void)
{
	console_kick();
}

void log_vprintf(enum log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE];
	size_t n = vscnprintf(line, sizeof(line), fmt, ap);
	u64 dropped;

	while (n && line[n - 1] == '\n')
		n--;
	if (record_add(level, line, n) && unlikely((dropped = atomic_load_relaxed(&lost)) != 0)) {
		atomic_sub_fetch(&lost, dropped);
		n = scnprintf(line, sizeof(line), "log: %lu messages lost", dropped);
		record_add(LOG_WARN, line, n);
	}
	if (unlikely(log_defers && !irqs_enabled() && !machine_stopping))
		pass_on_later();
	else
		pass_on();
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprintf(level, fmt, ap);
	va_end(ap);
}

static void console_own(void)
{
	preempt_disable();
	while (atomic_exchange(&console_owner, 1) && !machine_stopping)
		cpu_relax();
}

static void console_disown(void)
{
	atomic_store(&console_owner, 0);
	preempt_enable();
	console_kick();
}

void log_console_add(struct log_console *c, bool replay)
{
	char text[LOG_LINE];
	struct log_record r;

	console_own();
	for (u64 seq = log_seq_first(); replay && seq < console_seq; seq++)
		if (record_get(seq, &r, text, sizeof(text)) > 0 && r.level < log_console_level)
			console_write(c, &r, text);
	c->next = consoles;
	consoles = c;
	console_disown();
}

void log_console_remove(struct log_console *c)
{
	console_own();
	for (struct log_console **p = &consoles; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	console_disown();
}
