/* SPDX-License-Identifier: MIT */
/* The PC's keyboard controller: two lines, for a keyboard and a mouse. */
#pragma once

#include <lib/types.h>
#include <sched/wait.h>

enum { I8042_REPLY_MAX = 4 };

struct i8042_port {
	const char *name;   /* imm */
	bool aux;           /* imm: the second port */
	/*
	 * A byte that is no answer to a command. Interrupts off, the controller's lock held: no
	 * i8042_* functions.  NULL: nobody is there.
	 */
	void (*receive)(u8 byte); /* set by the driver, for good */

	/* The command under way; the controller's lock. */
	bool want_ack;
	u8 ack;             /* what came: ACK, RESEND; 0: nothing yet */
	u8 want;            /* bytes of the reply still to come */
	u8 got;
	u8 reply[I8042_REPLY_MAX];
	struct wait_queue wait;
};

/* What every PS/2 device understands and sends. */
enum { PS2_IDENTIFY = 0xf2, PS2_ENABLE = 0xf4, PS2_DISABLE = 0xf5, PS2_DEFAULTS = 0xf6,
       PS2_TESTED = 0xaa, PS2_ACK = 0xfa, PS2_RESEND = 0xfe };

/*
 * Sends a byte to the device and waits for it to be acknowledged, then for n more bytes.  Sleeps;
 * one caller at a time for each port.  -EIO: refused; -ETIMEDOUT.
 */
int i8042_command(struct i8042_port *port, u8 byte, u8 *reply, size_t n);
/* Finds the controller, then asks the drivers to look at their ports. Boot, once; sleeps. */
void i8042_init(void);

/* How a controller's ports are reached; wait_us is called between looks at them. */
struct i8042_io {
	u8 (*in)(u16 port);
	void (*out)(u16 port, u8 byte);
	void (*wait_us)(unsigned us);
};
/* How many ports a controller has, found as at boot: 0 (no controller), 1, 2. For self-tests. */
unsigned i8042_ports(const struct i8042_io *of);

/* The drivers: true when their device is there (its `receive` is set then). */
bool ps2_keyboard_probe(struct i8042_port *port);
bool ps2_mouse_probe(struct i8042_port *port);
