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
 * The cells of a terminal are allocated when it is first opened or shown.
 *
 * Locking: vt->lock (interrupts off) protects terminal and flags, and makes those who put
 * bytes into the tty's input ring one.  vt_mutex: allocation and switching.  render_mutex:
 * `shown` and the screen.  vt_mutex > render_mutex > vt->lock.  tty->lock > vt->lock.
 * When the machine stops the log writes without waiting long for locks, and draws at once.
 */
#include <tty/vt.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <linux/capability.h>
#include <linux/kd.h>
#include <linux/major.h>
#include <linux/vt.h>
#include <mm/kmap.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <time/timer.h>
#include <tty/tty.h>

#define FRAME_NS (16 * NSEC_PER_MSEC)
enum { WRITE_CHUNK = 512, WRITE_ROOM = 65536, LOG_SPINS = 100000 };

struct vt {
	spinlock_t lock;      /* interrupts off; all but what is marked */
	struct terminal term;
	struct tty *tty;      /* imm after set-up */
	void *cells;          /* vt_mutex; NULL: not in use yet */
	bool ready;           /* cells are there */
	bool open;
	bool graphics;        /* KD_GRAPHICS: nothing is drawn */
	bool answered;        /* bytes were put into the input ring */
};

static struct vt vts[VT_COUNT];
static struct vt_screen *screen;     /* imm after set-up */
static u32 visible;                  /* atomic; written under vt_mutex: index in vts */
static u32 wanted;                   /* atomic: index that vt_switch asked for */
static struct mutex vt_mutex = MUTEX_INIT(vt_mutex);
static struct mutex render_mutex = MUTEX_INIT(render_mutex);
static struct wait_queue switched = WAIT_QUEUE_INIT(switched);

static struct terminal_cell *shown;  /* render_mutex; cols * rows */
static u64 cursor_rows[TERMINAL_MAX_ROWS / 64]; /* render_mutex: `shown` has a cursor there */
static struct timer frame_timer;
static struct work render_work, switch_work;
static u32 frame_pending;            /* atomic: timer or work will come */
static u32 shown_lost;               /* atomic: a program in graphics mode may have drawn */

static struct vt *vt_visible(void)
{
	return &vts[atomic_load(&visible)];
}

/* --- Drawing ------------------------------------------------------------------------------------ */

static void frame_due(struct timer *unused_t)
{
	work_queue(&render_work);
}

