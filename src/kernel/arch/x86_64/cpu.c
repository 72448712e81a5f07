/* SPDX-License-Identifier: MIT */
/*
 * The boot CPU's first steps: tables for exceptions, then features.
 *
 * CPU 0's per-CPU area is section .percpu itself, at distance 0: the GS base
 * that head.asm leaves (0) is right for it.
 */
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/io.h>
#include <arch/irqflags.h>
#include <arch/x86_64/alternatives.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <sched/task.h>
#include <sync/preempt.h>

PERCPU u64 percpu_self;
PERCPU u32 percpu_cpu_id;
u64 percpu_offset[MAX_CPUS];
unsigned cpu_count = 1;

u64 cpu_features;
struct cpu_identity cpu_identity;
bool mitigations_off;
u64 arch_capabilities;
u32 arch_hwcap, arch_hwcap2;
bool (*cpu_reset_firmware)(void);

static u8 boot_ist_stacks[IST_COUNT * IST_STACK_SIZE] aligned_to(16);

#define PAT_WB 6UL
#define PAT_WT 4UL
#define PAT_UC_MINUS 7UL
#define PAT_UC 0UL
#define PAT_WC 1UL
/* As at reset, but write-combining in entry 4 (PTE_PAT alone). */
#define PAT_VALUE                                                                        \
	(PAT_WB | PAT_WT << 8 | PAT_UC_MINUS << 16 | PAT_UC << 24 | PAT_WC << 32 |       \
	 PAT_WT << 40 | PAT_UC_MINUS << 48 | PAT_UC << 56)

#define R(field) offsetof(struct regs, field)
#define T(field) offsetof(struct task, arch.field)
static const u32 c_layout[] = {
	T(sp), T(stack_top), T(fs_base), T(gs_base), T(fpu), T(fpu_cpu),
	offsetof(struct task, work),
	R(r15), R(rbx), R(r11), R(rax), R(orig_rax), R(rip), R(cs), R(ss), sizeof(struct regs),
	offsetof(struct tss, rsp0), PREEMPT_IRQ, KERNEL_CS, KERNEL_DS, USER_CS, USER_DS,
	FEATURE_SMAP, FEATURE_XSAVE, FEATURE_XSAVEOPT, FEATURE_FSGSBASE, FEATURE_ERMS,
	EFAULT, ENAMETOOLONG,
};

void cpu_early_init(void)
{
	descriptors_init(boot_ist_stacks);
	idt_init();
	idt_load();
	dr7_write(DR7_OFF);
	for (unsigned i = 0; i < ARRAY_SIZE(c_layout); i++)
		VERIFY_OP(asm_layout[i], ==, c_layout[i]);
}

static void identify(void)
{
	struct cpu_identity *id = &cpu_identity;
	struct cpuid c = cpuid(0, 0);
	u32 words[3] = { c.ebx, c.edx, c.ecx };

	id->max_leaf = c.eax;
	memcpy(id->vendor_name, words, 12);
	id->vendor = str_eq(id->vendor_name, "GenuineIntel")	 ? VENDOR_INTEL :
		     str_eq(id->vendor_name, "AuthenticAMD") ? VENDOR_AMD :
		     str_eq(id->vendor_name, "HygonGenuine") ? VENDOR_HYGON :
							     VENDOR_OTHER;
	c = cpuid(1, 0);
	id->family = c.eax >> 8 & 15;
	id->model = c.eax >> 4 & 15;
	id->stepping = c.eax & 15;
	if (id->family == 6 || id->family == 15)
		id->model |= (c.eax >> 16 & 15) << 4;
	if (id->family == 15)
		id->family += c.eax >> 20 & 255;
	id->cache_line = (c.ebx >> 8 & 255) * 8;
	arch_hwcap = c.edx;
	id->max_extended = cpuid(0x80000000, 0).eax;
	id->physical_bits = 36;
	id->virtual_bits = 48;
	if (id->max_extended >= 0x80000004)
		for (u32 i = 0; i < 3; i++) {
			c = cpuid(0x80000002 + i, 0);
			memcpy(id->model_name + 16 * i, &c, 16);
		}
	if (id->max_extended >= 0x80000006)
		id->cache_kib = cpuid(0x80000006, 0).ecx >> 16;
	if (id->max_extended >= 0x80000008) {
		c = cpuid(0x80000008, 0);
		id->physical_bits = c.eax & 255;
		id->virtual_bits = c.eax >> 8 & 255;
	}
}

