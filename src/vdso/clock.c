/* SPDX-License-Identifier: MIT */
/*
 * The vDSO: clocks without a system call.  This runs in user mode, in every program.
 *
 * The kernel's parameters lie in clock_page, read-only, in the page below the image.  They are
 * read between two equal even values of its sequence count; the arithmetic is
 * the kernel's, bit for bit, so that times taken here and by system calls are in order.
 *
 * Whenever there is doubt the kernel is asked: for clocks that are not computed
 * from the monotonic one, and while the count is odd.  It is odd for a moment while the parameters
 * change and all the time while the clock is not the TSC, so nothing ever waits here.
 */
#pragma GCC visibility push(hidden)
#include <time/clock.h>
#pragma GCC visibility pop

#include <asm/unistd.h>
#include <linux/time.h>

#define CPU_NUMBER_SELECTOR 0x7b /* arch/x86_64/internal.h */

#define EXPORT(name) \
	__attribute__((visibility("default"), alias("__vdso_" #name))) __typeof__(__vdso_##name) name
#define ENTRY __attribute__((visibility("default")))

#define BIT(clock) (1U << (clock))
#define REAL (BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI))
#define FINE (REAL | BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) | BIT(CLOCK_BOOTTIME))
#define COARSE (BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_MONOTONIC_COARSE))

static long ask_kernel(long call, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(call), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

/* Any number may come; one that is no clock is in no set. */
static always_inline bool is_one_of(int clock, u32 set)
{
	return (u32)clock < 32 && (set >> clock & 1);
}

/* The counter, read after all loads before this. */
static always_inline u64 counter(void)
{
	u32 low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) :: "memory");
	return (u64)high << 32 | low;
}

/* The barrier is for the compiler; the CPU keeps loads in order. */
static always_inline bool unchanged(u32 seq)
{
	__asm__ volatile("" ::: "memory");
	return likely(READ_ONCE(clock_page.seq) == seq);
}

/* False: the kernel has to be asked. */
static always_inline bool read_fine(bool real, u64 *ns)
{
	u32 seq = READ_ONCE(clock_page.seq);
	u64 cycles = counter();

	*ns = clock_page.base_ns +
	      (u64)((unsigned __int128)(cycles - clock_page.base_cycles) * clock_page.mult >> 32);
	if (real)
		*ns += clock_page.realtime_offset;
	return likely(!(seq & 1)) && unchanged(seq);
}

static always_inline bool read_coarse(bool real, u64 *ns)
{
	u32 seq = READ_ONCE(clock_page.seq);

	__asm__ volatile("" ::: "memory");
	*ns = READ_ONCE(clock_page.coarse_monotonic);
	if (real)
		*ns += clock_page.realtime_offset;
	return likely(!(seq & 1)) && unchanged(seq);
}

static always_inline int put(struct __kernel_timespec *out, u64 ns)
{
	u64 seconds = ns / NSEC_PER_SEC;

	out->tv_sec = (s64)seconds;
	out->tv_nsec = (s64)(ns - seconds * NSEC_PER_SEC);
	return 0;
}

ENTRY int __vdso_clock_gettime(int clock, struct __kernel_timespec *out)
{
	u64 ns;

	if (likely(clock == CLOCK_MONOTONIC)) {
		if (read_fine(false, &ns))
			return put(out, ns);
	} else if (is_one_of(clock, FINE)) {
		if (read_fine(is_one_of(clock, REAL), &ns))
			return put(out, ns);
	} else if (is_one_of(clock, COARSE)) {
		if (read_coarse(clock == CLOCK_REALTIME_COARSE, &ns))
			return put(out, ns);
	}
	return (int)ask_kernel(__NR_clock_gettime, clock, (long)out, 0);
}

ENTRY int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	u64 ns = 0;

	if (tv && !read_fine(true, &ns))
		return (int)ask_kernel(__NR_gettimeofday, (long)tv, (long)tz, 0);
	if (tv) {
		u64 seconds = ns / NSEC_PER_SEC;

		tv->tv_sec = (s64)seconds;
		tv->tv_usec = (s64)((u32)(ns - seconds * NSEC_PER_SEC) / (u32)NSEC_PER_USEC);
	}
	if (tz)
		tz->tz_minuteswest = tz->tz_dsttime = 0;
	return 0;
}

ENTRY __kernel_time_t __vdso_time(__kernel_time_t *out)
{
	u64 ns;

	if (!read_fine(true, &ns))
		return ask_kernel(__NR_time, (long)out, 0, 0);
	__kernel_time_t seconds = (__kernel_time_t)(ns / NSEC_PER_SEC);
	if (out)
		*out = seconds;
	return seconds;
}

ENTRY int __vdso_clock_getres(int clock, struct __kernel_timespec *out)
{
	if (!is_one_of(clock, FINE | COARSE))
		return (int)ask_kernel(__NR_clock_getres, clock, (long)out, 0);
	return out ? put(out, is_one_of(clock, COARSE) ? CLOCK_COARSE_NS : 1) : 0;
}

/* The limit of a segment that the kernel makes for this is the CPU's number; there is one node. */
ENTRY int __vdso_getcpu(unsigned *cpu, unsigned *node, void *cache unused)
{
	u32 number;

	__asm__ volatile("lsl %1, %0" : "=r"(number) : "r"((u32)CPU_NUMBER_SELECTOR) : "cc");
	if (cpu)
		*cpu = number;
	if (node)
		*node = 0;
	return 0;
}

EXPORT(clock_gettime);
EXPORT(gettimeofday);
EXPORT(time);
EXPORT(clock_getres);
EXPORT(getcpu);
