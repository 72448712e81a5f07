/* SPDX-License-Identifier: MIT */
/*
 * The keyboard of the text console: keys of all keyboards become bytes or actions, as
 * `keymap=us|uk|de|fr` on the command line says.
 *
 * The hooks are set once at boot by whoever draws the console.  They are called with interrupts
 * off, in interrupt context or not, maybe with a driver's lock held: they must not sleep; they may
 * call everything in this file.  NULL: the keys do nothing.
 */
#pragma once

#include <drivers/input/keymap.h>

/* Text for the visible terminal: what tty_input takes byte for byte. */
extern void (*keyboard_text)(const char *bytes, size_t n);
/* Wants virtual terminal `vt`, from 1, or the one before or behind the visible one. */
enum { KEYBOARD_VT_PREVIOUS = 1000, KEYBOARD_VT_NEXT };
extern void (*keyboard_switch)(unsigned vt);
/* Scroll Lock: the visible terminal's output is to be held up, or goes on. */
extern void (*keyboard_hold)(bool on);
/* Ctrl-Alt-Del. Unlike the others it is called in a kernel thread and may sleep. */
extern void (*keyboard_restart)(void);

/* What belongs to a virtual terminal, to be kept while another one is visible. */
struct keyboard_settings {
	u8 modes; /* KEYMAP_* modes: escape sequences and KDSKBMODE, KDSKBMETA */
	u8 kind;  /* K_UNICODE or K_XLATE: text; K_MEDIUMRAW: key codes; K_OFF: nothing (<linux/kd.h>) */
	u8 locks; /* KEYMAP_*_LOCK, as KDGKBLED */
	u8 leds;  /* what the LEDs show, as KDSETLED; more than 7: the locks */
};
#define KEYBOARD_SETTINGS_DEFAULT { 0, 3 /* K_UNICODE */, 0, 0xff }
/* Any context. */
void keyboard_get_settings(struct keyboard_settings *s);
/* -EINVAL: kind is none of those (K_RAW is not there). */
int keyboard_set_settings(const struct keyboard_settings *s);
/* Changes the bits of `mask` in the modes alone. */
void keyboard_change_modes(u8 mask, u8 modes);

/* From input.c: a key of a console keyboard. value as in struct input_event. Any context. */
void keyboard_key(unsigned key, s32 value);
void keyboard_init(void);
