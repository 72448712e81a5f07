/* SPDX-License-Identifier: MIT */
/*
 * The patcher.  Text is read-only, so CR0.WP is off while it works, with
 * interrupts off, on the only CPU that runs; no site is in code that it uses.
 */
#include <arch/irqflags.h>
#include <arch/x86_64/alternatives.h>
#include <arch/x86_64/insn.h>
#include <debug/panic.h>
#include <lib/string.h>

extern const struct alternative alt_start[], alt_end[];

/* The recommended multi-byte NOPs (SDM, NOP). */
static const u8 nops[9][8] = {
	{ 0 },
	{ 0x90 },
	{ 0x66, 0x90 },
	{ 0x0f, 0x1f, 0x00 },
	{ 0x0f, 0x1f, 0x40, 0x00 },
	{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
};

static void fill_nops(u8 *p, size_t n)
{
	for (size_t step; n; p += step, n -= step) {
		step = min(n, (size_t)8);
		for (size_t i = 0; i < step; i++)
			p[i] = nops[step][i];
	}
}

/* A relative CALL or JMP at the start of the copy must reach where the original did. */
static void relocate_branch(u8 *code, size_t n, u64 from, u64 to)
{
	s32 distance;

	if (n < 5 || (code[0] != 0xe8 && code[0] != 0xe9))
		return;
	memcpy(&distance, code + 1, 4);
	distance += (s32)(from - to);
	memcpy(code + 1, &distance, 4);
}

static void patch(const struct alternative *a)
{
	u8 code[256];

	VERIFY_OP(a->length, <=, a->site_length);
	memcpy(code, (const void *)a->replacement, a->length);
	relocate_branch(code, a->length, a->replacement, a->site);
	fill_nops(code + a->length, a->site_length - a->length);
	for (unsigned i = 0; i < a->site_length; i++)
		((volatile u8 *)a->site)[i] = code[i];
}

void alternatives_apply(void)
{
	IRQ_GUARD();
	u64 cr0 = cr0_read();

	cr0_write(cr0 & ~CR0_WP);
	for (const struct alternative *a = alt_start; a < alt_end; a++)
		if (cpu_has(a->feature))
			patch(a);
	cr0_write(cr0);
	cpuid(0, 0); /* serializes */
}
