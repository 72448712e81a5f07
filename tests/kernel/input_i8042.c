/* SPDX-License-Identifier: MIT */
/* Keyboard controllers that are missing, broken, halved, or noisy. */
#include <debug/selftest.h>
#include <drivers/input/i8042.h>
#include <lib/string.h>

enum { DATA = 0x60, STATUS = 0x64 };

/* What the controller under test does. */
static struct {
	bool absent;        /* nothing decodes the ports */
	bool stuck_full;    /* there is always a byte to read */
	bool never_ready;   /* it takes no byte */
	bool no_answer;
	int self_test;      /* its answer */
	unsigned refusals;  /* self-tests that fail before that one */
	bool no_aux;
	unsigned noise;     /* bytes typed before we came */
	u8 config, queue[8];
	unsigned queued;
	bool config_follows;
} fake;

static void answer(u8 byte)
{
	if (!fake.no_answer && fake.queued < sizeof(fake.queue))
		fake.queue[fake.queued++] = byte;
}

static u8 fake_in(u16 port)
{
	if (fake.absent)
		return 0xff;
	if (port == STATUS)
		return (fake.queued || fake.noise || fake.stuck_full ? 1 : 0) | (fake.never_ready ? 2 : 0);
	if (fake.noise) {
		fake.noise--;
		return 0x1c;
	}
	if (!fake.queued)
		return 0;
	u8 byte = fake.queue[0];
	memmove(fake.queue, fake.queue + 1, --fake.queued);
	return byte;
}

static void fake_out(u16 port, u8 byte)
{
	if (port == DATA) {
		if (fake.config_follows)
			fake.config = byte;
		fake.config_follows = false;
		return;
	}
	switch (byte) {
	case 0x20: answer(fake.config); break;
	case 0x60: fake.config_follows = true; break;
	case 0xa7: fake.config |= 0x20; break;
	case 0xa8: fake.config &= fake.no_aux ? 0xff : ~0x20; break;
	case 0xa9: answer(0); break;
	case 0xaa:
		answer(fake.refusals ? 0xfc : fake.self_test);
		fake.refusals -= fake.refusals > 0;
		break;
	default: break;
	}
}

static void fake_wait(unsigned us)
{
}

static unsigned ports(void)
{
	static const struct i8042_io io = { fake_in, fake_out, fake_wait };
	unsigned n = i8042_ports(&io);

	memset(&fake, 0, sizeof(fake));
	fake.self_test = 0x55;
	fake.config = 0x67;
	return n;
}

SELFTEST(input_i8042_controllers)
{
	(void)ports(); /* sets `fake` up */
	CHECK(ports() == 2);
	fake.no_aux = true;
	CHECK(ports() == 1);
	fake.absent = true;
	CHECK(ports() == 0);
	fake.stuck_full = true;
	CHECK(ports() == 0);
	fake.never_ready = true;
	CHECK(ports() == 0);
	fake.no_answer = true;
	CHECK(ports() == 0);
	fake.refusals = 2;
	CHECK(ports() == 2);
	fake.self_test = 0xfc; /* it fails for good, and works */
	CHECK(ports() == 2);
	fake.noise = 40; /* somebody leans on the keyboard */
	CHECK(ports() == 2);
	fake.noise = 1000000;
	CHECK(ports() == 0);
}