static u64 feature_if(u32 word, unsigned bit, enum cpu_feature f)
{
	return (u64)(word >> bit & 1) << f;
}

u64 cpu_features_read(void)
{
	u64 found = 0;
	struct cpuid c1 = cpuid(1, 0), c7 = { 0 }, cd1 = { 0 };

	if (cpu_identity.max_leaf >= 7)
		c7 = cpuid(7, 0);
	found |= feature_if(c1.ecx, 26, FEATURE_XSAVE);
	if ((c1.ecx >> 26 & 1) && cpu_identity.max_leaf >= 13)
		cd1 = cpuid(13, 1);
	found |= feature_if(cd1.eax, 0, FEATURE_XSAVEOPT);
	found |= feature_if(c1.ecx, 21, FEATURE_X2APIC);
	found |= feature_if(c1.ecx, 24, FEATURE_TSC_DEADLINE);
	found |= feature_if(c1.ecx, 30, FEATURE_RDRAND);
	found |= feature_if(c1.ecx, 31, FEATURE_HYPERVISOR);
	found |= feature_if(c1.edx, 7, FEATURE_MCE);
	found |= feature_if(c1.edx, 13, FEATURE_PGE);
	found |= feature_if(c1.edx, 14, FEATURE_MCA);
	found |= feature_if(c1.edx, 16, FEATURE_PAT);
	found |= feature_if(c7.ebx, 0, FEATURE_FSGSBASE);
	found |= feature_if(c7.ebx, 7, FEATURE_SMEP);
	found |= feature_if(c7.ebx, 9, FEATURE_ERMS);
	found |= feature_if(c7.ebx, 18, FEATURE_RDSEED);
	found |= feature_if(c7.ebx, 20, FEATURE_SMAP);
	found |= feature_if(c7.ecx, 2, FEATURE_UMIP);
	found |= feature_if(c7.edx, 29, FEATURE_ARCH_CAPABILITIES);
	found |= feature_if(cpuid(0x80000001, 0).edx, 26, FEATURE_GB_PAGES);
	if (cpu_identity.max_extended >= 0x80000007)
		found |= feature_if(cpuid(0x80000007, 0).edx, 8, FEATURE_INVARIANT_TSC);
	found |= feature_if(c1.edx, 12, FEATURE_MTRR);
	found |= feature_if(c7.ebx, 1, FEATURE_TSC_ADJUST);
	found |= feature_if(c7.ecx, 22, FEATURE_RDPID);
	found |= feature_if(cpuid(0x80000001, 0).edx, 27, FEATURE_RDTSCP);
	return found;
}

static void find_features(void)
{
	cpu_features = cpu_features_read();
	if (cpu_has(FEATURE_ARCH_CAPABILITIES))
		arch_capabilities = msr_read(MSR_ARCH_CAPABILITIES);
	if (cpu_has(FEATURE_FSGSBASE))
		arch_hwcap2 |= 1U << 1; /* HWCAP2_FSGSBASE */
}

void cpu_control_registers_init(void)
{
	u64 cr4 = cr4_read() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE;

	cr4 |= cpu_has(FEATURE_PGE) ? CR4_PGE : 0;
	cr4 |= cpu_has(FEATURE_XSAVE) ? CR4_OSXSAVE : 0;
	cr4 |= cpu_has(FEATURE_FSGSBASE) ? CR4_FSGSBASE : 0;
	cr4 |= cpu_has(FEATURE_SMEP) ? CR4_SMEP : 0;
	cr4 |= cpu_has(FEATURE_SMAP) ? CR4_SMAP : 0;
	cr4 |= cpu_has(FEATURE_UMIP) ? CR4_UMIP : 0;
	cr4 |= cpu_has(FEATURE_MCE) ? CR4_MCE : 0;
	cr0_write((cr0_read() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP | CR0_AM);
	cr4_write(cr4);
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE | EFER_NXE);
	if (cpu_has(FEATURE_PAT))
		msr_write(MSR_PAT, PAT_VALUE);
}

