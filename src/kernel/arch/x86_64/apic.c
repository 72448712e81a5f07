/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: acknowledges interrupts, sends them to other CPUs, has the
 * one-shot timer.  Its registers are MSRs in x2APIC mode (used where the CPU has it), else a
 * page of memory.  SDM vol. 3, chapter 11.
 *
 * Without an I/O APIC the 8259 stays in charge and comes in through LINT0 as
 * "external interrupt" (virtual wire).
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/io.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/upcall.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <drivers/acpi/tables.h>
#include <mm/kmap.h>

#define APIC_PHYS_DEFAULT 0xfee00000UL
#define APIC_BASE_X2 (1UL << 10)
#define APIC_BASE_ENABLE (1UL << 11)

enum apic_register {
	APIC_ID = 0x20,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ESR = 0x280,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};
#define SVR_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_NMI 0x400
#define LVT_EXTINT 0x700
#define LVT_LOW 0x2000
#define LVT_LEVEL 0x8000
#define LVT_DEADLINE 0x40000
#define ICR_BUSY 0x1000
#define ICR_SELF 0x40000
#define DIVIDE_BY_16 3

bool apic_present;
u64 tsc_hz;
static bool x2apic, deadline;      /* immutable after apic_init */
static u8 *apic_mmio;
static u32 apic_ids[MAX_CPUS];
static u64 timer_hz;               /* of the counter, after division */
static u64 timer_mult;             /* ticks per ns, 32 fraction bits */
static const struct acpi_madt_info *madt_info; /* immutable after apic_init; may be NULL */

static always_inline u32 apic_read(enum apic_register reg)
{
	return x2apic ? (u32)msr_read(MSR_X2APIC + reg / 16) : mmio_read32(apic_mmio + reg);
}

static always_inline void apic_write(enum apic_register reg, u32 v)
{
	if (x2apic)
		msr_write(MSR_X2APIC + reg / 16, v);
	else
		mmio_write32(apic_mmio + reg, v);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

u32 apic_id_of(unsigned cpu)
{
	return apic_ids[cpu];
}

void apic_set_id(unsigned cpu, u32 apic_id)
{
	apic_ids[cpu] = apic_id;
}

bool apic_can_address(u32 apic_id)
{
	return x2apic ? apic_id != ~0U : apic_id < 0xff; /* all ones: broadcast */
}

void apic_send_to(u32 apic_id, u32 icr_low)
{
	IRQ_GUARD();

	if (x2apic) {
		__asm__ volatile("mfence; lfence" ::: "memory"); /* stores first: WRMSR does not wait */
		msr_write(MSR_X2APIC + APIC_ICR / 16, (u64)apic_id << 32 | icr_low);
		return;
	}
	while (apic_read(APIC_ICR) & ICR_BUSY)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR, icr_low);
}

void apic_send(unsigned cpu, u32 icr_low)
{
	apic_send_to(apic_ids[cpu], icr_low);
}

/* By shorthand, so that a send that an NMI has interrupted keeps its destination. */
void apic_send_self(unsigned vector)
{
	if (x2apic)
		msr_write(MSR_X2APIC + APIC_ICR / 16, ICR_SELF | APIC_ICR_FIXED | vector);
	else
		apic_write(APIC_ICR, ICR_SELF | APIC_ICR_FIXED | vector);
}

void apic_error_interrupt(void)
{
	apic_write(APIC_ESR, 0);
	log_warn("apic: CPU %u: error %#x", cpu_id(), apic_read(APIC_ESR));
}

static u32 acpi_uid_of(u32 apic_id)
{
	for (u32 i = 0; madt_info && i < madt_info->cpu_count; i++)
		if (madt_info->cpus[i].apic_id == apic_id)
			return madt_info->cpus[i].uid;
	return ACPI_ALL_CPUS;
}

/*
 * LINT0 brings the 8259 to the boot CPU if there is no I/O APIC; NMI pins as the MADT says, else
 * LINT1 of the boot CPU.
 */
static void apic_set_pins(u32 apic_id, bool boot_cpu)
{
	const struct acpi_madt_info *madt = madt_info;
	u32 lint0 = boot_cpu && !(madt && madt->ioapic_count) ? LVT_EXTINT : LVT_MASKED;
	u32 lint1 = boot_cpu ? LVT_NMI : LVT_NMI | LVT_MASKED, uid = acpi_uid_of(apic_id);

	for (u32 i = 0; madt && i < madt->lapic_nmi_count; i++) {
		const struct acpi_lapic_nmi *n = &madt->lapic_nmis[i];
		u32 v = LVT_NMI | (n->active_low ? LVT_LOW : 0) | (n->level ? LVT_LEVEL : 0);

		if (n->uid != ACPI_ALL_CPUS && n->uid != 0xff && n->uid != uid)
			continue;
		if (n->lint == 0)
			lint0 = v;
		else
			lint1 = v;
	}
	apic_write(APIC_LVT_LINT0, lint0);
	apic_write(APIC_LVT_LINT1, lint1);
}

static void timer_init(void)
{
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | (deadline ? LVT_DEADLINE : 0));
	if (deadline)
		__asm__ volatile("mfence" ::: "memory"); /* before the first deadline */
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}

