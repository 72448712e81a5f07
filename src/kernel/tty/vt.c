/* SPDX-License-Identifier: MIT */
/*
 * Virtual terminals: the terminals themselves, which of them is visible, their ioctls.
 *
 * What a program writes changes cells at once (lib/terminal.c) and draws nothing: that is
 * vt_draw.c's thread, later.  vt_blank.c makes the screen dark.
 *
 * The cells of a terminal are allocated when it is first opened or shown, with room for HISTORY_LINES
 * that have left it at the top (without, when memory is short).
 *
 * Locking: vt->lock (interrupts off) protects terminal and flags, and makes those who put
 * bytes into the tty's input ring one.  vt_mutex: allocation and switching.
 * vt_mutex > render_mutex (vt_draw.c) > vt->lock.  tty->lock > vt->lock.
 */
#include <tty/vt_internal.h>

#include <debug/log.h>
#include <lib/string.h>
#include <linux/capability.h>
#include <linux/kd.h>
#include <linux/major.h>
#include <linux/vt.h>
#include <mm/kmap.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <sched/task.h>

enum { WRITE_CHUNK = 512, WRITE_ROOM = 65536, HISTORY_LINES = 256 };

struct vt vts[VT_COUNT];
struct vt_screen *vt_screen;
u32 vt_visible_index;
static u32 wanted;                   /* atomic: index that vt_switch asked for */
static u32 previous;                 /* vt_mutex: index that was visible before */
static struct mutex vt_mutex = MUTEX_INIT(vt_mutex);
static struct wait_queue switched = WAIT_QUEUE_INIT(switched);
static struct work switch_work;

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
		vt_switch(READ_ONCE(previous) + 1);
		break;
	case TERMINAL_POWER_DOWN_AFTER: /* dark is all there is */
		break;
	}
}

void vt_input(const char *bytes, size_t n)
{
	if (!vt_screen)
		return;
	struct vt *v = vt_visible();
	u64 flags = spin_lock_irqsave(&v->lock);
	bool back = vt_view_reset(v);
	input_locked(v, bytes, n);
	spin_unlock_irqrestore(&v->lock, flags);
	input_done(v);
	vt_poke();
	if (back)
		vt_changed(v);
}

bool vt_app_cursor_keys(void)
{
	return vt_screen && READ_ONCE(vt_visible()->term.app_cursor_keys);
}

bool vt_app_keypad(void)
{
	return vt_screen && READ_ONCE(vt_visible()->term.app_keypad);
}

/* --- Allocating and switching --------------------------------------------------------------------- */

/* vt_mutex held. */
static int allocate(struct vt *v)
{
	if (v->cells)
		return 0;
	unsigned history = HISTORY_LINES;
	v->cells = kvmalloc(terminal_buffer_size(vt_screen->cols, vt_screen->rows, history));
	if (!v->cells) {
		history = 0;
		v->cells = kvmalloc(terminal_buffer_size(vt_screen->cols, vt_screen->rows, 0));
	}
	if (!v->cells)
		return -ENOMEM;
	terminal_init(&v->term, vt_screen->cols, vt_screen->rows, history, v->cells);
	v->term.reply = on_reply;
	v->term.request = on_request;
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
	(void)vt_view_reset(v);
	spin_unlock_irqrestore(&v->lock, flags);
	if (vt_visible()->graphics)
		vt_screen_lost();
	if (v != vt_visible())
		WRITE_ONCE(previous, atomic_load(&vt_visible_index));
	atomic_store(&vt_visible_index, index);
	vt_changed(v);
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
	if (!vt_screen || number < 1 || number > VT_COUNT)
		return;
	atomic_store(&wanted, number - 1);
	work_queue(&switch_work);
}

void vt_switch_by(int step)
{
	if (vt_screen)
		vt_switch((unsigned)((int)(vt_visible() - vts) + VT_COUNT + step) % VT_COUNT + 1);
}

struct tty *vt_foreground(void)
{
	if (!vt_screen)
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
	vt_changed(v);
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
	vt_set_graphics(v, mode == KD_GRAPHICS);
	if (mode != KD_GRAPHICS && v == vt_visible())
		vt_unblank();
	return 0;
}

static s64 linux_control(struct tty *t, uptr_t arg)
{
	struct tty *own = tty_current();
	bool same = own == t;
	u8 subcode;

	tty_put(own);
	if (!same && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	return get_user_u8(&subcode, arg) ? -EFAULT : vt_screen_control(subcode, arg);
}

static s64 get_state(uptr_t arg)
{
	struct vt_stat s = { .v_active = atomic_load(&vt_visible_index) + 1, .v_state = 1 };

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
	return wait_event(&switched, WAIT_INTERRUPTIBLE, atomic_load(&vt_visible_index) == number - 1);
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
	case TIOCLINUX:
		return linux_control(t, arg);
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

/* --- Set-up ---------------------------------------------------------------------------------------------- */

static bool make_terminal(unsigned i)
{
	struct vt *v = &vts[i];

	v->tty = tty_create(&vt_driver, i + 1, v);
	if (!v->tty)
		return false;
	v->tty->winsize = (struct winsize){
		.ws_col = vt_screen->cols, .ws_row = vt_screen->rows,
		.ws_xpixel = vt_screen->width, .ws_ypixel = vt_screen->height,
	};
	return true;
}

static bool make_terminals(void)
{
	for (unsigned i = 0; i < VT_COUNT; i++)
		if (!make_terminal(i))
			return false;
	return switch_to(0) == 0 && vt_draw_init() == 0;
}

void vt_banner(const char *text)
{
	struct vt *v = &vts[0];

	if (!vt_screen || log_console_level > LOG_INFO)
		return;
	u64 flags = spin_lock_irqsave(&v->lock);
	terminal_message(&v->term, text, strlen(text), true);
	spin_unlock_irqrestore(&v->lock, flags);
	vt_changed(v);
}

void vt_init(struct vt_screen *s)
{
	char options[16];

	vt_screen = s;
	work_init(&switch_work, switch_wanted);
	if (!make_terminals()) {
		log_err("vt: out of memory");
		vt_screen = NULL;
		return;
	}
	int err = chardev_register(DEVNO(TTY_MAJOR, 0), "tty0", vt_driver.mode, vt_driver.gid,
				   &tty_file_ops, NULL);
	if (err)
		log_err("vt: no /dev/tty0 (error %d)", -err);
	/* Without any console= the screen is meant, as in Linux. */
	if (tty_console_options("tty0", options, sizeof(options)) ||
	    !tty_console_options(NULL, options, sizeof(options)))
		vt_draw_log();
}
