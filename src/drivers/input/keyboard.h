/* SPDX-License-Identifier: MIT */
/*
 * The keyboard of the text console: keys of all keyboards become bytes or actions, as
 * `keymap=us|uk|de|fr` on the command line says until loadkeys(1) says otherwise.
 *
 * The hooks are set once at boot by whoever draws the console.  They are called with interrupts
 * off, in interrupt context or not, maybe with a driver's lock held: they must not sleep; they may
 * call everything in this file that says "any context".  NULL: the keys do nothing.
 */
#pragma once

#include <drivers/input/keymap.h>
#include <lib/compiler.h>
#include <sync/spinlock.h>

struct keyboard_hooks {
	/* Text for the visible terminal: what tty_input takes byte for byte. */
	void (*text)(const char *bytes, size_t n);
	/* Wants virtual terminal `vt`, from 1, or one of KEYBOARD_VT_*. */
	void (*switch_to)(unsigned vt);
	/* What the visible terminal's program wants: KEYMAP_* modes. */
	u8 (*modes)(void);
	/* Scroll Lock: the visible terminal's output is to stop, or to go on. */
	void (*hold)(void);
	/* Break, as a serial line's. */
	void (*line_break)(void);
	/* Shift-PageUp, Shift-PageDown. */
	void (*scroll)(bool back);
	/* Ctrl-Alt-Del. */
	void (*restart)(void);
	/* Alt-SysRq and a key of the US layout; an unprintable one is 0. False: not enabled, Alt-SysRq means nothing. */
	bool (*sysrq)(char key);
};
enum { KEYBOARD_VT_PREVIOUS = 1000, KEYBOARD_VT_NEXT, KEYBOARD_VT_LAST };
extern const struct keyboard_hooks *keyboard_hooks;

/* Virtual terminal `vt` (1..KEYMAP_VTS) is on the screen now: its settings are in force. Any context. */
void keyboard_show_vt(unsigned vt);
/* As new: `vt` was given up. Any context. */
void keyboard_forget_vt(unsigned vt);
/* ESC c was written to it. Any context. */
void keyboard_reset_vt(unsigned vt);
/* The output of `vt` has stopped or goes on: Scroll Lock's LED. Any context. */
void keyboard_held_vt(unsigned vt, bool held);
/* Text again, whatever a program has asked for (Alt-SysRq-r). Any context. */
void keyboard_unraw(void);
/* KG_* modifiers that are held. Any context. */
unsigned keyboard_shift_state(void);
/* The KD ioctls that concern a keyboard; `permitted`: this terminal may be changed. -ENOTTY: another one. Sleeps. */
s64 keyboard_ioctl(unsigned vt, unsigned cmd, uptr_t arg, bool permitted);

/* From input.c: a key of a console keyboard. value as in struct input_event. Any context. */
void keyboard_key(unsigned key, s32 value);
void keyboard_init(void);

/* Between keyboard.c and keyboard_ioctl.c. */
extern spinlock_t keyboard_lock; /* interrupts off; all below */
extern struct keymap keyboard_keymap;
extern struct keymap_tables keyboard_tables;
extern struct keymap_vt keyboard_vts[KEYMAP_VTS];
/* Lights what the visible terminal's settings say, if that has changed; without the lock. */
void keyboard_update_leds(void);
u8 keyboard_lit(void); /* the LEDs as they are */
/* keyboard_ioctl.c: Alt-Up was pressed. Any context. */
void keyboard_spawn(void);
/* keyboard_maps.c: KDGKBENT and so on. -ENOTTY: none of them. */
s64 keyboard_maps_ioctl(unsigned vt, unsigned cmd, uptr_t arg, bool permitted);
bool keyboard_map_is_builtin(const struct keymap_map *m);
