/* SPDX-License-Identifier: MIT */
/*
 * The 8254 timer's channel 0, which counts down from 65536 for ever (mode 2);
 * read by latching.  Its interrupt is not used.
 */
#include <drivers/time/sources.h>

#include <arch/io.h>
#include <sync/spinlock.h>
#include <time/clock.h>

#define PIT_CHANNEL_0 0x40
#define PIT_COMMAND 0x43
#define PIT_LATCH_0 0x00
#define PIT_MODE_2_CHANNEL_0 0x34 /* low byte, then high byte */
#define PIT_HZ 1193182

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off; the latch and the byte order */

static u64 pit_read(void)
{
	IRQSPIN_GUARD(&lock);
	u32 count;

	io_out8(PIT_COMMAND, PIT_LATCH_0);
	count = io_in8(PIT_CHANNEL_0);
	count |= (u32)io_in8(PIT_CHANNEL_0) << 8;
	return (0x10000 - count) & 0xffff;
}

static struct clock_source pit_source = {
	.name = "pit",
	.read = pit_read,
	.hz = PIT_HZ,
	.bits = 16,
	.rating = 110,
};

static bool pit_counts(void)
{
	u64 start = pit_read();

	for (unsigned i = 0; i < 1000; i++)
		if (pit_read() != start)
			return true;
	return false;
}

void pit_init(void)
{
	io_out8(PIT_COMMAND, PIT_MODE_2_CHANNEL_0);
	io_out8(PIT_CHANNEL_0, 0);
	io_out8(PIT_CHANNEL_0, 0);
	if (pit_counts())
		clock_source_register(&pit_source);
}
