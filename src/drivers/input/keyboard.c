/* SPDX-License-Identifier: MIT */
/*
 * One keymap serves all keyboards: Shift on one and a letter on another belong together.  Its lock
 * is never held while a hook runs.
 */
#include <drivers/input/keyboard.h>

#include <debug/log.h>
#include <drivers/input/input.h>
#include <linux/errno.h>
#include <linux/kd.h>
#include <proc/cmdline.h>
#include <sched/workqueue.h>
#include <sync/spinlock.h>

void (*keyboard_text)(const char *bytes, size_t n);
void (*keyboard_switch)(unsigned vt);
void (*keyboard_hold)(bool on);
void (*keyboard_restart)(void);

_Static_assert(KEYMAP_SCROLL_LOCK == LED_SCR && KEYMAP_NUM_LOCK == LED_NUM && KEYMAP_CAPS_LOCK == LED_CAP,
	       "locks are as KDSETLED has them");

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off; all below */
static struct keymap keymap;
static u8 kind = K_UNICODE;
static u8 leds = 0xff;

static struct work restart_work;

static void restart(struct work *w)
{
	if (keyboard_restart)
		keyboard_restart();
}

static u8 shown_locks(void)
{
	return leds > 7 ? keymap.locks : leds;
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

/* The keymap is kept up in all kinds, so that no modifier is stuck afterwards. lock held. */
static struct keymap_result translate(unsigned key, s32 value)
{
	struct keymap_result r = keymap_key(&keymap, key, value);

	if (kind == K_XLATE || kind == K_UNICODE)
		return r;
	r = (struct keymap_result){ .action = KEYMAP_NOTHING };
	if (kind == K_MEDIUMRAW)
		medium_raw(key, !value, &r);
	return r;
}

void keyboard_key(unsigned key, s32 value)
{
	u64 flags = spin_lock_irqsave(&lock);
	u8 old = keymap.locks;
	struct keymap_result r = translate(key, value);
	u8 locks = keymap.locks, shown = shown_locks();
	spin_unlock_irqrestore(&lock, flags);

	switch (r.action) {
	case KEYMAP_TEXT:
		if (keyboard_text)
			keyboard_text(r.bytes, r.length);
		break;
	case KEYMAP_LOCKS:
		input_show_locks(shown);
		if (keyboard_hold && (old ^ locks) & KEYMAP_SCROLL_LOCK)
			keyboard_hold(locks & KEYMAP_SCROLL_LOCK);
		break;
	case KEYMAP_SWITCH:
	case KEYMAP_SWITCH_NEXT:
	case KEYMAP_SWITCH_PREVIOUS:
		if (keyboard_switch)
			keyboard_switch(r.action == KEYMAP_SWITCH ? r.value :
					r.action == KEYMAP_SWITCH_NEXT ? KEYBOARD_VT_NEXT :
									 KEYBOARD_VT_PREVIOUS);
		break;
	case KEYMAP_RESTART:
		work_queue(&restart_work);
		break;
	case KEYMAP_NOTHING:
		break;
	}
}

void keyboard_get_settings(struct keyboard_settings *s)
{
	IRQSPIN_GUARD(&lock);

	*s = (struct keyboard_settings){ .modes = keymap.modes, .kind = kind, .locks = keymap.locks,
					 .leds = leds };
}

int keyboard_set_settings(const struct keyboard_settings *s)
{
	u8 shown;

	if (s->kind != K_XLATE && s->kind != K_UNICODE && s->kind != K_MEDIUMRAW && s->kind != K_OFF)
		return -EINVAL;
	{
		IRQSPIN_GUARD(&lock);
		kind = s->kind;
		keymap.modes = kind == K_XLATE ? s->modes | KEYMAP_LATIN1 : s->modes & ~KEYMAP_LATIN1;
		keymap.locks = s->locks & 7;
		leds = s->leds;
		shown = shown_locks();
	}
	input_show_locks(shown);
	return 0;
}

void keyboard_change_modes(u8 mask, u8 modes)
{
	IRQSPIN_GUARD(&lock);

	keymap.modes = (keymap.modes & ~mask) | (modes & mask);
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
	keymap_init(&keymap, layout);
	work_init(&restart_work, restart);
}
