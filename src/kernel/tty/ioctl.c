/* SPDX-License-Identifier: MIT */
/* The terminal's ioctls: settings, flow, buffers, modem lines. Those about sessions are in job.c. */
#include <lib/string.h>
#include <linux/signal.h>
#include <linux/tty.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <time/clock.h>
#include <proc/process.h>
#include <tty/n_tty.h>

/* --- Speeds ------------------------------------------------------------------------------- */

static const u32 speeds[] = { 0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const u32 extended_speeds[] = { 0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000,
				       1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000 };

static u32 decode_speed(u32 code, u32 other)
{
	if (code == BOTHER)
		return other;
	return (code & CBAUDEX ? extended_speeds : speeds)[code & 15];
}

u32 tty_speed(const struct ktermios *t)
{
	return decode_speed(t->c_cflag & CBAUD, t->c_ospeed);
}

static u32 encode_speed(u32 bps)
{
	for (unsigned i = 0; i < ARRAY_SIZE(speeds); i++) {
		if (speeds[i] == bps)
			return i;
		if (i && extended_speeds[i] == bps)
			return CBAUDEX | i;
	}
	return BOTHER;
}

void tty_set_speed(struct ktermios *t, u32 bps)
{
	t->c_cflag = (t->c_cflag & ~(u32)(CBAUD | CIBAUD)) | encode_speed(bps);
	t->c_ospeed = t->c_ispeed = bps;
}

/* The speed fields say what the codes say. */
static void settle_speeds(struct ktermios *k)
{
	u32 in = (k->c_cflag & CIBAUD) >> IBSHIFT;

	k->c_ospeed = tty_speed(k);
	k->c_ispeed = in ? decode_speed(in, k->c_ispeed) : k->c_ospeed;
}

/* --- termios -------------------------------------------------------------------------------- */

static void termios_set(struct tty *t, const struct ktermios *new)
{
	SPIN_GUARD(&t->lock);
	struct ktermios old = t->termios;

	t->termios = *new;
	t->termios.c_line = old.c_line;
	settle_speeds(&t->termios);
	if (t->driver->ops->set_termios)
		t->driver->ops->set_termios(t, &old);
	n_tty_set_termios(t, &old);
}

static struct ktermios termios_get(struct tty *t)
{
	SPIN_GUARD(&t->lock);
	return t->termios;
}

enum termios_layout { LAYOUT_TERMIO, LAYOUT_TERMIOS, LAYOUT_TERMIOS2 };
enum termios_when { SET_NOW, SET_DRAINED, SET_FLUSHED };

BUILD_ASSERT(sizeof(struct termios2) == sizeof(struct ktermios));
BUILD_ASSERT(offsetof(struct termios2, c_ospeed) == offsetof(struct ktermios, c_ospeed));

static s64 termios_out(struct tty *t, enum termios_layout layout, uptr_t arg)
{
	struct ktermios k = termios_get(t);
	struct termio old;

	switch (layout) {
	case LAYOUT_TERMIOS2:
		return copy_to_user(arg, &k, sizeof(struct termios2));
	case LAYOUT_TERMIOS:
		return copy_to_user(arg, &k, sizeof(struct termios));
	case LAYOUT_TERMIO:
		memset(&old, 0, sizeof(old));
		old.c_iflag = k.c_iflag;
		old.c_oflag = k.c_oflag;
		old.c_cflag = k.c_cflag;
		old.c_lflag = k.c_lflag;
		old.c_line = k.c_line;
		memcpy(old.c_cc, k.c_cc, NCC);
		return copy_to_user(arg, &old, sizeof(old));
	}
	return -EINVAL;
}

static int termios_in(struct tty *t, enum termios_layout layout, uptr_t arg, struct ktermios *k)
{
	struct termio old;

	*k = termios_get(t);
	if (layout == LAYOUT_TERMIOS2)
		return copy_from_user(k, arg, sizeof(struct termios2));
	if (layout == LAYOUT_TERMIOS)
		return copy_from_user(k, arg, sizeof(struct termios));
	int err = copy_from_user(&old, arg, sizeof(old));
	if (err)
		return err;
	k->c_iflag = (k->c_iflag & 0xffff0000) | old.c_iflag;
	k->c_oflag = (k->c_oflag & 0xffff0000) | old.c_oflag;
	k->c_cflag = (k->c_cflag & 0xffff0000) | old.c_cflag;
	k->c_lflag = (k->c_lflag & 0xffff0000) | old.c_lflag;
	memcpy(k->c_cc, old.c_cc, NCC);
	return 0;
}

static s64 termios_change(struct tty *t, enum termios_layout layout, enum termios_when when, uptr_t arg)
{
	struct ktermios k;
	int err = tty_check_foreground(t, SIGTTOU);

	if (!err)
		err = termios_in(t, layout, arg, &k);
	if (!err && when != SET_NOW) {
		if (when == SET_FLUSHED) {
			SPIN_GUARD(&t->lock);
			tty_flush_locked(t, true, false);
		}
		err = tty_drain(t, 0);
	}
	if (!err)
		termios_set(t, &k);
	return err;
}

static s64 termios_ioctl(struct tty *t, unsigned cmd, uptr_t arg)
{
	switch (cmd) {
	case TCGETA:
		return termios_out(t, LAYOUT_TERMIO, arg);
	case TCGETS:
		return termios_out(t, LAYOUT_TERMIOS, arg);
	case TCGETS2:
		return termios_out(t, LAYOUT_TERMIOS2, arg);
	case TCSETA:
		return termios_change(t, LAYOUT_TERMIO, SET_NOW, arg);
	case TCSETAW:
		return termios_change(t, LAYOUT_TERMIO, SET_DRAINED, arg);
	case TCSETAF:
		return termios_change(t, LAYOUT_TERMIO, SET_FLUSHED, arg);
	case TCSETS:
		return termios_change(t, LAYOUT_TERMIOS, SET_NOW, arg);
	case TCSETSW:
		return termios_change(t, LAYOUT_TERMIOS, SET_DRAINED, arg);
	case TCSETSF:
		return termios_change(t, LAYOUT_TERMIOS, SET_FLUSHED, arg);
	case TCSETS2:
		return termios_change(t, LAYOUT_TERMIOS2, SET_NOW, arg);
	case TCSETSW2:
		return termios_change(t, LAYOUT_TERMIOS2, SET_DRAINED, arg);
	case TCSETSF2:
		return termios_change(t, LAYOUT_TERMIOS2, SET_FLUSHED, arg);
	default:
		return -ENOTTY;
	}
}

/* --- Window size ------------------------------------------------------------------------------ */

static s64 winsize_get(struct tty *t, uptr_t arg)
{
	spin_lock(&t->lock);
	struct winsize w = t->winsize;
	spin_unlock(&t->lock);
	return copy_to_user(arg, &w, sizeof(w));
}

static s64 winsize_set(struct tty *t, uptr_t arg)
{
	struct winsize w;
	int err = copy_from_user(&w, arg, sizeof(w));

	if (err)
		return err;
	spin_lock(&t->lock);
	bool changed = memcmp(&w, &t->winsize, sizeof(w)) != 0;
	t->winsize = w;
	spin_unlock(&t->lock);
	if (changed)
		tty_signal_foreground(t, SIGWINCH);
	return 0;
}

/* --- Flow and buffers ---------------------------------------------------------------------------- */

static s64 flow(struct tty *t, u64 what)
{
	int err = tty_check_foreground(t, SIGTTOU);

	if (err)
		return err;
	SPIN_GUARD(&t->lock);
	switch (what) {
	case TCOOFF:
		tty_stop_locked(t);
		t->stopped_by_call = true;
		return 0;
	case TCOON:
		tty_start_locked(t);
		return 0;
	case TCIOFF:
	case TCION:
		if (t->driver->ops->send_xchar && T_CC(t, what == TCIOFF ? VSTOP : VSTART))
			t->driver->ops->send_xchar(t, T_CC(t, what == TCIOFF ? VSTOP : VSTART));
		return 0;
	default:
		return -EINVAL;
	}
}

static s64 flush(struct tty *t, u64 what)
{
	int err = tty_check_foreground(t, SIGTTOU);

	if (err)
		return err;
	if (what > TCIOFLUSH)
		return -EINVAL;
	SPIN_GUARD(&t->lock);
	tty_flush_locked(t, what != TCOFLUSH, what != TCIFLUSH);
	return 0;
}

static s64 queue_length(struct tty *t, bool output, uptr_t arg)
{
	spin_lock(&t->lock);
	u32 n = output ? t->driver->ops->pending(t) : n_tty_readable(t);
	spin_unlock(&t->lock);
	return put_user_u32(arg, n);
}

static s64 set_break(struct tty *t, bool on)
{
	return t->driver->ops->break_ctl ? t->driver->ops->break_ctl(t, on) : 0;
}

static s64 send_break(struct tty *t, u64 ms)
{
	static struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	s64 err = set_break(t, true);

	if (err)
		return err;
	err = wait_event_until(&nobody, WAIT_INTERRUPTIBLE, false, clock_monotonic_ns() + ms * NSEC_PER_MSEC);
	set_break(t, false);
	return err == -ETIMEDOUT ? 0 : err;
}

static s64 break_ioctl(struct tty *t, unsigned cmd, uptr_t arg)
{
	s64 err = tty_check_foreground(t, SIGTTOU);

	if (!err && cmd != TIOCCBRK)
		err = tty_drain(t, 0);
	if (err)
		return err;
	switch (cmd) {
	case TIOCSBRK:
	case TIOCCBRK:
		return set_break(t, cmd == TIOCSBRK);
	case TCSBRK:
		return arg.raw ? 0 : send_break(t, 250);
	default: /* TCSBRKP */
		return send_break(t, arg.raw ? min(arg.raw, 600UL) * 100 : 250);
	}
}

static s64 modem_ioctl(struct tty *t, unsigned cmd, uptr_t arg)
{
	const struct tty_ops *ops = t->driver->ops;
	const u32 settable = TIOCM_DTR | TIOCM_RTS | TIOCM_OUT1 | TIOCM_OUT2 | TIOCM_LOOP;
	u32 bits;

	if (cmd == TIOCMGET) {
		int lines = ops->modem_get ? ops->modem_get(t) : -ENOTTY;
		return lines < 0 ? lines : put_user_u32(arg, lines);
	}
	if (!ops->modem_set)
		return -ENOTTY;
	int err = get_user_u32(&bits, arg);
	if (err)
		return err;
	bits &= settable;
	switch (cmd) {
	case TIOCMBIS:
		return ops->modem_set(t, bits, 0);
	case TIOCMBIC:
		return ops->modem_set(t, 0, bits);
	default: /* TIOCMSET */
		return ops->modem_set(t, bits, settable & ~bits);
	}
}

static s64 exclusive(struct tty *t, bool on)
{
	MUTEX_GUARD(&t->open_lock);
	t->exclusive = on;
	return 0;
}

static s64 set_discipline(struct tty *t, uptr_t arg)
{
	u32 number;
	int err = tty_check_foreground(t, SIGTTOU);

	if (!err)
		err = get_user_u32(&number, arg);
	if (err)
		return err;
	return number == N_TTY ? 0 : -EINVAL;
}

static s64 soft_carrier(struct tty *t, uptr_t arg)
{
	u32 on;
	int err = get_user_u32(&on, arg);

	if (err)
		return err;
	struct ktermios k = termios_get(t);
	k.c_cflag = on ? k.c_cflag | CLOCAL : k.c_cflag & ~(u32)CLOCAL;
	termios_set(t, &k);
	return 0;
}

static s64 vhangup_this(struct tty *t)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	tty_hangup(t);
	return 0;
}

