/* SPDX-License-Identifier: MIT */
/*
 * The start of the other CPUs (SDM vol. 3, section 9.4; MultiProcessor specification, appendix B).
 *
 * Whoever reads the firmware's tables names the CPUs that there are, by APIC id (cpu_found).  The
 * boot CPU, in a thread that may sleep, starts them one after the other:
 *
 *	boot CPU                                   other CPU
 *	INIT to all, 10 ms                         waits for a start-up IPI
 *	per-CPU area, stacks, idle task
 *	box: id, stack, GS base; OFFERED
 *	start-up IPI (a second one if need be)     trampoline: takes the box         TAKEN
 *	                                           tables, features, control registers,
 *	                                           local APIC, system-call MSRs      READY
 *	both: the check of the TSCs (tsc_sync.c)
 *	cpu_count++                                sees itself counted: idles
 *
 * Invariants:
 *
 *  1. CPUs are numbered in the order in which they came, without holes: 0 .. cpu_count - 1
 *     are online, and nothing else of the kernel's knows of a CPU that is not.  The count
 *     only grows, and only the boot CPU changes it.
 *  2. Until it is counted a CPU takes no lock, logs nothing, and is interrupted by nobody.
 *  3. A CPU that does not take the box in time cannot do so later: the offer is withdrawn by
 *     compare-and-swap, and INIT puts it back to waiting.  Its area serves the next one.  Once the box
 *     is taken, area and stacks are its own for ever, also if it gets no further.
 *  4. The kernel was patched for what the boot CPU can do (alternatives.h), so a CPU that
 *     lacks any of that is left out, and says which.  What it has more is not used.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/irqflags.h>
#include <arch/upcall.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/fpu.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <arch/x86_64/pte.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <mm/frame.h>
#include <sync/atomic.h>
#include <time/clock.h>

#define INIT_DELAY_US 10000
#define SECOND_SIPI_US 1000
#define ANSWER_US 2000000UL  /* to take the box: an emulator's threads may be late */
#define READY_US 10000000UL
#define CANDIDATES_MAX 512

/* Known to trampoline.asm; REFUSED with `why` 0: no long mode or no NX. */
enum start_state { START_NONE, START_OFFERED, START_TAKEN, START_READY, START_REFUSED };
struct start_box {
	u32 state;      /* atomic: enum start_state */
	u32 apic_id;
	u32 start_root; /* the page tables of the first steps */
	u32 why;        /* of REFUSED: enum refusal */
	u64 stack, gs_base, kernel_root;
};
BUILD_ASSERT(sizeof(struct start_box) == 40);

enum refusal { REFUSED_LONG_MODE, REFUSED_FEATURES, REFUSED_VECTOR_STATE, REFUSED_APIC };

extern const u8 trampoline_start[], trampoline_end[], trampoline_box[], trampoline_gdt[],
	trampoline_gdt_base[], trampoline_far32[], trampoline_far64[], trampoline_start32[],
	trampoline_start64[];
extern char percpu_start[], percpu_end[];

u64 cpu_start_page;
unsigned cpus_present = 1;

static u32 candidates[CANDIDATES_MAX]; /* APIC ids, the boot CPU's not among them */
static unsigned candidate_count;

static struct start_box *box; /* in the start page */

/* Page tables of the first steps: the first 2 MiB one to one, R-X, and the kernel's half. */
static u64 start_pml4[512] aligned_to(PAGE_SIZE), start_pdpt[512] aligned_to(PAGE_SIZE),
	start_pd[512] aligned_to(PAGE_SIZE);

/* What a CPU needs from us; kept for the next one if the CPU it was meant for did not come. */
static struct resources {
	u8 *area, *ist_stacks;
	u64 stack_top;
	unsigned cpu;
} spare;

/* Written by the CPU that is being started, read by the boot CPU. */
static u64 missing_features;
static bool mtrrs_differ;

/* --- The firmware's list ------------------------------------------------------------------------ */

void cpu_found(u32 apic_id)
{
	if (apic_id == apic_id_of(0))
		return;
	for (unsigned i = 0; i < candidate_count; i++)
		if (candidates[i] == apic_id)
			return;
	if (candidate_count < CANDIDATES_MAX)
		candidates[candidate_count++] = apic_id;
	cpus_present = candidate_count + 1;
}

