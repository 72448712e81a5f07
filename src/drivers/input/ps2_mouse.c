/* SPDX-License-Identifier: MIT */
/*
 * A mouse on the controller's second port.  A packet:
 *
 *   0   y overflow, x overflow, y sign, x sign, 1, middle, right, left
 *   1   x, to the right
 *   2   y, upwards
 *   3   wheel, towards the user: 8 bits (IntelliMouse), or 4 bits and the buttons
 *       extra, side in bits 5 and 4 (IntelliMouse Explorer)
 *
 * A mouse turns into one with a wheel by a knock: three sample rates in a row that nobody would
 * set for their own sake.  What it is then, it says when asked.
 */
#include <drivers/input/i8042.h>

#include <debug/log.h>
#include <drivers/input/input.h>
#include <sched/workqueue.h>
#include <time/clock.h>

enum { CMD_RESOLUTION = 0xe8, CMD_RATE = 0xf3 };
enum { ID_PLAIN = 0, ID_WHEEL = 3, ID_EXPLORER = 4 };
enum { LEFT = 1, RIGHT = 2, MIDDLE = 4, ALWAYS = 8, X_SIGN = 16, Y_SIGN = 32, OVERFLOW = 0xc0,
       SIDE = 16, EXTRA = 32 /* in byte 3 */ };
enum { RATE = 100 /* packets a second */, RESOLUTION_8_MM = 3 };

#define PACKET_GAP_NS (500 * NSEC_PER_MSEC) /* after that a byte begins a packet */

static struct i8042_port *port;     /* imm after probe */
static u8 kind;                     /* ID_*; changes only while the mouse is disabled */
static u8 packet[4], have;          /* the controller's lock */
static u64 last_byte_ns;
static struct work again_work;

static struct input_device mouse = {
	.name = "PS/2 Generic Mouse",
	.phys = "isa0060/serio1/input0",
	.parent = "devices/platform/i8042/serio1",
	.id = { BUS_I8042, 2, 1, 0 },
};

static s32 wheel(u8 byte)
{
	if (kind == ID_WHEEL)
		return (s8)byte;
	return kind == ID_EXPLORER ? (s32)(byte & 15) - ((byte & 8) << 1) : 0;
}

static void report_packet(const u8 *p)
{
	if (!(p[0] & OVERFLOW)) { /* else the motion is not known */
		input_report(&mouse, EV_REL, REL_X, p[1] - (p[0] & X_SIGN ? 256 : 0));
		input_report(&mouse, EV_REL, REL_Y, -(p[2] - (p[0] & Y_SIGN ? 256 : 0)));
	}
	input_report(&mouse, EV_REL, REL_WHEEL, -wheel(p[3]));
	input_report(&mouse, EV_KEY, BTN_LEFT, !!(p[0] & LEFT));
	input_report(&mouse, EV_KEY, BTN_RIGHT, !!(p[0] & RIGHT));
	input_report(&mouse, EV_KEY, BTN_MIDDLE, !!(p[0] & MIDDLE));
	if (kind == ID_EXPLORER) {
		input_report(&mouse, EV_KEY, BTN_SIDE, !!(p[3] & SIDE));
		input_report(&mouse, EV_KEY, BTN_EXTRA, !!(p[3] & EXTRA));
	}
	input_sync(&mouse);
}

static void receive(u8 byte)
{
	u64 now = clock_monotonic_ns();

	if (now - last_byte_ns > PACKET_GAP_NS)
		have = 0;
	last_byte_ns = now;
	if (!have && !(byte & ALWAYS)) /* not a packet's first byte: we are out of step */
		return;
	packet[have++] = byte;
	if (have == 2 && packet[0] == PS2_TESTED && packet[1] == ID_PLAIN) { /* plugged in anew */
		have = 0;
		work_queue(&again_work);
		return;
	}
	if (have < (kind == ID_PLAIN ? 3 : 4))
		return;
	have = 0;
	report_packet(packet);
}

static bool command(u8 byte, u8 parameter)
{
	return i8042_command(port, byte, NULL, 0) == 0 && i8042_command(port, parameter, NULL, 0) == 0;
}

/* The ID after knocking with three rates. */
static u8 knock(u8 a, u8 b, u8 c)
{
	u8 id;

	if (!command(CMD_RATE, a) || !command(CMD_RATE, b) || !command(CMD_RATE, c) ||
	    i8042_command(port, PS2_IDENTIFY, &id, 1))
		return ID_PLAIN;
	return id;
}

static bool set_up(void)
{
	u8 id;

	/* Defaults include that it sends nothing until it is enabled. */
	if (i8042_command(port, PS2_DEFAULTS, NULL, 0) || i8042_command(port, PS2_IDENTIFY, &id, 1))
		return false;
	id = knock(200, 100, 80);
	if (id == ID_WHEEL && knock(200, 200, 80) == ID_EXPLORER)
		id = ID_EXPLORER;
	kind = id == ID_WHEEL || id == ID_EXPLORER ? id : ID_PLAIN;
	return command(CMD_RATE, RATE) && command(CMD_RESOLUTION, RESOLUTION_8_MM) &&
	       i8042_command(port, PS2_ENABLE, NULL, 0) == 0;
}

static void set_up_again(struct work *w)
{
	set_up();
}

bool ps2_mouse_probe(struct i8042_port *p)
{
	static const char *const names[] = {
		[ID_PLAIN] = "PS/2 Generic Mouse",
		[ID_WHEEL] = "ImPS/2 Generic Wheel Mouse",
		[ID_EXPLORER] = "ImExPS/2 Generic Explorer Mouse",
	};

	port = p;
	if (!set_up())
		return false;
	mouse.name = names[kind];
	mouse.id.product = kind == ID_PLAIN ? 1 : kind == ID_WHEEL ? 5 : 6; /* as Linux numbers them */
	bitmap_set(mouse.types, EV_KEY);
	bitmap_set(mouse.types, EV_REL);
	bitmap_set(mouse.axes, REL_X);
	bitmap_set(mouse.axes, REL_Y);
	bitmap_set(mouse.keys, BTN_LEFT);
	bitmap_set(mouse.keys, BTN_RIGHT);
	bitmap_set(mouse.keys, BTN_MIDDLE);
	if (kind != ID_PLAIN)
		bitmap_set(mouse.axes, REL_WHEEL);
	if (kind == ID_EXPLORER) {
		bitmap_set(mouse.keys, BTN_SIDE);
		bitmap_set(mouse.keys, BTN_EXTRA);
	}
	work_init(&again_work, set_up_again);
	if (input_register(&mouse))
		return false;
	p->receive = receive;
	return true;
}
