/* SPDX-License-Identifier: MIT */
/*
 * Virtual terminals.
 *
 * What a program writes changes cells at once (lib/terminal.c) and draws nothing.  A change
 * starts a timer of FRAME_NS unless one is running; when that is over a worker draws the
 * lines that were damaged, and of those only the cells that differ from `shown`, which is what
 * stands on the screen.  So the cost of drawing does not depend on how much is written,
 * and the frame buffer is never read.  The cursor is an attribute of its cell in `shown`.
 *
 * A terminal is made when it is first opened or shown, and stays; its cells can be given up again
 * (VT_DISALLOCATE).
 *
 * Locking: vt->lock (interrupts off) protects terminal and flags, and makes those who put
 * bytes into the tty's input ring one.  vt_mutex: allocation and switching.  render_mutex:
 * `shown` and the screen.  vt_mutex > render_mutex > vt->lock.  tty->lock > vt->lock.
 * A panic writes without waiting long for locks, and draws at once.
 */
#include <tty/vt.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <time/timer.h>
#include <tty/vt_internal.h>

#define FRAME_NS (16 * NSEC_PER_MSEC)
enum { WRITE_CHUNK = 512, WRITE_ROOM = 65536, LOG_SPINS = 100000 };

static struct vt *vts[VT_COUNT];     /* atomic; set under vt_mutex, never cleared */
static struct vt_screen *screen;     /* imm after set-up */
const struct vt_screen *vt_the_screen;
const struct vt_keyboard *vt_keyboard;
static u32 visible;                  /* atomic; written under vt_mutex: index in vts */
struct mutex vt_mutex = MUTEX_INIT(vt_mutex);
static struct mutex render_mutex = MUTEX_INIT(render_mutex);

static struct terminal_cell *shown;  /* render_mutex; cols * rows */
static u64 cursor_rows[TERMINAL_MAX_ROWS / 64]; /* render_mutex: `shown` has a cursor there */
static struct timer frame_timer;
static struct work render_work, hold_work;
static u32 frame_pending;            /* atomic: timer or work will come */
u32 vt_log_number;
static u32 shown_lost;               /* atomic: a program in graphics mode may have drawn */

static struct vt *vt_visible(void)
{
	return atomic_load(&vts[atomic_load(&visible)]);
}

unsigned vt_visible_index(void)
{
	return atomic_load(&visible);
}

struct vt *vt_at(unsigned index)
{
	return atomic_load(&vts[index]);
}

/* --- Drawing ------------------------------------------------------------------------------------ */

static void frame_due(struct timer *unused_t)
{
	work_queue(&render_work);
}

/* Something has changed in `v`. Any context. */
static void changed(struct vt *v)
{
	atomic_inc(&v->changes);
	if (wait_queue_active(&v->changed))
		wait_wake_all(&v->changed);
	if (v == vt_visible() && !READ_ONCE(frame_pending) && !atomic_exchange(&frame_pending, 1))
		timer_start(&frame_timer, clock_monotonic_ns() + FRAME_NS);
}

/* Draws the parts of line y where it is not as shown. render_mutex held. */
static void draw_line(unsigned y, const struct terminal_cell *line)
{
	struct terminal_cell *old = shown + (size_t)y * screen->cols;

	for (unsigned x = 0; x < screen->cols;) {
		unsigned from = x;
		while (x < screen->cols && memcmp(&line[x], &old[x], sizeof(*line)))
			x++;
		if (x > from)
			screen->draw(screen, from, y, line + from, x - from);
		else
			x++;
	}
	memcpy(old, line, screen->cols * sizeof(*line));
}

static bool cursor_shown(unsigned y)
{
	return cursor_rows[y / 64] >> y % 64 & 1;
}

static void show_selection(const struct vt *v, unsigned y, struct terminal_cell *line)
{
	unsigned cols = v->term.cols, at = y * cols;

	for (unsigned x = 0; v->selected && x < cols; x++)
		if (at + x >= v->selected_from && at + x <= v->selected_to)
			line[x].attrs ^= TERMINAL_REVERSE;
	if (v->pointer_shown && v->pointer / cols == y)
		line[v->pointer % cols].attrs ^= TERMINAL_REVERSE;
}

/* The line as it is to be seen, with the cursor. v->lock held. */
static void compose_line(struct vt *v, unsigned y, struct terminal_cell *line)
{
	struct terminal *t = &v->term;

	memcpy(line, terminal_line(t, y), t->cols * sizeof(*line));
	terminal_undamage(t, y);
	for (unsigned x = 0; t->screen_reversed && x < t->cols; x++)
		line[x].attrs ^= TERMINAL_REVERSE;
	show_selection(v, y, line);
	cursor_rows[y / 64] &= ~(1ULL << y % 64);
	if (y == t->pen.y && t->cursor_visible) {
		line[t->pen.x].attrs |= TERMINAL_CURSOR;
		cursor_rows[y / 64] |= 1ULL << y % 64;
	}
}

