/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of virtual terminals (ioctl_console(2)).  Those about the keyboard go to its driver; those about
 * switching end in vt_switch.c.
 */
#include <lib/string.h>
#include <linux/capability.h>
#include <linux/kd.h>
#include <linux/tiocl.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <sync/atomic.h>
#include <tty/vt_internal.h>
#include <tty/vt_select.h>

/* Linux's rule: one's own terminal, or the privilege. */
static bool permitted(struct tty *t)
{
	struct tty *own = tty_current();
	bool same = own == t;

	tty_put(own);
	return same || capable(CAP_SYS_TTY_CONFIG);
}

/* --- Drawing or not --- */

static s64 set_graphics(struct vt *v, u64 mode)
{
	if (mode > KD_TEXT1)
		return -EINVAL;
	MUTEX_GUARD(&vt_mutex);
	if (v->graphics != (mode == KD_GRAPHICS))
		vt_set_graphics(v, mode == KD_GRAPHICS);
	return 0;
}

/* --- Switching --- */

static s64 get_mode(struct vt *v, uptr_t arg)
{
	mutex_lock(&vt_mutex);
	struct vt_mode m = v->mode;
	mutex_unlock(&vt_mutex);
	return copy_to_user(arg, &m, sizeof(m));
}

static s64 set_mode(struct vt *v, uptr_t arg)
{
	struct vt_mode m;

	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	if (m.mode != VT_AUTO && m.mode != VT_PROCESS)
		return -EINVAL;
	MUTEX_GUARD(&vt_mutex);
	vt_set_owner(v, &m);
	return 0;
}

/* Of v_signal nothing is written, as in Linux. */
static s64 get_state(uptr_t arg)
{
	u16 state = 1, active = vt_visible_index() + 1;

	for (unsigned i = 0; i < 15; i++)
		if (vt_in_use(i))
			state |= 2U << i;
	int err = copy_to_user(uptr_add(arg, offsetof(struct vt_stat, v_state)), &state, sizeof(state));
	return err ? err : copy_to_user(uptr_add(arg, offsetof(struct vt_stat, v_active)), &active, sizeof(active));
}

/* The first terminal that nobody has open, or -1. */
static s64 open_query(uptr_t arg)
{
	for (unsigned i = 0; i < VT_COUNT; i++)
		if (!vt_in_use(i))
			return put_user_u32(arg, i + 1);
	return put_user_u32(arg, -1);
}

static s64 activate(u64 number)
{
	if (number < 1 || number > VT_COUNT)
		return -ENXIO;
	MUTEX_GUARD(&vt_mutex);
	int err = vt_allocate(number - 1);
	if (!err)
		vt_change_to(number - 1);
	return err;
}

/* One call, so that the new owner is there before the terminal is shown. */
static s64 set_and_activate(uptr_t arg)
{
	struct vt_setactivate s;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	if (s.console < 1 || s.console > VT_COUNT)
		return -ENXIO;
	MUTEX_GUARD(&vt_mutex);
	int err = vt_allocate(s.console - 1);
	if (err)
		return err;
	vt_set_owner(vt_at(s.console - 1), &s.mode);
	vt_change_to(s.console - 1);
	return 0;
}

static s64 wait_active(u64 number)
{
	if (number < 1 || number > VT_COUNT)
		return -ENXIO;
	return vt_wait_visible(number - 1);
}

static s64 wait_event_ioctl(uptr_t arg)
{
	struct vt_event e;

	if (copy_from_user(&e, arg, sizeof(e)))
		return -EFAULT;
	if (e.event & ~VT_MAX_EVENT)
		return -EINVAL;
	int err = vt_event_wait(&e);
	return err ? err : copy_to_user(arg, &e, sizeof(e));
}

/* --- Giving up --- */

