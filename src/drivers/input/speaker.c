/* SPDX-License-Identifier: MIT */
/*
 * The second output of the timer chip's channel 2 moves the speaker while two bits of port 0x61 are set: one
 * lets the channel count, the other connects it.  Nothing says whether there is a speaker.
 */
#include <drivers/input/speaker.h>

#include <arch/io.h>
#include <lib/compiler.h>
#include <sync/spinlock.h>
#include <time/clock.h>
#include <time/timer.h>

enum { CHANNEL_2 = 0x42, CHIP_COMMAND = 0x43, SQUARE_WAVE_ON_2 = 0xb6, GATE = 0x61, GATE_BITS = 3 };
enum { CHIP_HZ = 1193182, LOWEST_HZ = 20, HIGHEST_HZ = 32767 };

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off */
static struct timer off_timer;          /* lock */
static bool timer_ready;                /* lock */

static void silence(void)
{
	io_out8(GATE, io_in8(GATE) & ~GATE_BITS);
}

static void off(struct timer *t)
{
	SPIN_GUARD(&lock);

	if (!timer_pending(&off_timer)) /* else another tone has begun */
		silence();
}

void speaker_tone(unsigned hz, unsigned ms)
{
	IRQSPIN_GUARD(&lock);

	if (!timer_ready)
		timer_init(&off_timer, off);
	timer_ready = true;
	timer_cancel(&off_timer);
	if (hz < LOWEST_HZ || hz > HIGHEST_HZ) {
		silence();
		return;
	}
	unsigned divisor = CHIP_HZ / hz;
	io_out8(CHIP_COMMAND, SQUARE_WAVE_ON_2);
	io_out8(CHANNEL_2, divisor);
	io_out8(CHANNEL_2, divisor >> 8);
	io_out8(GATE, io_in8(GATE) | GATE_BITS);
	if (ms)
		timer_start(&off_timer, clock_monotonic_ns() + ms * NSEC_PER_MSEC);
}