/* Looked at without the lock: what is missed here has asked for another frame. */
static bool line_stale(const struct vt *v, unsigned y)
{
	return terminal_damaged(&v->term, y) || cursor_shown(y) || y == READ_ONCE(v->term.pen.y);
}

/* As no line is: all will be drawn. */
static void forget_lost(void)
{
	if (atomic_exchange(&shown_lost, 0))
		memset(shown, 0, sizeof(*shown) * screen->cols * screen->rows);
}

/* render_mutex held. */
static void render(struct vt *v)
{
	static struct terminal_cell line[TERMINAL_MAX_COLS];

	if (!v->ready || v->graphics)
		return;
	forget_lost();
	for (unsigned y = 0; y < screen->rows; y++) {
		if (!line_stale(v, y))
			continue;
		u64 flags = spin_lock_irqsave(&v->lock);
		bool ready = v->ready;
		if (ready)
			compose_line(v, y, line);
		spin_unlock_irqrestore(&v->lock, flags);
		if (!ready) /* given up meanwhile */
			return;
		draw_line(y, line);
		cond_resched();
	}
}

static void render_frame(struct work *unused_w)
{
	MUTEX_GUARD(&render_mutex);

	atomic_exchange(&frame_pending, 0); /* before looking: later changes want another */
	render(vt_visible());
}

/* In a panic: nothing else runs, no lock is waited for. */
static void render_panic(struct vt *v)
{
	static struct terminal_cell line[TERMINAL_MAX_COLS];

	forget_lost();
	for (unsigned y = 0; y < screen->rows; y++) {
		if (!line_stale(v, y))
			continue;
		compose_line(v, y, line);
		draw_line(y, line);
	}
}

/* --- Input -------------------------------------------------------------------------------------- */

/* How many were taken. v->lock held. */
static size_t input_locked(struct vt *v, const char *s, size_t n)
{
	size_t done = 0;

	while (v->open && done < n && tty_input(v->tty, (u8)s[done]))
		done++;
	v->answered |= done > 0;
	return done;
}

static void input_done(struct vt *v)
{
	if (!READ_ONCE(v->answered))
		return;
	WRITE_ONCE(v->answered, false);
	tty_input_ready(v->tty);
}

/* What the keyboard is to know of what was written. Without locks. */
static void tell_keyboard(struct vt *v)
{
	if (!READ_ONCE(v->was_reset) && !READ_ONCE(v->rang))
		return;
	u64 flags = spin_lock_irqsave(&v->lock);
	bool reset = v->was_reset, rang = v->rang;
	v->was_reset = v->rang = false;
	spin_unlock_irqrestore(&v->lock, flags);
	if (reset && vt_keyboard)
		vt_keyboard->reset(v->tty->index);
	if (rang && vt_keyboard)
		vt_keyboard->bell();
}

static void on_reset(struct terminal *t)
{
	container_of(t, struct vt, term)->was_reset = true;
}

static void on_bell(struct terminal *t)
{
	container_of(t, struct vt, term)->rang = true;
}

static void on_reply(struct terminal *t, const char *s, size_t n)
{
	input_locked(container_of(t, struct vt, term), s, n);
}

size_t vt_input_to(struct vt *v, const char *bytes, size_t n)
{
	u64 flags = spin_lock_irqsave(&v->lock);
	n = input_locked(v, bytes, n);
	spin_unlock_irqrestore(&v->lock, flags);
	input_done(v);
	return n;
}

void vt_input(const char *bytes, size_t n)
{
	if (screen)
		vt_input_to(vt_visible(), bytes, n);
}

void vt_break(void)
{
	if (!screen)
		return;
	struct vt *v = vt_visible();
	u64 flags = spin_lock_irqsave(&v->lock);
	if (v->open && tty_input(v->tty, TTY_BREAK))
		v->answered = true;
	spin_unlock_irqrestore(&v->lock, flags);
	input_done(v);
}

static void hold(struct work *unused_w)
{
	struct tty *t = vt_visible()->tty;
	SPIN_GUARD(&t->lock);

	if (t->stopped)
		tty_start_locked(t);
	else
		tty_stop_locked(t);
}

void vt_hold(void)
{
	if (screen && READ_ONCE(vt_visible()->open))
		work_queue(&hold_work);
}