/* vt_mutex held. */
static int give_up(unsigned index)
{
	struct vt *v = vt_at(index);

	if (vt_in_use(index) || index == vt_visible_index())
		return -EBUSY;
	if (!v || !index) /* the first one stays */
		return 0;
	int err = vt_free_cells(index);
	if (err)
		return err;
	vt_forget_owner(v);
	vt_selection_forget(v);
	if (vt_keyboard)
		vt_keyboard->forget(index + 1);
	return 0;
}

static s64 disallocate(u64 number)
{
	if (number > VT_COUNT)
		return -ENXIO;
	MUTEX_GUARD(&vt_mutex);
	if (number)
		return give_up(number - 1);
	for (unsigned i = 1; i < VT_COUNT; i++)
		give_up(i);
	return 0;
}

/* --- Sizes: the screen's is the only one --- */

static s64 resize(struct tty *t, unsigned rows, unsigned cols)
{
	return (!rows || rows == vt_the_screen->rows) && (!cols || cols == vt_the_screen->cols) ? 0 : -EINVAL;
}

static s64 resize_ioctl(struct tty *t, uptr_t arg)
{
	struct vt_sizes s;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	return resize(t, s.v_rows, s.v_cols);
}

static s64 resizex_ioctl(struct tty *t, uptr_t arg)
{
	struct vt_consize s;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	if (!s.v_vlin)
		s.v_vlin = vt_the_screen->height;
	if (s.v_clin) {
		unsigned rows = s.v_vlin / s.v_clin;
		if (s.v_rows && s.v_rows != rows)
			return -EINVAL;
		s.v_rows = rows;
	}
	if (s.v_vcol && s.v_ccol) {
		unsigned cols = s.v_vcol / s.v_ccol;
		if (s.v_cols && s.v_cols != cols)
			return -EINVAL;
		s.v_cols = cols;
	}
	return s.v_clin > 64 ? -EINVAL : resize(t, s.v_rows, s.v_cols);
}

/* --- TIOCLINUX --- */

/* 0: to the visible one; as in Linux, one that has no cells counts as that until it has. */
static s64 redirect_log(uptr_t arg)
{
	u8 number;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user_u8(&number, arg))
		return -EFAULT;
	atomic_store(&vt_log_number, number <= VT_COUNT ? number : 0);
	return 0;
}

static s64 tioclinux(struct tty *t, uptr_t arg)
{
	struct tty *own = tty_current();
	bool same = own == t;
	u8 what;

	tty_put(own);
	if (!same && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user_u8(&what, arg))
		return -EFAULT;
	switch (what) {
	case TIOCL_SETSEL: return vt_selection_set(uptr_add(arg, 1), t);
	case TIOCL_PASTESEL: return vt_selection_paste(t);
	case TIOCL_SELLOADLUT: return vt_selection_words(arg);
	case TIOCL_GETSHIFTSTATE: return put_user_u8(arg, vt_keyboard ? vt_keyboard->shift_state() : 0);
	case TIOCL_GETMOUSEREPORTING: return put_user_u8(arg, 0); /* there is none: ?9 and ?1000 are not known */
	case TIOCL_GETKMSGREDIRECT: return put_user_u8(arg, atomic_load(&vt_log_number));
	case TIOCL_SETKMSGREDIRECT: return redirect_log(uptr_add(arg, 1));
	case TIOCL_GETFGCONSOLE: return vt_visible_index();
	default: return vt_screen_tioclinux ? vt_screen_tioclinux(what, arg) : -EINVAL;
	}
}

/* Whoever draws: 4 and 14 (blanking), 10, 13, 15. */
s64 (*vt_screen_tioclinux)(u8 what, uptr_t arg);

/* --- Colours --- */

static s64 get_palette(uptr_t arg)
{
	u32 colours[16];
	u8 bytes[16][3];

	mutex_lock(&vt_mutex);
	vt_get_palette(colours);
	mutex_unlock(&vt_mutex);
	for (unsigned i = 0; i < 16; i++)
		for (unsigned j = 0; j < 3; j++)
			bytes[i][j] = colours[i] >> (16 - 8 * j);
	return copy_to_user(arg, bytes, sizeof(bytes));
}

