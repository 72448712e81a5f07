/* SPDX-License-Identifier: MIT */
/* The console's ioctls about the keyboard (ioctl_console(2)), but for its maps: keyboard_maps.c. */
#include <drivers/input/keyboard.h>

#include <drivers/input/input.h>
#include <drivers/input/speaker.h>
#include <linux/errno.h>
#include <linux/kd.h>
#include <linux/signal.h>
#include <mm/usercopy.h>
#include <proc/cred.h>
#include <proc/signal.h>
#include <sync/spinlock.h>

enum { SPEAKER_HZ = 1193182, LED_BITS = KEYMAP_SCROLL_LOCK | KEYMAP_NUM_LOCK | KEYMAP_CAPS_LOCK };

/* --- Whom Alt-Up tells (KDSIGACCEPT) --- */

static struct process *spawn_process; /* keyboard_lock; referenced */
static int spawn_signal;              /* keyboard_lock */

void keyboard_spawn(void)
{
	struct process *p;
	int signo;
	{
		IRQSPIN_GUARD(&keyboard_lock);
		p = spawn_process;
		signo = spawn_signal;
		if (p)
			process_get(p);
	}
	if (!p)
		return;
	signal_send_process(p, signo, NULL);
	process_put(p);
}

static s64 accept_signal(u64 signo)
{
	if (!capable(CAP_KILL))
		return -EPERM;
	/* SIGCONT cannot be sent from where keys are handled. */
	if (signo < 1 || signo > SIGNAL_MAX || signo == SIGKILL || signo == SIGCONT)
		return -EINVAL;
	process_get(current->process);
	struct process *old;
	{
		IRQSPIN_GUARD(&keyboard_lock);
		old = spawn_process;
		spawn_process = current->process;
		spawn_signal = signo;
	}
	if (old)
		process_put(old);
	return 0;
}

/* --- Kinds, modes, LEDs --- */

static s64 set_kind(struct keymap_vt *v, u64 kind)
{
	if (kind > K_OFF)
		return -EINVAL;
	IRQSPIN_GUARD(&keyboard_lock);
	v->kind = kind;
	if (kind == K_XLATE || kind == K_UNICODE)
		keymap_shift_state(&keyboard_keymap);
	return 0;
}

static s64 set_meta(struct keymap_vt *v, u64 meta)
{
	if (meta != K_METABIT && meta != K_ESCPREFIX)
		return -EINVAL;
	IRQSPIN_GUARD(&keyboard_lock);
	v->modes = meta == K_METABIT ? v->modes | KEYMAP_META_BIT : v->modes & ~KEYMAP_META_BIT;
	return 0;
}

static s64 set_flags(struct keymap_vt *v, u64 arg)
{
	if (arg & ~(u64)(LED_BITS | LED_BITS << 4))
		return -EINVAL;
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	v->flags = arg & LED_BITS;
	v->flags_reset = arg >> 4 & LED_BITS;
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
	return 0;
}

static s64 set_leds(struct keymap_vt *v, u64 arg)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	v->leds = arg > LED_BITS ? 0xff : arg;
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
	return 0;
}

/* --- Sounds, repetition, key codes --- */

/* A divisor of the timer chip's clock; 0: silence. */
static s64 sound(u64 divisor, unsigned ms)
{
	speaker_tone(divisor && divisor <= SPEAKER_HZ ? SPEAKER_HZ / divisor : 0, ms);
	return 0;
}

static s64 repeat(uptr_t arg)
{
	struct kbd_repeat r;

	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	input_repeat_all(&r.delay, &r.period);
	return copy_to_user(arg, &r, sizeof(r));
}

static s64 key_code(unsigned cmd, uptr_t arg, bool permitted)
{
	struct kbkeycode k;

	if (copy_from_user(&k, arg, sizeof(k)))
		return -EFAULT;
	if (cmd == KDGETKEYCODE) {
		int code = input_keycode_any(k.scancode);
		if (code < 0)
			return code;
		return put_user_u32(uptr_add(arg, offsetof(struct kbkeycode, keycode)), code);
	}
	if (!permitted || !capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	return input_set_keycode_any(k.scancode, k.keycode);
}

s64 keyboard_ioctl(unsigned vt, unsigned cmd, uptr_t arg, bool permitted)
{
	struct keymap_vt *v = &keyboard_vts[vt - 1];

	switch (cmd) {
	case KDGKBTYPE: return put_user_u8(arg, KB_101);
	case KDGKBMODE: return put_user_u32(arg, READ_ONCE(v->kind));
	case KDSKBMODE: return permitted ? set_kind(v, arg.raw) : -EPERM;
	case KDGKBMETA:
		return put_user_u32(arg, READ_ONCE(v->modes) & KEYMAP_META_BIT ? K_METABIT : K_ESCPREFIX);
	case KDSKBMETA: return set_meta(v, arg.raw); /* no permission wanted, as in Linux */
	case KDGKBLED: return put_user_u8(arg, READ_ONCE(v->flags) | READ_ONCE(v->flags_reset) << 4);
	case KDSKBLED: return permitted ? set_flags(v, arg.raw) : -EPERM;
	case KDGETLED: return put_user_u8(arg, keyboard_lit()); /* of whichever is on the screen */
	case KDSETLED: return permitted ? set_leds(v, arg.raw) : -EPERM;
	case KIOCSOUND: return permitted ? sound(arg.raw, 0) : -EPERM;
	case KDMKTONE: return permitted ? sound(arg.raw & 0xffff, arg.raw >> 16 & 0xffff) : -EPERM;
	case KDKBDREP: return repeat(arg);
	case KDGETKEYCODE:
	case KDSETKEYCODE: return key_code(cmd, arg, permitted);
	case KDSIGACCEPT: return permitted ? accept_signal(arg.raw) : -EPERM;
	default: return keyboard_maps_ioctl(vt, cmd, arg, permitted);
	}
}