/* --- The CPU that is started -------------------------------------------------------------------- */

static noreturn void refuse(enum refusal why)
{
	box->why = why;
	atomic_store(&box->state, START_REFUSED);
	cpu_halt_forever();
}

/* First C code on its stack, interrupts off, GS base set, the boot GDT in force. */
noreturn void smp_cpu_main(void)
{
	unsigned cpu;

	descriptors_init(*this_cpu_ptr(percpu_ist_stacks));
	idt_load();
	dr7_write(DR7_OFF);
	missing_features = cpu_features & ~cpu_features_read();
	if (missing_features)
		refuse(REFUSED_FEATURES);
	cpu_control_registers_init();
	if (!fpu_init_cpu())
		refuse(REFUSED_VECTOR_STATE);
	if (!apic_init_cpu())
		refuse(REFUSED_APIC);
	cpu_user_init();
	mtrrs_differ = !mtrr_as_boot_cpu();
	tsc_adjust_as_boot_cpu();
	atomic_store(&box->state, START_READY);
	tsc_sync_take_part();

	cpu = cpu_id();
	while (atomic_load(&cpu_count) <= cpu)
		cpu_relax();
	mce_init();
	upcall_cpu_started();
}

/* --- The boot CPU ------------------------------------------------------------------------------- */

static void copy_trampoline(void)
{
	u8 *page = phys_to_virt(PADDR(cpu_start_page));
	u32 at = (u32)cpu_start_page;

	BUILD_ASSERT(sizeof(u32) == 4);
	VERIFY_OP(trampoline_end - trampoline_start, <=, PAGE_SIZE);
	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
#define PATCH(where, target)                                                                       \
	do {                                                                                       \
		u32 v_ = at + (u32)((target) - trampoline_start);                                  \
		memcpy(page + ((where) - trampoline_start), &v_, sizeof(v_));                      \
	} while (0)
	PATCH(trampoline_gdt_base, trampoline_gdt);
	PATCH(trampoline_far32, trampoline_start32);
	PATCH(trampoline_far64, trampoline_start64);
#undef PATCH
	box = (struct start_box *)(page + (trampoline_box - trampoline_start));
	start_pd[0] = PTE_PRESENT | PTE_ACCESSED | PTE_HUGE;
	start_pdpt[0] = image_paddr(start_pd).raw | PTE_PRESENT;
	memcpy(start_pml4 + 256, (u64 *)phys_to_virt(kernel_root) + 256, PAGE_SIZE / 2);
	start_pml4[0] = image_paddr(start_pdpt).raw | PTE_PRESENT;
	box->start_root = (u32)image_paddr(start_pml4).raw;
	box->kernel_root = kernel_root.raw;
	VERIFY_OP(box->start_root, ==, image_paddr(start_pml4).raw); /* the image is below 4 GiB */
}

static u8 *pages_alloc(size_t size)
{
	unsigned order = 0;
	struct frame *f;

	while (PAGE_SIZE << order < size)
		order++;
	f = frame_alloc(order, ALLOC_ZERO);
	return f ? frame_virt(f) : NULL;
}

/* Fills `spare` for CPU number cpu_count, as far as it is empty. False: no memory. */
static bool resources_get(void)
{
	struct resources *r = &spare;

	if (!r->area)
		r->area = pages_alloc((size_t)(percpu_end - percpu_start));
	if (!r->ist_stacks)
		r->ist_stacks = pages_alloc(IST_COUNT * IST_STACK_SIZE);
	if (!r->area || !r->ist_stacks)
		return false;
	if (r->stack_top)
		return true;
	r->cpu = cpu_count;
	percpu_offset[r->cpu] = (u64)r->area - (u64)percpu_start;
	*per_cpu_ptr(percpu_self, r->cpu) = percpu_offset[r->cpu];
	*per_cpu_ptr(percpu_cpu_id, r->cpu) = r->cpu;
	*per_cpu_ptr(percpu_ist_stacks, r->cpu) = r->ist_stacks;
	r->stack_top = upcall_cpu_prepare(r->cpu);
	return r->stack_top != 0;
}

/* Waits until the box has left `state`; false: it has not within `us`. */
static bool state_left(enum start_state state, u64 us)
{
	u64 end = clock_monotonic_ns() + us * NSEC_PER_USEC;

	while (atomic_load(&box->state) == state) {
		if (clock_monotonic_ns() >= end)
			return false;
		cpu_relax();
	}
	return true;
}

