/* SPDX-License-Identifier: MIT */
/*
 * The kernel log.
 *
 * Two rings: fixed-size descriptors, one a record, indexed by sequence number,
 * and the bytes of the texts.  Both are filled by any number of writers in any
 * context (NMIs too) without a lock:
 *
 *   1. take a sequence number and as many text bytes as needed, each by one atomic addition;
 *   2. mark the descriptor as being written, fill it and the text;
 *   3. publish it by storing its sequence number with release order.
 *
 * A reader copies a record, then looks again whether it was overwritten
 * meanwhile: the descriptor by a newer sequence number, the text by a text head
 * that is more than a ring's length further.
 *
 * Consoles get the records in order from whoever is `console_owner`.  A writer
 * that finds an owner leaves its record to it: the owner looks for new records
 * again after it has given up the ownership.  In a panic the panicking CPU writes
 * without asking.  What an NMI has to say waits in the ring for the next ordinary
 * interrupt: it may have come to the holder of a console's lock.
 */
#include <arch/cpu.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sync/atomic.h>
#include <sync/preempt.h>

#define LOG_DESCS 512
#define LOG_TEXT (48 * 1024)
#define LOG_LINE 480
#define DESC_WRITING (1ULL << 63)

struct log_desc {
	u64 state; /* atomic: sequence number + 1 when published, with DESC_WRITING while written */
	u64 time_ns;
	u64 text;  /* position in the endless stream of texts */
	u16 length;
	u8 level;
};

static struct log_desc descs[LOG_DESCS];
static char texts[LOG_TEXT];
static u64 next_seq;  /* atomic */
static u64 text_head; /* atomic: position in the endless stream */

int log_console_level = 7;
u64 (*log_clock_ns)(void);
void (*log_notify)(void);

static struct log_console *consoles; /* changed by the console owner */
static u32 console_owner;            /* atomic: 1 while somebody writes to the consoles */
static u64 console_seq;              /* console owner: next record to write */

static void text_put(u64 at, const char *s, size_t n)
{
	size_t pos = at % LOG_TEXT, first = min(n, LOG_TEXT - pos);

	memcpy(texts + pos, s, first);
	memcpy(texts, s + first, n - first);
}

static void text_get(u64 at, char *s, size_t n)
{
	size_t pos = at % LOG_TEXT, first = min(n, LOG_TEXT - pos);

	memcpy(s, texts + pos, first);
	memcpy(s + first, texts, n - first);
}

static void record_add(enum log_level level, const char *s, size_t n)
{
	u64 seq = __atomic_fetch_add(&next_seq, 1, __ATOMIC_RELAXED);
	u64 at = __atomic_fetch_add(&text_head, n, __ATOMIC_RELAXED);
	struct log_desc *d = &descs[seq % LOG_DESCS];

	atomic_store(&d->state, (seq + 1) | DESC_WRITING);
	d->time_ns = log_clock_ns ? log_clock_ns() : 0;
	d->text = at;
	d->length = n;
	d->level = level;
	text_put(at, s, n);
	atomic_store(&d->state, seq + 1);
}

/* 1: copied into *r and text (cut to size); 0: not there yet; -1: lost. */
static int record_get(u64 seq, struct log_record *r, char *text, size_t size)
{
	struct log_desc *d = &descs[seq % LOG_DESCS];
	u64 state = atomic_load(&d->state), at;

	if ((state & ~DESC_WRITING) > seq + 1)
		return -1;
	if (state != seq + 1)
		return seq + LOG_DESCS < atomic_load(&next_seq) ? -1 : 0;
	at = d->text;
	r->seq = seq;
	r->time_ns = d->time_ns;
	r->level = d->level;
	r->length = min((size_t)d->length, size);
	text_get(at, text, r->length);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (atomic_load(&text_head) - at > LOG_TEXT || atomic_load(&d->state) != state)
		return -1;
	return 1;
}

u64 log_seq_next(void)
{
	return atomic_load(&next_seq);
}

u64 log_seq_first(void)
{
	u64 next = log_seq_next(), seq = next > LOG_DESCS ? next - LOG_DESCS : 0;
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
	if (panic_in_progress) {
		console_flush();
		return;
	}
	preempt_disable();
	do {
		if (atomic_exchange(&console_owner, 1))
			break;
		console_flush();
		__atomic_store_n(&console_owner, 0, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&descs[console_seq % LOG_DESCS].state, __ATOMIC_SEQ_CST) ==
		 console_seq + 1);
	preempt_enable();
}

void log_flush(void)
{
	console_kick();
	if (log_notify && !panic_in_progress)
		log_notify();
}

void log_vprintf(enum log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE];
	size_t n = vscnprintf(line, sizeof(line), fmt, ap);

	while (n && line[n - 1] == '\n')
		n--;
	record_add(level, line, n);
	if (unlikely(cpu_in_nmi()) && !panic_in_progress)
		cpu_log_later();
	else
		log_flush();
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
	while (atomic_exchange(&console_owner, 1))
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
