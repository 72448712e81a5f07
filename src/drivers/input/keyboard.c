/* SPDX-License-Identifier: MIT */
/*
 * One keymap serves all keyboards: Shift on one and a letter on another belong together.  Each
 * virtual terminal has settings of its own; those of the visible one are in force.  The lock is
 * never held while a hook runs.
 *
 * Alt-SysRq takes the keys that are pressed until Alt is released.
 */
#include <drivers/input/keyboard.h>

#include <debug/log.h>
#include <drivers/input/input.h>
#include <lib/scancode.h>
#include <linux/errno.h>
#include <proc/cmdline.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>

const struct keyboard_hooks *keyboard_hooks;

spinlock_t keyboard_lock = SPINLOCK_INIT;
struct keymap keyboard_keymap;
struct keymap_tables keyboard_tables;
struct keymap_vt keyboard_vts[KEYMAP_VTS];

static struct keymap_map built_maps[KEYMAP_BUILT]; /* keyboard_lock, as all that follows */
static unsigned visible = 1;
static u8 lit;                      /* LEDs as last shown */
static struct {
	u16 alt;                    /* the Alt key that is down; 0: none */
	bool active;                /* Alt-SysRq was pressed, Alt is still down */
	BITMAP_DECLARE(taken, KEY_CNT); /* their releases are ours, too */
} sysrq;

static const struct keymap_vt vt_default = KEYMAP_VT_DEFAULT;

bool keyboard_map_is_builtin(const struct keymap_map *m)
{
	return m >= built_maps && m < built_maps + KEYMAP_BUILT;
}

void keyboard_update_leds(void)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	u8 leds = keymap_leds(&keyboard_vts[visible - 1]);
	bool changed = leds != lit;
	lit = leds;
	spin_unlock_irqrestore(&keyboard_lock, flags);
	if (changed)
		input_show_locks(leds);
}

u8 keyboard_lit(void)
{
	return READ_ONCE(lit);
}

/* One byte, or three for codes that do not fit; bit 7: released. */
static void medium_raw(unsigned key, bool released, struct keymap_result *r)
{
	u8 up = released ? 0x80 : 0;

	r->action = KEYMAP_TEXT;
	if (key < 128) {
		r->bytes[r->length++] = key | up;
		return;
	}
	r->bytes[r->length++] = up;
	r->bytes[r->length++] = key >> 7 | 0x80;
	r->bytes[r->length++] = key | 0x80;
}

static void raw(unsigned key, bool released, struct keymap_result *r)
{
	bool alt = bitmap_test(keyboard_keymap.down, KEY_LEFTALT) || bitmap_test(keyboard_keymap.down, KEY_RIGHTALT);

	r->length = scancode_set1(key, !released, alt, (u8 *)r->bytes);
	if (r->length)
		r->action = KEYMAP_TEXT;
}

/* The keymap is kept up in all kinds, so that no modifier is stuck afterwards. keyboard_lock held. */
static void translate(unsigned key, s32 value, u8 modes, struct keymap_result *r)
{
	struct keymap_vt *v = &keyboard_vts[visible - 1];

	keymap_key(&keyboard_keymap, v, modes, key, value, r);
	if (v->kind == K_MEDIUMRAW)
		medium_raw(key, !value, r);
	else if (v->kind == K_RAW)
		raw(key, !value, r);
}

/* --- Alt-SysRq --- */

static bool sysrq_call(char key)
{
	return keyboard_hooks && keyboard_hooks->sysrq && keyboard_hooks->sysrq(key);
}

static char us_key(unsigned key)
{
	static const struct keymap_layout *us;

	if (!us)
		us = keymap_layout_find("us");
	return keymap_layout_symbol(us, key, 0);
}

/* Is the key none of the console's? Called without the lock: one keyboard's keys come one after the other. */
static bool sysrq_takes(unsigned key, s32 value)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	bool call = false, taken = false;

	if (key == KEY_LEFTALT || key == KEY_RIGHTALT) {
		sysrq.active &= value != 0;
		sysrq.alt = value ? key : 0;
	} else if (key == KEY_SYSRQ && value == 1 && sysrq.alt) {
		call = true;
	} else if (value && sysrq.active) {
		taken = true;
		call = value == 1;
	} else if (!value && key < KEY_CNT && bitmap_test(sysrq.taken, key)) {
		taken = true;
		bitmap_clear(sysrq.taken, key);
	}
	if (taken && value && key < KEY_CNT)
		bitmap_set(sysrq.taken, key);
	spin_unlock_irqrestore(&keyboard_lock, flags);

	if (!call || taken) {
		if (call)
			sysrq_call(us_key(key));
		return taken;
	}
	if (!sysrq_call('\n')) /* is it enabled at all? */
		return false;
	flags = spin_lock_irqsave(&keyboard_lock);
	sysrq.active = true;
	bitmap_set(sysrq.taken, KEY_SYSRQ);
	spin_unlock_irqrestore(&keyboard_lock, flags);
	return true;
}

