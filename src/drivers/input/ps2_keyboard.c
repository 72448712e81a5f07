/* SPDX-License-Identifier: MIT */
/*
 * A keyboard on the controller's first port, in scan-code set 2, repeating by itself.  The LEDs
 * take two commands with acknowledgements, so a worker sets them.
 */
#include <drivers/input/i8042.h>

#include <debug/log.h>
#include <drivers/input/input.h>
#include <lib/scancode.h>
#include <sched/workqueue.h>
#include <sync/atomic.h>

enum { CMD_LEDS = 0xed, CMD_SCAN_SET = 0xf0, CMD_REPEAT = 0xf3 };
enum { SCAN_SET = 2 };
enum { WIRE_LED_SCROLL = 1, WIRE_LED_NUM = 2, WIRE_LED_CAPS = 4 };

static struct i8042_port *port; /* imm after probe */
static struct scancode_decoder decoder; /* the controller's lock */
static struct work leds_work, again_work, repeat_work;

/* The keys' codes, by their scan codes in set 1 (+ 0x80: after E0), as setkeycodes(8) knows them. */
enum { KEYCODES = 256 };
static u16 keycodes[KEYCODES]; /* keyboard.lock */

static void repeat_changed(struct input_device *d)
{
	work_queue(&repeat_work);
}

static void leds_changed(struct input_device *d)
{
	work_queue(&leds_work);
}

static struct input_device keyboard = {
	.name = "AT Translated Set 2 keyboard", /* as Linux calls it: programs know it by that */
	.phys = "isa0060/serio0/input0",
	.id = { BUS_I8042, 1, 1, 0xab83 },
	.parent = "devices/platform/i8042/serio0",
	.repeat = { 250, 33 },
	.keycodes = keycodes,
	.keycode_count = KEYCODES,
	.repeat_changed = repeat_changed,
	.console = true,
	.leds_changed = leds_changed,
};

static u8 wire_leds(void)
{
	IRQSPIN_GUARD(&keyboard.lock);

	return (bitmap_test(keyboard.led_state, LED_SCROLLL) ? WIRE_LED_SCROLL : 0) |
	       (bitmap_test(keyboard.led_state, LED_NUML) ? WIRE_LED_NUM : 0) |
	       (bitmap_test(keyboard.led_state, LED_CAPSL) ? WIRE_LED_CAPS : 0);
}

static bool command(u8 byte, u8 parameter)
{
	return i8042_command(port, byte, NULL, 0) == 0 && i8042_command(port, parameter, NULL, 0) == 0;
}

/* All work runs one after the other, so that nobody else sends commands. */
static void set_leds(struct work *w)
{
	if (!command(CMD_LEDS, wire_leds()))
		log_debug("ps2_keyboard: the LEDs cannot be set");
}

/*
 * Bits 5 and 6: the delay in quarters of a second, from one; below them the period, (8 + A) * 2^B * 4.17 ms, A
 * in bits 0 to 2, B in 3 and 4.  The next longer one that there is.
 */
static u8 wire_repeat(void)
{
	u32 delay = READ_ONCE(keyboard.repeat[REP_DELAY]), period = READ_ONCE(keyboard.repeat[REP_PERIOD]);
	u8 quarters = min((max(delay, 1U) - 1) / 250, 3U), rate = 0;

	while (rate < 31 && (8 + (rate & 7)) * (1U << (rate >> 3)) * 417 < period * 100)
		rate++;
	return quarters << 5 | rate;
}

static void set_repeat(struct work *w)
{
	if (!command(CMD_REPEAT, wire_repeat()))
		log_debug("ps2_keyboard: the repetition cannot be set");
}

static bool set_up(void)
{
	bool ok = command(CMD_SCAN_SET, SCAN_SET);

	ok &= command(CMD_REPEAT, wire_repeat());
	command(CMD_LEDS, wire_leds());
	return ok & (i8042_command(port, PS2_ENABLE, NULL, 0) == 0);
}

/* It was pulled out and plugged in: all is as after power-on. */
static void set_up_again(struct work *w)
{
	set_up();
}

static void receive(u8 byte)
{
	struct scancode_event e;

	if (byte == PS2_TESTED)
		work_queue(&again_work);
	if (!scancode_feed(&decoder, byte, &e))
		return;
	input_report(&keyboard, EV_MSC, MSC_SCAN, e.scan);
	u16 key = READ_ONCE(keycodes[e.scan % KEYCODES]);
	if (key)
		input_report_key(&keyboard, key, e.pressed);
	input_sync(&keyboard);
}

/* The first byte of what keyboards say they are; the oldest say nothing. */
static bool is_keyboard(const u8 id[2])
{
	return id[0] == 0xab || id[0] == 0xac || id[0] == 0x2b || id[0] == 0x5d || id[0] == 0x60 ||
	       id[0] == 0x47;
}

bool ps2_keyboard_probe(struct i8042_port *p)
{
	u8 id[2];

	port = p;
	spin_init(&keyboard.lock);
	i8042_command(p, PS2_DISABLE, NULL, 0);
	if (i8042_command(p, PS2_IDENTIFY, id, sizeof(id)) == 0) {
		if (!is_keyboard(id)) {
			log_info("ps2_keyboard: %02x %02x is no keyboard", id[0], id[1]);
			return false;
		}
		keyboard.id.version = id[0] << 8 | id[1];
	} else if (!command(CMD_LEDS, 0)) {
		return false;
	}
	if (!set_up())
		log_warn("ps2_keyboard: the keyboard refuses its settings");
	for (unsigned i = 0; i < KEYCODES; i++) {
		keycodes[i] = scancode_default_key(i);
		if (keycodes[i])
			bitmap_set(keyboard.keys, keycodes[i]);
	}
	bitmap_set(keyboard.types, EV_KEY);
	bitmap_set(keyboard.types, EV_MSC);
	bitmap_set(keyboard.types, EV_LED);
	bitmap_set(keyboard.types, EV_REP);
	bitmap_set(keyboard.misc, MSC_SCAN);
	bitmap_set(keyboard.leds, LED_NUML);
	bitmap_set(keyboard.leds, LED_CAPSL);
	bitmap_set(keyboard.leds, LED_SCROLLL);
	work_init(&leds_work, set_leds);
	work_init(&again_work, set_up_again);
	work_init(&repeat_work, set_repeat);
	if (input_register(&keyboard))
		return false;
	p->receive = receive;
	return true;
}
