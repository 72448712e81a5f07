/* SPDX-License-Identifier: MIT */
/*
 * There is one selection.  Its cells stand in reverse on their terminal until something is written there; its
 * text, taken when it was made, stays until the next one.
 */
#include <tty/vt_select.h>

#include <lib/string.h>
#include <lib/utf8.h>
#include <linux/tiocl.h>
#include <mm/kmap.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <time/clock.h>

static char *text;          /* vt_mutex, as all here; kvmalloc'ed; NULL: nothing */
static size_t text_length;
/* Letters, digits, and what file names and addresses are made of. Beyond ASCII all but spaces counts. */
static u32 word_chars[8] = { 0, 0x03ffe000 /* -./0-9 */, 0x87fffffe /* A-Z _ */, 0x07fffffe /* a-z */, 0,
			     0xff800000, 0xffffffff, 0xffffffff };

static bool in_word(u32 c)
{
	return c < 256 ? word_chars[c / 32] >> c % 32 & 1 : c != 0x3000;
}

static const struct terminal_cell *cell(const struct vt *v, unsigned at)
{
	return &terminal_line(&v->term, at / v->term.cols)[at % v->term.cols];
}

/* v->lock held */
static void highlight(struct vt *v, bool on, unsigned from, unsigned to)
{
	v->selected = on;
	v->selected_from = from;
	v->selected_to = to;
	terminal_damage_all(&v->term);
}

static void clear(struct vt *v)
{
	u64 flags = spin_lock_irqsave(&v->lock);
	if (v->ready)
		highlight(v, false, 0, 0);
	v->pointer_shown = false;
	spin_unlock_irqrestore(&v->lock, flags);
	vt_changed(v);
}

/* Spreads to whole words or lines. v->lock held. */
static void widen(const struct vt *v, unsigned mode, unsigned *from, unsigned *to)
{
	unsigned cols = v->term.cols;

	if (mode == TIOCL_SELLINE) {
		*from -= *from % cols;
		*to += cols - 1 - *to % cols;
		return;
	}
	bool first = in_word(cell(v, *from)->code), last = in_word(cell(v, *to)->code);
	while (*from % cols && in_word(cell(v, *from - 1)->code) == first && (first || cell(v, *from)->code == ' '))
		--*from;
	while (*to % cols < cols - 1 && in_word(cell(v, *to + 1)->code) == last && (last || cell(v, *to)->code == ' '))
		++*to;
}

/* The cells' text: blanks at the ends of lines are none, and a line ends with CR. v->lock held. */
static size_t collect(const struct vt *v, unsigned from, unsigned to, char *out)
{
	size_t n = 0, end = 0; /* end: behind the last one that is no blank */

	for (unsigned at = from; at <= to; at++) {
		u32 code = cell(v, at)->code;
		u8 bytes[4];
		if (code) {
			size_t m = utf8_encode(code, bytes);
			memcpy(out + n, bytes, m);
			n += m;
		}
		if (code && code != ' ')
			end = n;
		if (at % v->term.cols == v->term.cols - 1U) {
			if (end < n) {
				n = end;
				out[n++] = '\r';
			}
			end = n;
		}
	}
	return n;
}

/* vt_mutex held */
static s64 select(struct vt *v, unsigned mode, unsigned from, unsigned to)
{
	size_t cells = (size_t)v->term.cols * v->term.rows;
	char *new = kvmalloc(cells * 4 + v->term.rows);

	if (!new)
		return -ENOMEM;
	u64 flags = spin_lock_irqsave(&v->lock);
	if (mode != TIOCL_SELCHAR)
		widen(v, mode, &from, &to);
	size_t n = collect(v, from, to, new);
	highlight(v, true, from, to);
	spin_unlock_irqrestore(&v->lock, flags);
	kvfree(text);
	text = new;
	text_length = n;
	vt_changed(v);
	return 0;
}

static s64 show_pointer(struct vt *v, unsigned at)
{
	u64 flags = spin_lock_irqsave(&v->lock);
	v->pointer_shown = true;
	v->pointer = at;
	terminal_damage_all(&v->term);
	spin_unlock_irqrestore(&v->lock, flags);
	vt_changed(v);
	return 0;
}

/* A place from 1, as a cell. */
static unsigned place(const struct vt *v, unsigned x, unsigned y)
{
	x = min(max(x, 1U), (unsigned)v->term.cols) - 1;
	y = min(max(y, 1U), (unsigned)v->term.rows) - 1;
	return y * v->term.cols + x;
}

s64 vt_selection_set(uptr_t arg, struct tty *t)
{
	struct tiocl_selection s;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	MUTEX_GUARD(&vt_mutex);
	struct vt *v = vt_at(vt_visible_index());
	unsigned from = place(v, s.xs, s.ys), to = place(v, s.xe, s.ye);
	switch (s.sel_mode) {
	case TIOCL_SELCLEAR: clear(v); return 0;
	case TIOCL_SELPOINTER: return show_pointer(v, from);
	case TIOCL_SELCHAR:
	case TIOCL_SELWORD:
	case TIOCL_SELLINE: return select(v, s.sel_mode, min(from, to), max(from, to));
	default: return -EINVAL; /* TIOCL_SELMOUSEREPORT: no program is told of mice */
	}
}

void vt_selection_forget(struct vt *v)
{
	clear(v);
}

/* Bytes that are pasted at once. The copy keeps the mutex from being held while waiting. */
static size_t take(size_t at, char *out, size_t size)
{
	MUTEX_GUARD(&vt_mutex);
	size_t n = at < text_length ? min(size, text_length - at) : 0;

	if (n)
		memcpy(out, text + at, n);
	return n;
}

s64 vt_selection_paste(struct tty *t)
{
	static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	struct vt *v = t->priv;
	char part[256];
	size_t n, at = 0;

	while ((n = take(at, part, sizeof(part)))) {
		size_t done = vt_input_to(v, part, n);
		at += done;
		if (done == n)
			continue;
		if (!READ_ONCE(v->open))
			return 0;
		int err = wait_event_until(&nobody, WAIT_INTERRUPTIBLE, false,
					   clock_monotonic_ns() + 10 * NSEC_PER_MSEC);
		if (err != -ETIMEDOUT)
			return err;
	}
	return 0;
}

s64 vt_selection_words(uptr_t arg)
{
	u32 new[8];

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(new, uptr_add(arg, 4), sizeof(new)))
		return -EFAULT;
	MUTEX_GUARD(&vt_mutex);
	memcpy(word_chars, new, sizeof(new));
	return 0;
}
