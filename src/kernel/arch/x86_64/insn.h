/* SPDX-License-Identifier: MIT */
/* Instructions that C has no words for: control registers, MSRs, CPUID, tables. */
#pragma once

#include <lib/compiler.h>

#define CR0_MP (1UL << 1)
#define CR0_EM (1UL << 2)
#define CR0_TS (1UL << 3)
#define CR0_NE (1UL << 5)
#define CR0_WP (1UL << 16)
#define CR0_AM (1UL << 18)
#define CR0_NW (1UL << 29)
#define CR0_CD (1UL << 30)

#define CR4_DE (1UL << 3)
#define CR4_PGE (1UL << 7)
#define CR4_MCE (1UL << 6)
#define CR4_OSFXSR (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_UMIP (1UL << 11)
#define CR4_FSGSBASE (1UL << 16)
#define CR4_OSXSAVE (1UL << 18)
#define CR4_SMEP (1UL << 20)
#define CR4_SMAP (1UL << 21)

#define DR7_OFF 0x400UL

#define MSR_APIC_BASE 0x1b
#define MSR_TSC_ADJUST 0x3b
#define MSR_MTRR_CAP 0xfe
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_SYSENTER_CS 0x174
#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_MCG_CTL 0x17b
#define MSR_MTRR_BASE0 0x200
#define MSR_PAT 0x277
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_MC0_CTL 0x400
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC 0x800
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MTRR_CAP_FIXED (1UL << 8)
#define EFER_SCE 1UL
#define EFER_NXE (1UL << 11)

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid c;
	__asm__ volatile("cpuid" : "=a"(c.eax), "=b"(c.ebx), "=c"(c.ecx), "=d"(c.edx)
			 : "a"(leaf), "c"(sub));
	return c;
}

static always_inline u64 msr_read(u32 msr)
{
	u32 a, d;
	__asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(msr));
	return (u64)d << 32 | a;
}

static always_inline void msr_write(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

#define CR_ACCESS(name)                                                \
	static always_inline u64 name##_read(void)                     \
	{                                                              \
		u64 v;                                                 \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(v));     \
		return v;                                              \
	}                                                              \
	static always_inline void name##_write(u64 v)                  \
	{                                                              \
		__asm__ volatile("mov %0, %%" #name ::"r"(v) : "memory"); \
	}
CR_ACCESS(cr0)
CR_ACCESS(cr2)
CR_ACCESS(cr3)
CR_ACCESS(cr4)
CR_ACCESS(dr6)
CR_ACCESS(dr7)
#undef CR_ACCESS

static always_inline void xcr0_write(u64 v)
{
	__asm__ volatile("xsetbv" ::"c"(0), "a"((u32)v), "d"((u32)(v >> 32)));
}

static always_inline void tlb_invalidate(u64 va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* a * b / c with a product of 128 bits; the quotient must fit into 64. */
static inline u64 mul_div(u64 a, u64 b, u64 c)
{
	u64 high;
	__asm__("mulq %[b]\n\tdivq %[c]" : "+a"(a), "=&d"(high) : [b] "r"(b), [c] "r"(c) : "cc");
	return a;
}

struct table_pointer {
	u16 limit;
	u64 base;
} __attribute__((packed));