static bool box_taken(u32 apic_id, u64 answer_us)
{
	u32 startup = APIC_ICR_STARTUP | (u32)(cpu_start_page >> PAGE_SHIFT), offered = START_OFFERED;

	for (unsigned i = 0; i < 2; i++) {
		apic_send_to(apic_id, startup);
		if (state_left(START_OFFERED, i ? answer_us : SECOND_SIPI_US))
			return true;
	}
	if (!atomic_cas(&box->state, &offered, START_NONE))
		return true; /* just so */
	apic_send_to(apic_id, APIC_ICR_INIT);
	return false;
}

static void log_refusal(u32 apic_id)
{
	switch ((enum refusal)box->why) {
	case REFUSED_LONG_MODE:
		log_warn("smp: the CPU with APIC id %u has no long mode or no NX; left out", apic_id);
		break;
	case REFUSED_FEATURES:
		log_warn("smp: the CPU with APIC id %u lacks features of the boot CPU (%#lx); left out",
			 apic_id, missing_features);
		break;
	case REFUSED_VECTOR_STATE:
		log_warn("smp: the CPU with APIC id %u has other vector state than the boot CPU; left out",
			 apic_id);
		break;
	case REFUSED_APIC:
		log_warn("smp: the CPU with APIC id %u calls itself by another id; left out", apic_id);
		break;
	}
}

/* The CPU has taken the box: `spare` is its own. */
static int cpu_admit(u32 apic_id)
{
	unsigned cpu = spare.cpu;

	spare = (struct resources){ 0 };
	if (!state_left(START_TAKEN, READY_US)) {
		log_err("smp: the CPU with APIC id %u began and went no further; left out", apic_id);
		return -EIO;
	}
	if (atomic_load(&box->state) == START_REFUSED) {
		log_refusal(apic_id);
		apic_send_to(apic_id, APIC_ICR_INIT);
		return -ENODEV;
	}
	{
		IRQ_GUARD();
		tsc_sync_check();
	}
	if (mtrrs_differ)
		log_warn("smp: CPU %u: its MTRRs differ from the boot CPU's and cannot be set", cpu);
	atomic_store(&box->state, START_NONE);
	VERIFY_OP(cpu, ==, cpu_count);
	atomic_store(&cpu_count, cpu + 1);
	return 0;
}

int cpu_start(u32 apic_id, u64 answer_us)
{
	if (!box)
		copy_trampoline();
	if (!resources_get())
		return -ENOMEM;
	apic_set_id(spare.cpu, apic_id);
	box->apic_id = apic_id;
	box->stack = spare.stack_top;
	box->gs_base = percpu_offset[spare.cpu];
	box->why = 0;
	tsc_sync_prepare();
	atomic_store(&box->state, START_OFFERED);
	if (!box_taken(apic_id, answer_us)) {
		log_warn("smp: the CPU with APIC id %u does not answer; left out", apic_id);
		return -ETIMEDOUT;
	}
	return cpu_admit(apic_id);
}

static void init_all(void)
{
	for (unsigned i = 0; i < candidate_count; i++)
		if (apic_can_address(candidates[i]))
			apic_send_to(candidates[i], APIC_ICR_INIT);
	delay_us(INIT_DELAY_US);
}

void cpus_start(unsigned limit)
{
	limit = min(limit, (unsigned)MAX_CPUS);
	if (!candidate_count)
		return;
	if (limit <= 1) {
		log_info("smp: %u of %u CPUs are used", cpu_count, cpus_present);
		return;
	}
	if (!cpu_start_page) {
		log_warn("smp: no free page below 1 MiB to start the other CPUs from");
		return;
	}
	mtrr_read_boot_cpu();
	init_all();
	for (unsigned i = 0; i < candidate_count && cpu_count < limit; i++) {
		if (!apic_can_address(candidates[i]))
			log_warn("smp: APIC id %u needs x2APIC mode; left out", candidates[i]);
		else if (cpu_start(candidates[i], ANSWER_US) == -ENOMEM)
			log_err("smp: no memory for CPU %u", cpu_count);
	}
	log_info("smp: %u of %u CPUs are used", cpu_count, cpus_present);
}