const struct terminal *vt_visible_terminal(void)
{
	return screen ? &vt_visible()->term : NULL;
}

/* --- Allocating and switching --------------------------------------------------------------------- */

static struct vt *make_terminal(unsigned index);

int vt_allocate(unsigned index)
{
	struct vt *v = vt_at(index) ?: make_terminal(index);

	if (!v)
		return -ENOMEM;
	if (v->cells)
		return 0;
	void *cells = kvmalloc(terminal_buffer_size(screen->cols, screen->rows));
	if (!cells)
		return -ENOMEM;
	v->term.on_reset = NULL;
	terminal_init(&v->term, screen->cols, screen->rows, cells);
	v->term.reply = on_reply;
	v->term.bell = on_bell;
	v->term.on_reset = on_reset;
	v->cells = cells;
	__atomic_store_n(&v->ready, true, __ATOMIC_RELEASE);
	vcs_add(index + 1);
	return 0;
}

int vt_free_cells(unsigned index)
{
	struct vt *v = vt_at(index);

	if (!v || !v->cells)
		return 0;
	void *cells = v->cells;
	{
		MUTEX_GUARD(&render_mutex);
		IRQSPIN_GUARD(&v->lock);
		if (v->open || v == vt_visible())
			return -EBUSY;
		v->ready = v->graphics = false;
		v->cells = v->term.cells = NULL;
	}
	kvfree(cells);
	vcs_remove(index + 1);
	wait_wake_all(&v->changed);
	return 0;
}

void vt_put_on_screen(unsigned index)
{
	struct vt *v = vt_at(index);
	u64 flags = spin_lock_irqsave(&v->lock);

	terminal_damage_all(&v->term);
	spin_unlock_irqrestore(&v->lock, flags);
	struct vt *old = vt_visible();
	if (old && old->graphics)
		atomic_store(&shown_lost, 1);
	atomic_store(&visible, index);
	changed(v);
	if (vt_keyboard)
		vt_keyboard->show(index + 1);
}

void vt_changed(struct vt *v)
{
	changed(v);
}

struct tty *vt_foreground(void)
{
	if (!screen)
		return NULL;
	struct tty *t = vt_visible()->tty;
	tty_get(t);
	return t;
}

struct tty *vt_find(dev_t dev)
{
	unsigned index = DEVNO_MINOR(dev) - 1;

	if (!screen || DEVNO_MAJOR(dev) != TTY_MAJOR || index >= VT_COUNT)
		return NULL;
	MUTEX_GUARD(&vt_mutex);
	struct vt *v = vt_at(index) ?: make_terminal(index);
	if (!v)
		return NULL;
	tty_get(v->tty);
	return v->tty;
}

/* --- What the tty core asks for --------------------------------------------------------------------- */

static int vt_open(struct tty *t)
{
	struct vt *v = t->priv;
	MUTEX_GUARD(&vt_mutex);
	int err = vt_allocate(t->index - 1);

	if (err)
		return err;
	IRQSPIN_GUARD(&v->lock);
	v->open = true;
	return 0;
}

static void vt_close(struct tty *t)
{
	struct vt *v = t->priv;
	IRQSPIN_GUARD(&v->lock);

	v->open = false;
}

static size_t vt_write(struct tty *t, const u8 *p, size_t n)
{
	struct vt *v = t->priv;

	if (t->stopped)
		return 0;
	for (size_t done = 0; done < n; done += min(n - done, (size_t)WRITE_CHUNK)) {
		u64 flags = spin_lock_irqsave(&v->lock);
		if (v->selected || v->pointer_shown) { /* they stood on what was there */
			v->selected = v->pointer_shown = false;
			terminal_damage_all(&v->term);
		}
		if (v->ready) /* else a late echo: nobody has it open */
			terminal_write(&v->term, p + done, min(n - done, (size_t)WRITE_CHUNK));
		spin_unlock_irqrestore(&v->lock, flags);
	}
	changed(v);
	input_done(v);
	tell_keyboard(v);
	return n;
}

static size_t vt_write_room(struct tty *t)
{
	return READ_ONCE(t->stopped) ? 0 : WRITE_ROOM;
}

/* Nothing waits: cells change at once. */
static size_t vt_pending(struct tty *t)
{
	return 0;
}

static void vt_start(struct tty *t)
{
	if (vt_keyboard)
		vt_keyboard->held(t->index, false);
	tty_output_ready(t);
}

static void vt_stop(struct tty *t)
{
	if (vt_keyboard)
		vt_keyboard->held(t->index, true);
}

