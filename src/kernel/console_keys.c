/* SPDX-License-Identifier: MIT */
/* What is typed goes to the terminal on the screen: the keyboard knows no terminals, and they know no keys. */
#include <console_keys.h>

#include <drivers/input/keyboard.h>
#include <drivers/input/speaker.h>
#include <sched/workqueue.h>
#include <syscall/system.h>
#include <syscall/sysrq.h>
#include <tty/vt.h>

enum { BELL_HZ = 750, BELL_MS = 125 }; /* as Linux's */

static struct work restart_work;

static void switch_terminal(unsigned number)
{
	if (number == KEYBOARD_VT_PREVIOUS || number == KEYBOARD_VT_NEXT)
		vt_switch_by(number == KEYBOARD_VT_NEXT ? 1 : -1);
	else if (number == KEYBOARD_VT_LAST)
		vt_switch_last();
	else
		vt_switch(number);
}

static u8 modes(void)
{
	const struct terminal *t = vt_visible_terminal();

	if (!t)
		return 0;
	return (READ_ONCE(t->app_cursor_keys) ? KEYMAP_CURSOR_APPLICATION : 0) |
	       (READ_ONCE(t->app_keypad) ? KEYMAP_KEYPAD_APPLICATION : 0) |
	       (READ_ONCE(t->newline_mode) ? KEYMAP_RETURN_LINEFEED : 0);
}

static void restart_now(struct work *unused_w)
{
	system_ctrl_alt_del();
}

static void restart(void)
{
	work_queue(&restart_work);
}

static void bell(void)
{
	speaker_tone(BELL_HZ, BELL_MS);
}

static const struct keyboard_hooks hooks = {
	.text = vt_input, .switch_to = switch_terminal, .modes = modes, .hold = vt_hold, .line_break = vt_break,
	.scroll = vt_scroll,
	.restart = restart, .sysrq = sysrq_key,
};

static const struct vt_keyboard keyboard = {
	.show = keyboard_show_vt, .forget = keyboard_forget_vt, .reset = keyboard_reset_vt, .held = keyboard_held_vt,
	.bell = bell, .shift_state = keyboard_shift_state, .ioctl = keyboard_ioctl,
};

void console_keys_init(void)
{
	work_init(&restart_work, restart_now);
	sysrq_init(keyboard_unraw);
	keyboard_hooks = &hooks;
	vt_keyboard = &keyboard;
}