/* --- Keys --- */

static void perform(const struct keymap_result *r)
{
	const struct keyboard_hooks *h = keyboard_hooks;

	switch (r->action) {
	case KEYMAP_TEXT:
		if (h->text)
			h->text(r->bytes, r->length);
		break;
	case KEYMAP_SWITCH:
	case KEYMAP_SWITCH_NEXT:
	case KEYMAP_SWITCH_PREVIOUS:
	case KEYMAP_SWITCH_LAST:
		if (h->switch_to)
			h->switch_to(r->action == KEYMAP_SWITCH ? r->value :
				     r->action == KEYMAP_SWITCH_NEXT ? KEYBOARD_VT_NEXT :
				     r->action == KEYMAP_SWITCH_LAST ? KEYBOARD_VT_LAST : KEYBOARD_VT_PREVIOUS);
		break;
	case KEYMAP_RESTART:
		if (h->restart)
			h->restart();
		break;
	case KEYMAP_HOLD:
		if (h->hold)
			h->hold();
		break;
	case KEYMAP_SCROLL_BACK:
	case KEYMAP_SCROLL_FORWARD:
		if (h->scroll)
			h->scroll(r->action == KEYMAP_SCROLL_BACK);
		break;
	case KEYMAP_BREAK:
		if (h->line_break)
			h->line_break();
		break;
	case KEYMAP_ATTENTION: sysrq_call('k'); break;
	case KEYMAP_SHOW_MEMORY: sysrq_call('m'); break;
	case KEYMAP_SHOW_STATE: sysrq_call('t'); break;
	case KEYMAP_SHOW_REGISTERS: sysrq_call('p'); break;
	case KEYMAP_SPAWN: keyboard_spawn(); break;
	case KEYMAP_NOTHING: break;
	}
}

void keyboard_key(unsigned key, s32 value)
{
	struct keymap_result r;

	if (sysrq_takes(key, value))
		return;
	u8 modes = keyboard_hooks && keyboard_hooks->modes ? keyboard_hooks->modes() : 0;
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	translate(key, value, modes, &r);
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
	if (keyboard_hooks)
		perform(&r);
}

/* --- Settings --- */

static struct keymap_vt *vt_of(unsigned vt)
{
	return &keyboard_vts[min(max(vt, 1U), (unsigned)KEYMAP_VTS) - 1];
}

void keyboard_show_vt(unsigned vt)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	visible = vt_of(vt) - keyboard_vts + 1;
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
}

void keyboard_forget_vt(unsigned vt)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	*vt_of(vt) = vt_default;
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
}

void keyboard_reset_vt(unsigned vt)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	keymap_vt_reset(vt_of(vt));
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
}

void keyboard_held_vt(unsigned vt, bool held)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	struct keymap_vt *v = vt_of(vt);
	v->flags = held ? v->flags | KEYMAP_SCROLL_LOCK : v->flags & ~KEYMAP_SCROLL_LOCK;
	spin_unlock_irqrestore(&keyboard_lock, flags);
	keyboard_update_leds();
}

void keyboard_unraw(void)
{
	u64 flags = spin_lock_irqsave(&keyboard_lock);
	keyboard_vts[visible - 1].kind = K_UNICODE;
	keymap_shift_state(&keyboard_keymap);
	spin_unlock_irqrestore(&keyboard_lock, flags);
}

unsigned keyboard_shift_state(void)
{
	return READ_ONCE(keyboard_keymap.shift);
}

void keyboard_init(void)
{
	char name[16] = "us";

	cmdline_get("keymap", name, sizeof(name));
	const struct keymap_layout *layout = keymap_layout_find(name);
	if (!layout) {
		log_warn("keyboard: no keymap \"%s\"; there are us, uk, de and fr", name);
		layout = keymap_layout_find("us");
	}
	keymap_build(&keyboard_tables, layout, built_maps);
	keymap_init(&keyboard_keymap, &keyboard_tables);
	for (unsigned i = 0; i < KEYMAP_VTS; i++)
		keyboard_vts[i] = vt_default;
}