static s64 set_palette(uptr_t arg)
{
	u32 colours[16];
	u8 bytes[16][3];

	if (copy_from_user(bytes, arg, sizeof(bytes)))
		return -EFAULT;
	for (unsigned i = 0; i < 16; i++)
		colours[i] = bytes[i][0] << 16 | bytes[i][1] << 8 | bytes[i][2];
	MUTEX_GUARD(&vt_mutex);
	vt_set_palette(colours);
	return 0;
}

/* --- All of them --- */

/* What changes something wants the permission. */
static bool wants_permission(unsigned cmd)
{
	switch (cmd) {
	case KDSETMODE:
	case VT_SETMODE:
	case VT_ACTIVATE:
	case VT_WAITACTIVE:
	case VT_SETACTIVATE:
	case VT_RELDISP:
	case VT_RESIZE:
	case VT_RESIZEX:
	case PIO_CMAP: return true;
	default: return false;
	}
}

static s64 release(struct vt *v, u64 answer)
{
	MUTEX_GUARD(&vt_mutex);
	return vt_release(v, answer);
}

static s64 lock_switch(bool on)
{
	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	vt_lock_switch(on);
	return 0;
}

/* Ports of the VGA: only those that KDADDIO takes, and there is no ioperm(2). */
static s64 port_access(unsigned cmd, u64 port)
{
	enum { FIRST = 0x3b4, LAST = 0x3df };

	if ((cmd == KDADDIO || cmd == KDDELIO) && (port < FIRST || port > LAST))
		return -EINVAL;
	return -ENXIO;
}

static s64 keyboard(struct tty *t, unsigned cmd, uptr_t arg)
{
	return vt_keyboard ? vt_keyboard->ioctl(t->index, cmd, arg, permitted(t)) : -ENOTTY;
}

s64 vt_ioctl(struct tty *t, struct file *unused_f, unsigned cmd, uptr_t arg)
{
	struct vt *v = t->priv;

	if (wants_permission(cmd) && !permitted(t))
		return -EPERM;
	switch (cmd) {
	case KDSETMODE: return set_graphics(v, arg.raw);
	case KDGETMODE: return put_user_u32(arg, READ_ONCE(v->graphics) ? KD_GRAPHICS : KD_TEXT);
	case KDMAPDISP:
	case KDUNMAPDISP: return -EINVAL;
	case KDADDIO:
	case KDDELIO:
	case KDENABIO:
	case KDDISABIO: return port_access(cmd, arg.raw);
	case VT_GETMODE: return get_mode(v, arg);
	case VT_SETMODE: return set_mode(v, arg);
	case VT_GETSTATE: return get_state(arg);
	case VT_OPENQRY: return open_query(arg);
	case VT_ACTIVATE: return activate(arg.raw);
	case VT_SETACTIVATE: return set_and_activate(arg);
	case VT_WAITACTIVE: return wait_active(arg.raw);
	case VT_RELDISP: return release(v, arg.raw);
	case VT_DISALLOCATE: return disallocate(arg.raw);
	case VT_RESIZE: return resize_ioctl(t, arg);
	case VT_RESIZEX: return resizex_ioctl(t, arg);
	case VT_LOCKSWITCH:
	case VT_UNLOCKSWITCH: return lock_switch(cmd == VT_LOCKSWITCH);
	case VT_WAITEVENT: return wait_event_ioctl(arg);
	case VT_GETHIFONTMASK: { /* attributes have bits of their own here: no bit chooses a font */
		u16 mask = 0;
		return copy_to_user(arg, &mask, sizeof(mask));
	}
	case TIOCLINUX: return tioclinux(t, arg);
	case GIO_CMAP: return get_palette(arg);
	case PIO_CMAP: return set_palette(arg);
	default: return keyboard(t, cmd, arg);
	}
}
