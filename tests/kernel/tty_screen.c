/* SPDX-License-Identifier: MIT */
/* The virtual terminals: what must work whatever lock is held, and when nobody may wait. */
#include <arch/irqflags.h>
#include <debug/log.h>
#include <debug/selftest.h>
#include <lib/string.h>
#include <sched/internal.h>
#include <time/clock.h>
#include <tty/vt_internal.h>

/* Is `text` in one of the terminal's lines or in its history? */
static bool stands_in(struct vt *v, const char *text)
{
	IRQSPIN_GUARD(&v->lock);
	const struct terminal *t = &v->term;
	size_t length = strlen(text);

	for (unsigned i = 0; i < t->rows + t->history_count; i++) {
		const struct terminal_cell *c = i < t->rows ? terminal_line(t, i) :
							      terminal_history_line(t, i - t->rows + 1);
		for (unsigned x = 0; x + length <= t->cols; x++) {
			size_t same = 0;
			while (same < length && c[x + same].code == (u8)text[same])
				same++;
			if (same == length)
				return true;
		}
	}
	return false;
}

static bool comes_to_stand_in(struct vt *v, const char *text)
{
	u64 end = clock_monotonic_ns() + 5 * NSEC_PER_SEC;

	while (!stands_in(v, text)) {
		if (clock_monotonic_ns() > end)
			return false;
		sched_yield_current();
	}
	return true;
}

/* A line of the log takes neither the terminal's lock nor the scheduler's: it came to the screen with both held. */
SELFTEST(tty_screen_log_under_locks)
{
	if (!vt_the_screen)
		return;
	struct vt *v = vt_visible();
	u64 flags = spin_lock_irqsave(&v->lock);
	log_err("screen test: the terminal's lock is held");
	spin_unlock_irqrestore(&v->lock, flags);
	CHECK(comes_to_stand_in(v, "the terminal's lock is held"));

	flags = irq_save();
	spin_acquire(&this_rq()->lock);
	log_err("screen test: the run queue's lock is held");
	spin_release(&this_rq()->lock);
	irq_restore(flags);
	CHECK(comes_to_stand_in(v, "the run queue's lock is held"));
}

/* Lines from an interrupt's context come in their order, none twice. */
SELFTEST(tty_screen_log_order)
{
	if (!vt_the_screen)
		return;
	struct vt *v = vt_visible();
	u64 flags = irq_save();
	for (unsigned i = 0; i < 20; i++)
		log_err("screen test: line %02u of 20", i);
	irq_restore(flags);
	CHECK(comes_to_stand_in(v, "line 19 of 20"));
	CHECK(stands_in(v, "line 00 of 20") && stands_in(v, "line 11 of 20"));
}

/* Programs say how far (TIOCL_SCROLLCONSOLE): no number is too large. */
SELFTEST(tty_screen_scroll_far)
{
	if (!vt_the_screen)
		return;
	struct vt *v = vt_visible();
	int far[] = { INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX };

	for (unsigned i = 0; i < ARRAY_SIZE(far); i++) {
		vt_scroll_lines(far[i]);
		CHECK(v->view <= v->term.history_count);
	}
	CHECK(v->view == 0);
}
