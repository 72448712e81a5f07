/* SPDX-License-Identifier: MIT */
/*
 * Virtual terminals: the objects, what is written to them and typed on them.
 *
 * What a program writes changes cells at once (lib/terminal.c) and draws nothing: that is
 * vt_draw.c's thread, later.  vt_blank.c makes the screen dark, vt_switch.c decides which is visible.
 *
 * A terminal is made when it is first opened or shown, and stays; its cells can be given up again
 * (VT_DISALLOCATE).  They have room for HISTORY_LINES that have left at the top (none, when memory is
 * short).
 *
 * Locking: vt->lock (interrupts off) protects terminal and flags, and makes those who put
 * bytes into the tty's input ring one.  vt_mutex: allocation and switching.
 * vt_mutex > vt_render_mutex (vt_draw.c) > vt->lock.  tty->lock > vt->lock.
 */
#include <tty/vt.h>

#include <debug/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <tty/vt_internal.h>

enum { WRITE_CHUNK = 512, WRITE_ROOM = 65536, HISTORY_LINES = 256 };

static struct vt *vts[VT_COUNT];     /* atomic; set under vt_mutex, never cleared */
struct vt_screen *vt_the_screen;
const struct vt_keyboard *vt_keyboard;
static u32 visible;                  /* atomic; written under vt_mutex: index in vts */
struct mutex vt_mutex = MUTEX_INIT(vt_mutex);
static struct work hold_work;
u32 vt_log_number;
static u32 palette[16];              /* vt_mutex: PIO_CMAP's, for terminals to come */
static bool palette_set;             /* vt_mutex */

unsigned vt_visible_index(void)
{
	return atomic_load(&visible);
}

struct vt *vt_at(unsigned index)
{
	return atomic_load(&vts[index]);
}

void vt_changed(struct vt *v)
{
	atomic_inc(&v->changes);
	if (wait_queue_active(&v->changed))
		wait_wake_all(&v->changed);
	if (v == vt_visible())
		vt_want_frame();
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

/* What a sequence asks for. v->lock held. */
static void on_request(struct terminal *unused_t, enum terminal_request what, unsigned value)
{
	switch (what) {
	case TERMINAL_BLANK_AFTER:
		vt_blank_after(value * 60);
		break;
	case TERMINAL_UNBLANK:
		vt_unblank();
		break;
	case TERMINAL_BRING_TO_FRONT:
		vt_switch(value);
		break;
	case TERMINAL_PREVIOUS:
		vt_switch_last();
		break;
	case TERMINAL_POWER_DOWN_AFTER: /* dark is all there is */
		break;
	}
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
	if (!vt_the_screen)
		return;
	struct vt *v = vt_visible();
	vt_input_to(v, bytes, n);
	vt_poke();
	if (!READ_ONCE(v->view))
		return;
	u64 flags = spin_lock_irqsave(&v->lock);
	bool back = vt_view_reset(v);
	spin_unlock_irqrestore(&v->lock, flags);
	if (back)
		vt_changed(v);
}

void vt_break(void)
{
	if (!vt_the_screen)
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
	if (vt_the_screen && READ_ONCE(vt_visible()->open))
		work_queue(&hold_work);
}

const struct terminal *vt_visible_terminal(void)
{
	return vt_the_screen ? &vt_visible()->term : NULL;
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
	unsigned history = HISTORY_LINES;
	void *cells = kvmalloc(terminal_buffer_size(vt_the_screen->cols, vt_the_screen->rows, history));
	if (!cells) {
		history = 0;
		cells = kvmalloc(terminal_buffer_size(vt_the_screen->cols, vt_the_screen->rows, 0));
	}
	if (!cells)
		return -ENOMEM;
	v->term.on_reset = NULL;
	v->view = 0;
	terminal_init(&v->term, vt_the_screen->cols, vt_the_screen->rows, history, cells);
	v->term.reply = on_reply;
	v->term.request = on_request;
	v->term.bell = on_bell;
	v->term.on_reset = on_reset;
	if (palette_set)
		memcpy(v->term.palette, palette, sizeof(palette));
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
		MUTEX_GUARD(&vt_render_mutex);
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
	(void)vt_view_reset(v);
	spin_unlock_irqrestore(&v->lock, flags);
	struct vt *old = vt_visible();
	if (old && old->graphics)
		vt_screen_lost();
	atomic_store(&visible, index);
	vt_changed(v);
	if (vt_keyboard)
		vt_keyboard->show(index + 1);
}

void vt_get_palette(u32 colours[16])
{
	memcpy(colours, palette_set ? palette : vt_visible()->term.palette, sizeof(palette));
}

void vt_set_palette(const u32 colours[16])
{
	memcpy(palette, colours, sizeof(palette));
	palette_set = true;
	for (unsigned i = 0; i < VT_COUNT; i++) {
		struct vt *v = vt_at(i);
		if (!v || !v->ready)
			continue;
		u64 flags = spin_lock_irqsave(&v->lock);
		memcpy(v->term.palette, palette, sizeof(palette));
		terminal_damage_all(&v->term);
		spin_unlock_irqrestore(&v->lock, flags);
		vt_changed(v);
	}
}

struct tty *vt_foreground(void)
{
	if (!vt_the_screen)
		return NULL;
	struct tty *t = vt_visible()->tty;
	tty_get(t);
	return t;
}

struct tty *vt_find(dev_t dev)
{
	unsigned index = DEVNO_MINOR(dev) - 1;

	if (!vt_the_screen || DEVNO_MAJOR(dev) != TTY_MAJOR || index >= VT_COUNT)
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
	vt_changed(v);
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
		.ws_col = vt_the_screen->cols, .ws_row = vt_the_screen->rows,
		.ws_xpixel = vt_the_screen->width, .ws_ypixel = vt_the_screen->height,
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
	MUTEX_GUARD(&vt_mutex);
	if (vt_allocate(0))
		return false;
	vt_put_on_screen(0);
	return vt_draw_init() == 0;
}

void vt_banner(const char *text)
{
	struct vt *v = vt_the_screen ? vt_at(0) : NULL;

	if (!v || log_console_level > LOG_INFO)
		return;
	u64 flags = spin_lock_irqsave(&v->lock);
	terminal_message(&v->term, text, strlen(text), true);
	spin_unlock_irqrestore(&v->lock, flags);
	vt_changed(v);
}

void vt_init(struct vt_screen *s)
{
	char options[16];

	vt_the_screen = s;
	work_init(&hold_work, hold);
	vt_switch_init();
	if (!make_terminals()) {
		log_err("vt: out of memory");
		vt_the_screen = NULL;
		return;
	}
	make_nodes();
	mutex_lock(&vt_mutex);
	vcs_add(0);
	mutex_unlock(&vt_mutex);
	/* Without any console= the screen is meant, as in Linux. */
	if (tty_console_options("tty0", options, sizeof(options)) ||
	    !tty_console_options(NULL, options, sizeof(options)))
		vt_draw_log();
}