/* Something has changed in `v`. Any context. */
static void changed(struct vt *v)
{
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

/* The line as it is to be seen, with the cursor. v->lock held. */
static void compose_line(struct vt *v, unsigned y, struct terminal_cell *line)
{
	struct terminal *t = &v->term;

	memcpy(line, terminal_line(t, y), t->cols * sizeof(*line));
	terminal_undamage(t, y);
	for (unsigned x = 0; t->screen_reversed && x < t->cols; x++)
		line[x].attrs ^= TERMINAL_REVERSE;
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
		compose_line(v, y, line);
		spin_unlock_irqrestore(&v->lock, flags);
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

/* When the machine stops: nothing else runs, no lock is waited for. */
static void render_now(struct vt *v)
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

/* v->lock held. */
static void input_locked(struct vt *v, const char *s, size_t n)
{
	if (!v->open)
		return;
	while (n-- && tty_input(v->tty, (u8)*s++))
		v->answered = true;
}

static void input_done(struct vt *v)
{
	if (!READ_ONCE(v->answered))
		return;
	WRITE_ONCE(v->answered, false);
	tty_input_ready(v->tty);
}

static void on_reply(struct terminal *t, const char *s, size_t n)
{
	input_locked(container_of(t, struct vt, term), s, n);
}

void vt_input(const char *bytes, size_t n)
{
	if (!screen)
		return;
	struct vt *v = vt_visible();
	u64 flags = spin_lock_irqsave(&v->lock);
	input_locked(v, bytes, n);
	spin_unlock_irqrestore(&v->lock, flags);
	input_done(v);
}

bool vt_app_cursor_keys(void)
{
	return screen && READ_ONCE(vt_visible()->term.app_cursor_keys);
}

bool vt_app_keypad(void)
{
	return screen && READ_ONCE(vt_visible()->term.app_keypad);
}

/* --- Allocating and switching --------------------------------------------------------------------- */

/* vt_mutex held. */
static int allocate(struct vt *v)
{
	if (v->cells)
		return 0;
	v->cells = kvmalloc(terminal_buffer_size(screen->cols, screen->rows));
	if (!v->cells)
		return -ENOMEM;
	terminal_init(&v->term, screen->cols, screen->rows, v->cells);
	v->term.reply = on_reply;
	__atomic_store_n(&v->ready, true, __ATOMIC_RELEASE);
	return 0;
}

static int switch_to(unsigned index)
{
	MUTEX_GUARD(&vt_mutex);
	struct vt *v = &vts[index];
	int err = allocate(v);

	if (err)
		return err;
	u64 flags = spin_lock_irqsave(&v->lock);
	terminal_damage_all(&v->term);
	spin_unlock_irqrestore(&v->lock, flags);
	if (vt_visible()->graphics)
		atomic_store(&shown_lost, 1);
	atomic_store(&visible, index);
	changed(v);
	wait_wake_all(&switched);
	return 0;
}

static void switch_wanted(struct work *unused_w)
{
	unsigned index = atomic_load(&wanted);

	if (switch_to(index))
		log_warn("vt: no memory for tty%u", index + 1);
}

void vt_switch(unsigned number)
{
	if (!screen || number < 1 || number > VT_COUNT)
		return;
	atomic_store(&wanted, number - 1);
	work_queue(&switch_work);
}

void vt_switch_by(int step)
{
	if (screen)
		vt_switch((unsigned)((int)(vt_visible() - vts) + VT_COUNT + step) % VT_COUNT + 1);
}

struct tty *vt_foreground(void)
{
	if (!screen)
		return NULL;
	struct tty *t = vt_visible()->tty;
	tty_get(t);
	return t;
}

/* --- What the tty core asks for --------------------------------------------------------------------- */

static int vt_open(struct tty *t)
{
	struct vt *v = t->priv;
	MUTEX_GUARD(&vt_mutex);
	int err = allocate(v);

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

	if (t->stopped || !v->ready)
		return 0;
	for (size_t done = 0; done < n; done += min(n - done, (size_t)WRITE_CHUNK)) {
		u64 flags = spin_lock_irqsave(&v->lock);
		terminal_write(&v->term, p + done, min(n - done, (size_t)WRITE_CHUNK));
		spin_unlock_irqrestore(&v->lock, flags);
	}
	changed(v);
	input_done(v);
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
	tty_output_ready(t);
}

/* --- ioctls ------------------------------------------------------------------------------------------ */

/* Linux's rule: one's own terminal, or the privilege. */
static bool permitted(struct tty *t)
{
	struct tty *own = tty_current();
	bool same = own == t;

	tty_put(own);
	return same || capable(CAP_SYS_TTY_CONFIG);
}

static s64 set_mode(struct vt *v, u64 mode)
{
	if (!permitted(v->tty))
		return -EPERM;
	if (mode > KD_TEXT1)
		return -EINVAL;
	u64 flags = spin_lock_irqsave(&v->lock);
	if (v->graphics)
		atomic_store(&shown_lost, 1);
	v->graphics = mode == KD_GRAPHICS;
	terminal_damage_all(&v->term);
	spin_unlock_irqrestore(&v->lock, flags);
	changed(v);
	return 0;
}

static s64 get_state(uptr_t arg)
{
	struct vt_stat s = { .v_active = atomic_load(&visible) + 1, .v_state = 1 };

	for (unsigned i = 0; i < VT_COUNT; i++)
		if (READ_ONCE(vts[i].open))
			s.v_state |= 2U << i;
	return copy_to_user(arg, &s, sizeof(s));
}

/* The first terminal that nobody has open, or -1. */
static s64 open_query(uptr_t arg)
{
	for (unsigned i = 0; i < VT_COUNT; i++)
		if (!READ_ONCE(vts[i].open))
			return put_user_u32(arg, i + 1);
	return put_user_u32(arg, -1);
}

static s64 activate(struct tty *t, u64 number)
{
	if (!permitted(t))
		return -EPERM;
	if (number < 1 || number > VT_COUNT)
		return -ENXIO;
	return switch_to(number - 1);
}

static s64 wait_active(struct tty *t, u64 number)
{
	if (!permitted(t))
		return -EPERM;
	if (number < 1 || number > VT_COUNT)
		return -ENXIO;
	return wait_event(&switched, WAIT_INTERRUPTIBLE, atomic_load(&visible) == number - 1);
}

static s64 vt_ioctl(struct tty *t, struct file *unused_f, unsigned cmd, uptr_t arg)
{
	struct vt *v = t->priv;

	switch (cmd) {
	case KDGKBTYPE:
		return put_user_u8(arg, KB_101);
	case KDSETMODE:
		return set_mode(v, arg.raw);
	case KDGETMODE:
		return put_user_u32(arg, v->graphics ? KD_GRAPHICS : KD_TEXT);
	case VT_GETSTATE:
		return get_state(arg);
	case VT_OPENQRY:
		return open_query(arg);
	case VT_ACTIVATE:
		return activate(t, arg.raw);
	case VT_WAITACTIVE:
		return wait_active(t, arg.raw);
	default:
		return -ENOTTY;
	}
}

static const struct tty_ops vt_ops = {
	.open = vt_open,
	.close = vt_close,
	.write = vt_write,
	.write_room = vt_write_room,
	.pending = vt_pending,
	.start = vt_start,
	.ioctl = vt_ioctl,
};

static const struct tty_driver vt_driver = {
	.name = "tty", .major = TTY_MAJOR, .minor = 0,
	.mode = 0620, .gid = 5 /* tty */,
	.cflag = B38400 | CS8 | CREAD | HUPCL,
	.ops = &vt_ops,
};

/* --- The log ------------------------------------------------------------------------------------------- */

static bool lock_for_log(struct vt *v)
{
	for (unsigned i = 0; !machine_stopping || i < LOG_SPINS; i++) {
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

static void log_write(struct log_console *unused_c, const char *text, size_t n)
{
	struct vt *v = vt_visible();
	IRQ_GUARD();
	bool locked = lock_for_log(v);

	write_lines(&v->term, text, n);
	if (locked)
		spin_unlock(&v->lock);
	if (machine_stopping)
		render_now(v);
	else
		changed(v);
}

static struct log_console log_screen = { .name = "tty0", .write = log_write };

/* --- Set-up ---------------------------------------------------------------------------------------------- */

static bool make_terminal(unsigned i)
{
	struct vt *v = &vts[i];

	v->tty = tty_create(&vt_driver, i + 1, v);
	if (!v->tty)
		return false;
	v->tty->winsize = (struct winsize){
		.ws_col = screen->cols, .ws_row = screen->rows,
		.ws_xpixel = screen->width, .ws_ypixel = screen->height,
	};
	return true;
}

static bool make_terminals(void)
{
	shown = kvmalloc(sizeof(*shown) * screen->cols * screen->rows);
	if (!shown)
		return false;
	shown_lost = 1;
	for (unsigned i = 0; i < VT_COUNT; i++)
		if (!make_terminal(i))
			return false;
	return switch_to(0) == 0;
}

void vt_init(struct vt_screen *s)
{
	char options[16];

	screen = s;
	timer_init(&frame_timer, frame_due);
	work_init(&render_work, render_frame);
	work_init(&switch_work, switch_wanted);
	if (!make_terminals()) {
		log_err("vt: out of memory");
		screen = NULL;
		return;
	}
	int err = chardev_register(DEVNO(TTY_MAJOR, 0), "tty0", vt_driver.mode, vt_driver.gid,
				   &tty_file_ops, NULL);
	if (err)
		log_err("vt: no /dev/tty0 (error %d)", -err);
	/* Without any console= the screen is meant, as in Linux. */
	if (tty_console_options("tty0", options, sizeof(options)) ||
	    !tty_console_options(NULL, options, sizeof(options)))
		log_console_add(&log_screen, true);
}
