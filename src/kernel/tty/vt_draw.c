/* SPDX-License-Identifier: MIT */
/*
 * From cells to the screen.
 *
 *	writers -> cells (v->lock) -- vt_changed --> thread -> compose -> differs from `shown`? -> draw
 *	log     -> its own ring    -- irq_work ----> thread -> cells
 *
 * A thread draws, at once when it has been idle and at most every FRAME_NS else, less often where
 * drawing is slow: writers are not to wait for it.  It looks at the
 * lines that were damaged, computes how their cells are to be seen, and has those drawn that differ
 * from `shown`, which is what stands on the screen.  So the cost of drawing does not depend on how
 * much is written, and the frame buffer is never read.  The cursor is an attribute of its cell.
 *
 * The log is recorded in contexts where no lock may be taken: in an NMI, under the lock of a run
 * queue or a timer queue, or of a terminal.  So the log console only queues an irq_work, whose
 * interrupt wakes the thread, which reads the records itself.  In a panic nobody else runs: the
 * panicking CPU does the thread's work, without locks, wherever it stopped.
 *
 * Locking: vt_render_mutex (one who draws) > v->lock.
 */
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <sync/irq_work.h>
#include <time/clock.h>
#include <tty/vt_internal.h>

#define FRAME_NS (16 * NSEC_PER_MSEC)
#define BLINK_NS (500 * NSEC_PER_MSEC)
#define PAUSE_MAX_NS (100 * NSEC_PER_MSEC)
enum { LOG_LINE = 640, SHARE = 8 /* drawing takes at most this part of the time */ };

struct line_set {
	u64 bits[TERMINAL_MAX_ROWS / 64];
};

struct mutex vt_render_mutex = MUTEX_INIT(vt_render_mutex);
static struct terminal_cell *shown;  /* vt_render_mutex; cols * rows */
static struct line_set cursor_lines; /* vt_render_mutex: `shown` has a cursor there */
static struct line_set blink_lines;  /* vt_render_mutex: something there blinks */
static bool lit;                     /* vt_render_mutex: what blinks is to be seen */
static bool dark;                    /* vt_render_mutex: the screen is blanked */
static bool scrolled_back;           /* vt_render_mutex: `shown` is not the live screen */
static u64 blink_at;                 /* the thread: when `lit` changes; 0: nothing blinks */

static struct wait_queue draw_wait = WAIT_QUEUE_INIT(draw_wait);
static u32 frame_wanted;             /* atomic */
static u32 shown_lost;               /* atomic: `shown` may not be what stands on the screen */

static struct irq_work log_work;
static bool log_shown;               /* imm after set-up */
static u64 log_seq;                  /* vt_render_mutex: the next record to show */

static bool line_in(const struct line_set *s, unsigned y)
{
	return s->bits[y / 64] >> y % 64 & 1;
}

static void line_mark(struct line_set *s, unsigned y, bool on)
{
	s->bits[y / 64] = (s->bits[y / 64] & ~(1ULL << y % 64)) | (u64)on << y % 64;
}

static bool line_set_empty(const struct line_set *s)
{
	u64 any = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(s->bits); i++)
		any |= s->bits[i];
	return !any;
}

/* --- Wanting a frame ----------------------------------------------------------------------------- */

void vt_want_frame(void)
{
	if (!READ_ONCE(frame_wanted) && !atomic_exchange(&frame_wanted, 1))
		wait_wake(&draw_wait);
}

void vt_screen_lost(void)
{
	atomic_store(&shown_lost, 1);
}

/* --- Composing ----------------------------------------------------------------------------------- */

/* Which cells stand in line y of the screen, and which line of the terminal that is (rows: none). */
static const struct terminal_cell *line_at(const struct vt *v, unsigned y, unsigned *live)
{
	const struct terminal *t = &v->term;
	unsigned view = min(v->view, t->history_count);

	*live = y >= view ? y - view : t->rows;
	return y >= view ? terminal_line(t, y - view) : terminal_history_line(t, view - y);
}

static void compose_dark(struct terminal_cell *line)
{
	for (unsigned x = 0; x < vt_the_screen->cols; x++)
		line[x] = (struct terminal_cell){ .code = ' ' };
}

/* Is the cell at this place of the screen marked by the mouse? */
static bool selected(const struct vt *v, unsigned at)
{
	return (v->selected && at >= v->selected_from && at <= v->selected_to) != (v->pointer_shown && at == v->pointer);
}