void vt_set_graphics(struct vt *v, bool on)
{
	u64 flags = spin_lock_irqsave(&v->lock);

	if (v->graphics)
		atomic_store(&shown_lost, 1);
	v->graphics = on;
	terminal_damage_all(&v->term);
	spin_unlock_irqrestore(&v->lock, flags);
	changed(v);
}

static const struct tty_ops vt_ops = {
	.open = vt_open,
	.close = vt_close,
	.write = vt_write,
	.write_room = vt_write_room,
	.pending = vt_pending,
	.start = vt_start,
	.stop = vt_stop,
	.ioctl = vt_ioctl,
};

static const struct tty_driver vt_driver = {
	.name = "tty", .major = TTY_MAJOR, .minor = 0,
	.mode = 0620, .gid = 5 /* tty */,
	.flags = TTY_NO_NODE, /* opening the node makes the terminal */
	.cflag = B38400 | CS8 | CREAD | HUPCL,
	.ops = &vt_ops,
};

/* --- The log ------------------------------------------------------------------------------------------- */

static bool lock_for_log(struct vt *v)
{
	for (unsigned i = 0; !panic_in_progress || i < LOG_SPINS; i++) {
		if (spin_trylock(&v->lock))
			return true;
		cpu_relax();
	}
	return false;
}

static void write_lines(struct terminal *t, const char *text, size_t n)
{
	for (const char *end = text + n; text < end;) {
		const char *nl = memchr(text, '\n', end - text);
		terminal_write(t, text, (nl ? nl : end) - text);
		if (!nl)
			return;
		terminal_write(t, "\r\n", 2);
		text = nl + 1;
	}
}

/* Where it goes: a panic to what is on the screen. */
static struct vt *log_terminal(void)
{
	u32 number = atomic_load(&vt_log_number);

	return number && vt_allocated(number - 1) && !panic_in_progress ? vt_at(number - 1) : vt_visible();
}

static void log_write(struct log_console *unused_c, const char *text, size_t n)
{
	struct vt *v = log_terminal();
	IRQ_GUARD();
	bool locked = lock_for_log(v);

	if (v->ready)
		write_lines(&v->term, text, n);
	if (locked)
		spin_unlock(&v->lock);
	if (panic_in_progress)
		render_panic(v);
	else
		changed(v);
}

static struct log_console log_screen = { .name = "tty0", .write = log_write };

/* --- Set-up ---------------------------------------------------------------------------------------------- */

/* Without cells. vt_mutex held. */
static struct vt *make_terminal(unsigned i)
{
	struct vt *v = kzalloc(sizeof(*v));

	if (!v)
		return NULL;
	spin_init(&v->lock);
	wait_queue_init(&v->changed);
	v->asked = -1;
	v->tty = tty_create(&vt_driver, i + 1, v);
	if (!v->tty) {
		kfree(v);
		return NULL;
	}
	v->tty->winsize = (struct winsize){
		.ws_col = screen->cols, .ws_row = screen->rows,
		.ws_xpixel = screen->width, .ws_ypixel = screen->height,
	};
	atomic_store(&vts[i], v);
	return v;
}

static void make_nodes(void)
{
	static char names[VT_COUNT + 1][8];
	int err = 0;

	for (unsigned i = 0; i <= VT_COUNT && !err; i++) {
		snprintf(names[i], sizeof(names[i]), "tty%u", i);
		err = chardev_register(DEVNO(TTY_MAJOR, i), names[i], vt_driver.mode, vt_driver.gid, &tty_file_ops, NULL);
	}
	if (err)
		log_err("vt: no nodes in /dev (error %d)", -err);
}

static bool make_terminals(void)
{
	shown = kvmalloc(sizeof(*shown) * screen->cols * screen->rows);
	if (!shown)
		return false;
	shown_lost = 1;
	MUTEX_GUARD(&vt_mutex);
	if (vt_allocate(0))
		return false;
	vt_put_on_screen(0);
	return true;
}

void vt_init(struct vt_screen *s)
{
	char options[16];

	screen = s;
	timer_init(&frame_timer, frame_due);
	work_init(&render_work, render_frame);
	work_init(&hold_work, hold);
	vt_switch_init();
	if (!make_terminals()) {
		log_err("vt: out of memory");
		screen = NULL;
		return;
	}
	vt_the_screen = s;
	make_nodes();
	mutex_lock(&vt_mutex);
	vcs_add(0);
	mutex_unlock(&vt_mutex);
	/* Without any console= the screen is meant, as in Linux. */
	if (tty_console_options("tty0", options, sizeof(options)) ||
	    !tty_console_options(NULL, options, sizeof(options)))
		log_console_add(&log_screen, true);
}
