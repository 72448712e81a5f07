/* SPDX-License-Identifier: MIT */
/*
 * The end: says what happened, stops the machine.  A panic inside the panic
 * prints its reason alone and stops; a panic on another CPU waits for ever.
 */
#include <arch/backtrace.h>
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <debug/symbols.h>
#include <lib/format.h>
#include <sync/atomic.h>

int panic_timeout;
bool panic_in_progress, machine_stopping;
void (*panic_describe_task)(unsigned cpu);
void (*panic_notify)(void);

static u32 panic_cpu_plus_1; /* atomic */
static u32 panic_depth;      /* the panicking CPU only */

static void backtrace_line(void *ctx, u64 ip)
{
	char name[80];

	log_printf(*(enum log_level *)ctx, "  %016lx %s", ip, symbol_name(ip, name, sizeof(name)));
}

static void backtrace_log_at(enum log_level level, const struct regs *r)
{
	log_printf(level, "backtrace:");
	backtrace_walk(r, backtrace_line, &level);
}

void backtrace_log(const struct regs *r)
{
	backtrace_log_at(LOG_WARN, r);
}

/* Cycles stand for nanoseconds where there is no clock yet: the wait is then a little short. */
static void wait_seconds(u64 seconds)
{
	u64 (*now)(void) = log_clock_ns ? log_clock_ns : cycles_now;
	u64 end = now() + seconds * NSEC_PER_SEC;

	while (now() < end)
		cpu_relax();
}

static noreturn void panic_end(void)
{
	void (*notify)(void) = panic_notify;

	panic_notify = NULL;
	if (notify) /* all has been said: this may be the last that the machine does */
		notify();
	if (panic_timeout > 0) {
		log_emerg("reset in %d seconds", panic_timeout);
		wait_seconds(panic_timeout);
	}
	if (panic_timeout)
		cpu_reset();
	log_emerg("halted");
	cpu_halt_forever();
}

static void panic_claim(void)
{
	u32 me = cpu_id() + 1, owner = 0;

	irq_disable();
	if (!atomic_cas(&panic_cpu_plus_1, &owner, me) && owner != me)
		cpu_halt_forever();
	panic_in_progress = machine_stopping = true;
	panic_depth++;
}

/* Where the other CPUs were. */
static void describe_others(void)
{
	enum log_level level = LOG_EMERG;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const struct regs *r = ipi_stopped_at(cpu);
		u64 ip;

		if (cpu == cpu_id())
			continue;
		if (panic_describe_task)
			panic_describe_task(cpu);
		if (!r) {
			log_emerg("  it does not stop, not even for an NMI");
		} else if (regs_user_ip(r, &ip)) {
			log_emerg("  in user mode at %#lx", ip);
		} else {
			log_emerg("backtrace:");
			backtrace_walk_stopped(cpu, r, backtrace_line, &level);
		}
	}
}

static noreturn void panic_v(const struct regs *r, const char *fmt, va_list ap)
{
	char reason[256];

	panic_claim();
	vsnprintf(reason, sizeof(reason), fmt, ap);
	if (panic_depth > 3)
		cpu_halt_forever();
	log_console_level = LOG_DEBUG + 1;
	log_emerg("panic: %s", reason);
	if (panic_depth > 1)
		panic_end();
	ipi_stop_others();
	if (panic_describe_task)
		panic_describe_task(cpu_id());
	else
		log_emerg("CPU %u", cpu_id());
	if (r)
		regs_log(r);
	backtrace_log_at(LOG_EMERG, r);
	describe_others();
	panic_end();
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_v(NULL, fmt, ap);
}

void panic_regs(const struct regs *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_v(r, fmt, ap);
}