/* The line as it is to be seen, with the cursor. v->lock held (but in a panic). */
static void compose_line(struct vt *v, unsigned y, struct terminal_cell *line)
{
	struct terminal *t = &v->term;
	unsigned live;
	const struct terminal_cell *from = line_at(v, y, &live);
	bool blinks = false, marks = live < t->rows && (v->selected || v->pointer_shown);

	if (live < t->rows)
		terminal_undamage(t, live);
	for (unsigned x = 0; x < t->cols; x++) {
		struct terminal_cell c = from[x];

		if (marks && selected(v, live * t->cols + x))
			c.attrs ^= TERMINAL_REVERSE;
		blinks |= (c.attrs & TERMINAL_BLINK) != 0;
		line[x] = terminal_look(t, c, lit);
	}
	bool cursor = live == t->pen.y && t->cursor_visible && t->cursor;
	if (cursor && (lit || !t->cursor_blinks))
		line[t->pen.x].attrs |= t->cursor << TERMINAL_CURSOR_SHIFT;
	line_mark(&cursor_lines, y, cursor);
	line_mark(&blink_lines, y, blinks || (cursor && t->cursor_blinks));
}

/* --- Drawing ------------------------------------------------------------------------------------- */

static bool same(const struct terminal_cell *a, const struct terminal_cell *b)
{
	return a->code == b->code && a->attrs == b->attrs && a->fg == b->fg && a->bg == b->bg;
}

/* Draws the parts of line y where it is not as shown. */
static void draw_line(unsigned y, const struct terminal_cell *line)
{
	struct terminal_cell *old = shown + (size_t)y * vt_the_screen->cols;
	unsigned cols = vt_the_screen->cols;

	for (unsigned x = 0; x < cols;) {
		unsigned from = x;
		while (x < cols && !same(&line[x], &old[x]))
			x++;
		if (x > from)
			vt_the_screen->draw(vt_the_screen, from, y, line + from, x - from);
		else
			x++;
	}
	memcpy(old, line, cols * sizeof(*line));
}

/* Looked at without the lock: what is missed here has asked for another frame. */
static bool line_stale(const struct vt *v, unsigned y)
{
	return terminal_damaged(&v->term, y) || line_in(&cursor_lines, y) || y == READ_ONCE(v->term.pen.y);
}

/* As no line is: all will be drawn. True: so it is. */
static bool forget_lost(void)
{
	if (!atomic_exchange(&shown_lost, 0))
		return false;
	if (vt_the_screen->restore)
		vt_the_screen->restore(vt_the_screen);
	memset(shown, 0, sizeof(*shown) * vt_the_screen->cols * vt_the_screen->rows);
	return true;
}

/* Changes what the whole screen shows: dark or not, live or not. True: every line is to be looked at. */
static bool change_manner(struct vt *v, bool now_dark)
{
	bool back = v->view, all = forget_lost() | (now_dark != dark) | back | (back != scrolled_back);

	dark = now_dark;
	scrolled_back = back;
	return all;
}

/* vt_render_mutex held. */
static void render(struct vt *v, u64 now, bool blink)
{
	static struct terminal_cell line[TERMINAL_MAX_COLS];

	if (!v->ready || v->graphics)
		return;
	bool all = change_manner(v, vt_blank_now(now));
	for (unsigned y = 0; y < vt_the_screen->rows; y++) {
		if (!all && !line_stale(v, y) && !(blink && line_in(&blink_lines, y)))
			continue;
		u64 flags = spin_lock_irqsave(&v->lock);
		bool ready = v->ready;
		if (ready)
			compose_line(v, y, line);
		spin_unlock_irqrestore(&v->lock, flags);
		if (!ready) /* given up meanwhile */
			return;
		if (dark)
			compose_dark(line);
		draw_line(y, line);
		cond_resched();
	}
}

/* --- The log ------------------------------------------------------------------------------------- */

/* Where it goes: the last words to what is on the screen. */
static struct vt *log_terminal(void)
{
	u32 number = atomic_load(&vt_log_number);

	return number && vt_allocated(number - 1) && !machine_stopping ? vt_at(number - 1) : vt_visible();
}

/* Locks are taken unless the machine stops. */
static void show_record(struct vt *v, const char *text, size_t n)
{
	if (machine_stopping) {
		terminal_message(&v->term, text, n, true);
		return;
	}
	u64 flags = spin_lock_irqsave(&v->lock);
	if (v->ready)
		terminal_message(&v->term, text, n, true);
	spin_unlock_irqrestore(&v->lock, flags);
	vt_changed(v);
	vt_poke();
}

/* Records that the screen has not seen. */
static void show_log(void)
{
	static char text[LOG_LINE];
	struct log_record r;
	size_t n;

	while (log_shown && (n = log_read(&log_seq, &r, text, sizeof(text))) != 0) {
		const char *start = memchr(text, '>', n);

		if (r.level >= log_console_level || !start)
			continue;
		start++;
		show_record(log_terminal(), start, text + n - start);
	}
}