static u32 own_id(void)
{
	return x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

/* This CPU's local APIC, in the mode that the boot CPU has chosen. */
static void apic_enable(void)
{
	u64 base = msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	msr_write(MSR_APIC_BASE, base);
	if (x2apic)
		msr_write(MSR_APIC_BASE, base | APIC_BASE_X2);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
}

static void apic_setup(bool boot_cpu)
{
	apic_set_pins(own_id(), boot_cpu);
	apic_write(APIC_ESR, 0);
	timer_init();
	apic_eoi();
}

void apic_init(const struct acpi_madt_info *madt)
{
	u64 phys = madt && madt->lapic_phys ? madt->lapic_phys : APIC_PHYS_DEFAULT;

	if (!(cpuid(1, 0).edx >> 9 & 1))
		panic("this CPU has no local APIC");
	madt_info = madt;
	x2apic = cpu_has(FEATURE_X2APIC) || (msr_read(MSR_APIC_BASE) & APIC_BASE_X2);
	deadline = cpu_has(FEATURE_TSC_DEADLINE);
	if (!x2apic) {
		apic_mmio = kmap_mmio(PADDR(phys), PAGE_SIZE, KMAP_WRITE | KMAP_UNCACHED);
		VERIFY(apic_mmio != NULL);
	}
	apic_enable();
	apic_ids[0] = own_id();
	apic_setup(true);
	apic_present = true;
	log_info("apic: id %u, %s%s", apic_ids[0], x2apic ? "x2apic" : "xapic",
		 deadline ? ", TSC deadline timer" : "");
}

bool apic_init_cpu(void)
{
	apic_enable();
	if (own_id() != apic_ids[cpu_id()])
		return false;
	apic_setup(false);
	return true;
}

static void timer_set_rate(u64 hz)
{
	timer_hz = hz;
	timer_mult = mul_div(hz, 1UL << 32, NSEC_PER_SEC);
}

/* A reading of the reference and the TSC at one moment, as close as five tries get. */
struct sample {
	u64 ref, tsc;
	u32 timer;
};

static struct sample take_sample(u64 (*read_ref)(void))
{
	struct sample best = { 0 };
	u64 least = ~0UL;

	for (int i = 0; i < 5; i++) {
		u64 before = cycles_now(), ref = read_ref(), after = cycles_now();

		if (after - before < least) {
			least = after - before;
			best = (struct sample){ ref, before + least / 2,
						apic_present ? apic_read(APIC_TIMER_CURRENT) : 0 };
		}
	}
	return best;
}

#define CALIBRATION_HZ 66 /* its inverse is how long the measurement takes */

u64 clock_calibrate(u64 (*read_ref)(void), u64 ref_hz, unsigned ref_bits)
{
	u64 mask = ref_bits >= 64 ? ~0UL : (1UL << ref_bits) - 1;
	u64 wanted = ref_hz / CALIBRATION_HZ, passed;
	bool with_timer = apic_present && !deadline;
	struct sample a, b;
	IRQ_GUARD();

	if (with_timer) {
		apic_write(APIC_LVT_TIMER, VECTOR_TIMER | LVT_MASKED);
		apic_write(APIC_TIMER_INITIAL, ~0U);
	}
	a = take_sample(read_ref);
	while (((read_ref() - a.ref) & mask) < wanted)
		cpu_relax();
	b = take_sample(read_ref);
	passed = (b.ref - a.ref) & mask;
	tsc_hz = mul_div(b.tsc - a.tsc, ref_hz, passed);
	if (with_timer) {
		apic_write(APIC_TIMER_INITIAL, 0);
		apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
		timer_set_rate((u64)(a.timer - b.timer) * ref_hz / passed);
	} else if (deadline) {
		timer_set_rate(tsc_hz);
	}
	log_info("clock: TSC %lu.%03lu MHz, local timer %lu.%03lu MHz", tsc_hz / 1000000,
		 tsc_hz / 1000 % 1000, timer_hz / 1000000, timer_hz / 1000 % 1000);
	return tsc_hz;
}

/* The interrupt controllers came up after the TSC was calibrated: 5 ms against it. */
static void timer_calibrate_by_tsc(void)
{
	u64 start, ticks;

	VERIFY_OP(tsc_hz, !=, 0);
	if (deadline) {
		timer_set_rate(tsc_hz);
		return;
	}
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | LVT_MASKED);
	apic_write(APIC_TIMER_INITIAL, ~0U);
	start = cycles_now();
	while (cycles_now() - start < tsc_hz / 200)
		cpu_relax();
	ticks = ~0U - apic_read(APIC_TIMER_CURRENT);
	timer_set_rate(ticks * tsc_hz / (cycles_now() - start));
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

u64 clock_tsc_hz_from_cpu(void)
{
	struct cpuid c;

	if (cpu_identity.max_leaf < 0x15)
		return 0;
	c = cpuid(0x15, 0);
	if (!c.eax || !c.ebx || !c.ecx)
		return 0;
	return (u64)c.ecx * c.ebx / c.eax;
}

void local_timer_arm(u64 ns)
{
	unsigned __int128 ticks;

	if (unlikely(!timer_mult))
		timer_calibrate_by_tsc();
	if (ns < NSEC_PER_USEC)
		ns = NSEC_PER_USEC;
	ticks = (unsigned __int128)ns * timer_mult >> 32;
	if (deadline) {
		if (unlikely(ticks >> 62))
			ticks = 1UL << 62;
		msr_write(MSR_TSC_DEADLINE, cycles_now() + (u64)ticks);
		return;
	}
	if (unlikely(ticks >> 32))
		ticks = ~0U;
	apic_write(APIC_TIMER_INITIAL, (u32)ticks ? (u32)ticks : 1);
}

void local_timer_stop(void)
{
	if (deadline)
		msr_write(MSR_TSC_DEADLINE, 0);
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}