s64 tty_ioctl_on(struct tty *t, struct file *f, unsigned cmd, uptr_t arg)
{
	switch (cmd) {
	case TIOCGWINSZ:
		return winsize_get(t, arg);
	case TIOCSWINSZ:
		return winsize_set(t, arg);
	case TIOCSCTTY:
	case TIOCNOTTY:
	case TIOCGPGRP:
	case TIOCSPGRP:
	case TIOCGSID:
		return tty_job_ioctl(t, f, cmd, arg);
	case TCXONC:
		return flow(t, arg.raw);
	case TCFLSH:
		return flush(t, arg.raw);
	case FIONREAD:
		return queue_length(t, false, arg);
	case TIOCOUTQ:
		return queue_length(t, true, arg);
	case TCSBRK:
	case TCSBRKP:
	case TIOCSBRK:
	case TIOCCBRK:
		return break_ioctl(t, cmd, arg);
	case TIOCMGET:
	case TIOCMSET:
	case TIOCMBIS:
	case TIOCMBIC:
		return modem_ioctl(t, cmd, arg);
	case TIOCEXCL:
	case TIOCNXCL:
		return exclusive(t, cmd == TIOCEXCL);
	case TIOCGEXCL:
		return put_user_u32(arg, READ_ONCE(t->exclusive));
	case TIOCGETD:
		return put_user_u32(arg, N_TTY);
	case TIOCSETD:
		return set_discipline(t, arg);
	case TIOCGSOFTCAR:
		return put_user_u32(arg, !!(termios_get(t).c_cflag & CLOCAL));
	case TIOCSSOFTCAR:
		return soft_carrier(t, arg);
	case TIOCGDEV:
		return put_user_u32(arg, devno_to_user(t->dev));
	case TIOCVHANGUP:
		return vhangup_this(t);
	case TIOCSTI: /* as Linux with legacy_tiocsti off: input is not to be forged */
		return -EIO;
	case TIOCCONS: /* the log is not redirected */
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	default:
		break;
	}
	s64 r = termios_ioctl(t, cmd, arg);
	if (r == -ENOTTY && t->driver->ops->ioctl)
		r = t->driver->ops->ioctl(t, f, cmd, arg);
	return r;
}

s64 tty_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	struct tty_file *tf = f->priv;

	if (tty_file_dead(tf))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	return tty_ioctl_on(tf->tty, f, cmd, arg);
}