/* No lock is waited for; whatever a program was showing gives way. */
static void draw_at_once(void)
{
	static struct terminal_cell line[TERMINAL_MAX_COLS];
	static bool begun;
	struct vt *v = vt_visible();
	struct terminal *t = &v->term;

	if (!begun) {
		begun = true;
		lit = true;
		v->view = 0;
		t->top = 0;
		t->bottom = t->rows - 1;
		t->screen_reversed = false;
		if (v->graphics || dark)
			vt_screen_lost();
	}
	show_log();
	bool all = forget_lost();
	for (unsigned y = 0; y < vt_the_screen->rows; y++) {
		if (!all && !line_stale(v, y))
			continue;
		compose_line(v, y, line);
		draw_line(y, line);
	}
}

static void log_queued(struct irq_work *unused_w)
{
	vt_want_frame();
}

/* Any context. The text is in the log's ring, too, and is taken from there. */
static void log_write(struct log_console *unused_c, const char *unused_text, size_t unused_n)
{
	if (machine_stopping)
		draw_at_once();
	else
		(void)irq_work_queue(&log_work);
}

static struct log_console log_screen = { .name = "tty0", .write = log_write };

void vt_draw_log(void)
{
	log_seq = log_seq_first();
	log_shown = true;
	log_console_add(&log_screen, false);
	vt_want_frame();
}

/* --- The thread ---------------------------------------------------------------------------------- */

/* Turns what blinks on or off when it is time. */
static bool blink_step(u64 now)
{
	bool step = blink_at && now >= blink_at;

	if (step)
		lit = !lit;
	if (line_set_empty(&blink_lines)) {
		blink_at = 0;
		lit = true;
	} else if (step || !blink_at) {
		blink_at = now + BLINK_NS;
	}
	return step;
}

static void frame(void)
{
	MUTEX_GUARD(&vt_render_mutex);
	struct vt *v = vt_visible();
	u64 now = clock_monotonic_ns();

	atomic_exchange(&frame_wanted, 0); /* before looking: later changes want another */
	show_log();
	render(v, now, blink_step(now));
	if (!blink_at)
		(void)blink_step(now); /* something has begun to blink */
}

/* When the thread has to look even if nothing changes; 0: never. */
static u64 next_look(void)
{
	u64 blank = vt_blank_due();

	return !blank ? blink_at : !blink_at ? blank : min(blank, blink_at);
}

static void draw_main(void *unused_arg)
{
	for (;;) {
		u64 next = next_look();

		if (!next || clock_monotonic_ns() < next)
			(void)wait_event_until(&draw_wait, WAIT_INTERRUPTIBLE, atomic_load(&frame_wanted), next);
		u64 start = clock_monotonic_ns();
		frame();
		u64 pause = min(max(FRAME_NS, SHARE * (clock_monotonic_ns() - start)), PAUSE_MAX_NS);
		(void)wait_event_until(&draw_wait, WAIT_INTERRUPTIBLE, false, start + pause);
	}
}

/* --- Who owns the screen -------------------------------------------------------------------------- */

void vt_set_graphics(struct vt *v, bool on)
{
	u64 flags = spin_lock_irqsave(&v->lock);

	if (v->graphics)
		vt_screen_lost();
	v->graphics = on;
	terminal_damage_all(&v->term);
	spin_unlock_irqrestore(&v->lock, flags);
	mutex_lock(&vt_render_mutex); /* a frame that had begun is over then */
	mutex_unlock(&vt_render_mutex);
	if (!on && v == vt_visible())
		vt_unblank();
	vt_changed(v);
}

/* --- Scrolling back ------------------------------------------------------------------------------- */

bool vt_view_reset(struct vt *v)
{
	bool was = v->view;

	v->view = 0;
	return was;
}

void vt_scroll_lines(int lines)
{
	if (!vt_the_screen)
		return;
	struct vt *v = vt_visible();
	lines = max(lines, -TERMINAL_HISTORY); /* a program may have said anything */
	u64 flags = spin_lock_irqsave(&v->lock);
	int most = v->term.screen ? 0 : v->term.history_count;
	v->view = max(0, min((int)min(v->view, v->term.history_count) - lines, most));
	spin_unlock_irqrestore(&v->lock, flags);
	vt_changed(v);
}

void vt_scroll(bool back)
{
	int half = vt_the_screen ? max(vt_the_screen->rows / 2, 1U) : 0;

	vt_scroll_lines(back ? -half : half);
}

/* --- Set-up --------------------------------------------------------------------------------------- */

int vt_draw_init(void)
{
	shown = kvmalloc(sizeof(*shown) * vt_the_screen->cols * vt_the_screen->rows);
	if (!shown)
		return -ENOMEM;
	shown_lost = 1;
	lit = true;
	irq_work_init(&log_work, log_queued);
	vt_blank_init();
	return kthread_start("vtdraw", draw_main, NULL) ? 0 : -ENOMEM;
}
