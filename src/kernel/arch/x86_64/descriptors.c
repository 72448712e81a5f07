/* SPDX-License-Identifier: MIT */
/* GDT, TSS and IDT. */
#include <arch/cpu.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>

#define SEG_CODE 0x00209b0000000000ULL /* present, accessed, execute/read, 64-bit */
#define SEG_DATA 0x0000930000000000ULL /* present, accessed, read/write */
#define SEG_USER (3ULL << 45)
#define SEG_TSS 0x89ULL
#define SEG_LIMIT_ONLY 0x0040910000000000ULL /* present, accessed, read; the limit counts bytes */

PERCPU struct tss percpu_tss;
PERCPU static u64 percpu_gdt[CPU_NUMBER_SELECTOR / 8 + 1];
PERCPU u8 *percpu_ist_stacks;

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e
#define GATE_USER 0x60

static struct gate idt[256] aligned_to(16);

static void gdt_load(u64 *gdt)
{
	struct table_pointer p = { sizeof(percpu_gdt) - 1, (u64)gdt };

	__asm__ volatile("lgdt %0\n\t"
			 "push %1\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "lretq\n"
			 "1:\n\t"
			 "mov %2, %%ss\n\t"
			 "mov %3, %%ds\n\t"
			 "mov %3, %%es\n\t"
			 "mov %3, %%fs\n\t"
			 "ltr %4"
			 ::"m"(p), "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(0), "r"((u16)TSS_SELECTOR)
			 : "rax", "memory");
}

/* The GS selector is left alone: to load it would clear the GS base. */
void descriptors_init(u8 *ist_stacks)
{
	u64 *gdt = *this_cpu_ptr(percpu_gdt);
	struct tss *tss = this_cpu_ptr(percpu_tss);
	u64 base = (u64)tss;

	for (unsigned i = 0; i < IST_COUNT; i++) {
		u64 *top = (u64 *)(ist_stacks + (i + 1) * IST_STACK_SIZE - 16);

		top[0] = percpu_this_offset(); /* for entry.asm */
		top[1] = 0;
		tss->ist[i] = (u64)top;
	}
	*this_cpu_ptr(percpu_ist_stacks) = ist_stacks;
	tss->io_map = sizeof(*tss);
	gdt[KERNEL_CS / 8] = SEG_CODE;
	gdt[KERNEL_DS / 8] = SEG_DATA;
	gdt[USER_DS / 8] = SEG_DATA | SEG_USER;
	gdt[USER_CS / 8] = SEG_CODE | SEG_USER;
	gdt[TSS_SELECTOR / 8] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | SEG_TSS << 40 |
				(base >> 24 & 0xff) << 56;
	gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
	/* LSL, which any program may use, reads the limit of this segment: the vDSO's getcpu. */
	gdt[CPU_NUMBER_SELECTOR / 8] = SEG_LIMIT_ONLY | SEG_USER | cpu_id();
	gdt_load(gdt);
}

static void gate_set(unsigned vector, enum ist ist, u8 flags)
{
	u64 entry = idt_stubs[vector];

	idt[vector] = (struct gate){
		.offset_low = (u16)entry,
		.selector = KERNEL_CS,
		.ist = ist,
		.type = GATE_INTERRUPT | flags,
		.offset_mid = (u16)(entry >> 16),
		.offset_high = (u32)(entry >> 32),
	};
}

/* User programs may raise #BP and #OF themselves; all other INT instructions are #GP for them. */
void idt_init(void)
{
	for (unsigned i = 0; i < 256; i++)
		gate_set(i, IST_NONE, i == EXC_BP || i == EXC_OF ? GATE_USER : 0);
	gate_set(EXC_DB, IST_DB, 0);
	gate_set(EXC_NMI, IST_NMI, 0);
	gate_set(EXC_DF, IST_DF, 0);
	gate_set(EXC_MC, IST_MC, 0);
}

void idt_load(void)
{
	struct table_pointer p = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lidt %0" ::"m"(p));
}