static void read_command_line(const char *cmdline)
{
	static const char word[] = "mitigations=";

	for (const char *p = cmdline; (p = strstr(p, word)) != NULL; p += sizeof(word) - 1)
		if (p == cmdline || p[-1] == ' ') {
			const char *v = p + sizeof(word) - 1;
			size_t n = (size_t)(strchrnul(v, ' ') - v);

			mitigations_off = str_eq_len(v, n, "off");
			if (!mitigations_off && !str_eq_len(v, n, "auto") &&
			    !str_eq_len(v, n, "auto,nosmt"))
				log_warn("mitigations=: not known: %.*s", (int)n, v);
		}
}

void cpu_features_init(const char *cmdline)
{
	identify();
	find_features();
	cpu_topology_init();
	read_command_line(cmdline ? cmdline : "");
	cpu_control_registers_init();
	alternatives_apply();
	mce_init();
	log_info("cpu: %s %s, family %u model %u stepping %u%s%s%s%s%s%s", cpu_identity.vendor_name,
		 cpu_identity.model_name, cpu_identity.family, cpu_identity.model,
		 cpu_identity.stepping, cpu_has(FEATURE_SMEP) ? " smep" : "",
		 cpu_has(FEATURE_SMAP) ? " smap" : "", cpu_has(FEATURE_UMIP) ? " umip" : "",
		 cpu_has(FEATURE_FSGSBASE) ? " fsgsbase" : "",
		 cpu_has(FEATURE_XSAVE) ? " xsave" : "",
		 cpu_has(FEATURE_GB_PAGES) ? " 1g-pages" : "");
}

#define SYSCALL_MASK 0x257fd5UL /* ID AC RF NT IOPL OF DF IF TF SF ZF AF PF CF */

void cpu_user_init(void)
{
	msr_write(MSR_STAR, (u64)KERNEL_CS << 32 | (u64)(USER_DS - 8) << 48);
	msr_write(MSR_LSTAR, (u64)syscall_entry);
	msr_write(MSR_CSTAR, (u64)syscall_entry_compat);
	msr_write(MSR_SYSCALL_MASK, SYSCALL_MASK);
	msr_write(MSR_SYSENTER_CS, 0); /* SYSENTER is #GP */
	msr_write(MSR_KERNEL_GS_BASE, 0);
	msr_write(MSR_FS_BASE, 0);
	if (cpu_has(FEATURE_RDTSCP))
		msr_write(MSR_TSC_AUX, cpu_id());
}

static bool random_word(u64 *v)
{
	bool ok = false;

	if (cpu_has(FEATURE_RDSEED))
		for (int i = 0; i < 20 && !ok; i++) {
			__asm__ volatile("rdseed %0" : "=r"(*v), "=@ccc"(ok));
			if (!ok)
				cpu_relax();
		}
	if (cpu_has(FEATURE_RDRAND))
		for (int i = 0; i < 10 && !ok; i++)
			__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
	/* Some CPUs fail with all ones and say that it worked. */
	return ok && *v != ~0ULL;
}

size_t cpu_random(void *buf, size_t n)
{
	size_t done = 0;
	u64 v;

	while (done < n && random_word(&v)) {
		size_t step = min(n - done, sizeof(v));

		memcpy((u8 *)buf + done, &v, step);
		done += step;
	}
	return done;
}

static void spin_ms(unsigned ms)
{
	for (unsigned i = 0; i < ms * 1000; i++)
		io_in8(0x80); /* about a microsecond each */
}

void cpu_reset(void)
{
	struct table_pointer none = { 0, 0 };

	irq_disable();
	if (cpu_reset_firmware && cpu_reset_firmware())
		spin_ms(100);
	io_out8(0xcf9, 0x02); /* PCI reset control: hard reset */
	io_out8(0xcf9, 0x06);
	spin_ms(50);
	for (int i = 0; i < 10000 && (io_in8(0x64) & 2); i++)
		spin_ms(0);
	io_out8(0x64, 0xfe); /* 8042: pulse the reset line */
	spin_ms(50);
	__asm__ volatile("lidt %0; int3" ::"m"(none)); /* triple fault */
	cpu_halt_forever();
}

bool cpu_is_virtual(void)
{
	return cpu_has(FEATURE_HYPERVISOR);
}
