/* SPDX-License-Identifier: MIT */
/* What /proc/cpuinfo says about a CPU, with Linux's names. */
#include <arch/cpu.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <lib/format.h>
#include <lib/string.h>

enum output { OUT_EAX, OUT_EBX, OUT_ECX, OUT_EDX };

/* Names by bit, from bit 0 on, separated by spaces; "-" has none. */
static const struct {
	u32 leaf, sub;
	enum output reg;
	const char *names;
} flag_words[] = {
	{ 1, 0, OUT_EDX,
	  "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn "
	  "clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe" },
	{ 0x80000001, 0, OUT_EDX,
	  "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb "
	  "rdtscp - lm 3dnowext 3dnow" },
	{ 1, 0, OUT_ECX,
	  "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr "
	  "pdcm - pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - "
	  "avx f16c rdrand hypervisor" },
	{ 0x80000001, 0, OUT_ECX,
	  "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw "
	  "ibs xop skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core "
	  "perfctr_nb - bpext ptsc perfctr_llc mwaitx" },
	{ 7, 0, OUT_EBX,
	  "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a "
	  "avx512f avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf "
	  "avx512er avx512cd sha_ni avx512bw avx512vl" },
	{ 13, 1, OUT_EAX, "xsaveopt xsavec xgetbv1 xsaves" },
	{ 7, 1, OUT_EAX, "- - - - avx_vnni avx512_bf16" },
	{ 0x80000008, 0, OUT_EBX,
	  "clzero irperf xsaveerptr - rdpru - - - - wbnoinvd - - amd_ibpb - amd_ibrs "
	  "amd_stibp - - - - - - - amd_ppin amd_ssbd virt_ssbd" },
	{ 7, 0, OUT_ECX,
	  "- avx512vbmi umip pku - waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni "
	  "avx512_bitalg tme avx512_vpopcntdq - la57 - - - - - rdpid - bus_lock_detect "
	  "cldemote - movdiri movdir64b enqcmd" },
	{ 7, 0, OUT_EDX,
	  "- - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - "
	  "serialize - tsxldtrk - pconfig arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile "
	  "amx_int8 - - flush_l1d arch_capabilities" },
	{ 0x80000007, 0, OUT_EDX, "- - - - - - - - constant_tsc" },
};

struct text {
	char *buf;
	size_t size, length;
};

static void add(struct text *t, const char *fmt, ...) printf_like(2, 3);
static void add(struct text *t, const char *fmt, ...)
{
	size_t at = min(t->length, t->size);
	va_list ap;

	va_start(ap, fmt);
	t->length += (size_t)vsnprintf(t->buf + at, t->size - at, fmt, ap);
	va_end(ap);
}

static bool leaf_exists(u32 leaf)
{
	return leaf <= (leaf & 0x80000000 ? cpu_identity.max_extended : cpu_identity.max_leaf);
}

static void add_flag_word(struct text *t, u32 word, const char *names)
{
	while (*names && word) {
		const char *end = strchrnul(names, ' ');

		if ((word & 1) && *names != '-')
			add(t, " %.*s", (int)(end - names), names);
		word >>= 1;
		names = *end ? end + 1 : end;
	}
}

static void add_flags(struct text *t)
{
	add(t, "flags\t\t:");
	for (unsigned i = 0; i < ARRAY_SIZE(flag_words); i++) {
		struct cpuid c;

		if (!leaf_exists(flag_words[i].leaf))
			continue;
		c = cpuid(flag_words[i].leaf, flag_words[i].sub);
		add_flag_word(t, ((const u32 *)&c)[flag_words[i].reg], flag_words[i].names);
	}
	add(t, "\n");
}

static void add_bugs(struct text *t)
{
	/* The names of /sys/devices/system/cpu/vulnerabilities, but for these. */
	static const char *const other[][2] = {
		{ "meltdown", "cpu_meltdown" },
		{ "tsx_async_abort", "taa" },
		{ "spec_rstack_overflow", "srso" },
		{ "gather_data_sampling", "gds" },
	};
	const char *name, *what;

	add(t, "bugs\t\t:");
	for (unsigned i = 0; cpu_vulnerability(i, &name, &what); i++) {
		if (str_eq(what, "Not affected"))
			continue;
		for (unsigned k = 0; k < ARRAY_SIZE(other); k++)
			if (str_eq(name, other[k][0]))
				name = other[k][1];
		add(t, " %s", name);
	}
	add(t, "\n");
}

static unsigned count_ones(u64 mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

int cpu_describe(unsigned cpu, char *buf, size_t size)
{
	const struct cpu_identity *id = &cpu_identity;
	struct text t = { buf, size, 0 };
	struct cpu_topology to = cpu_topology(cpu);
	unsigned siblings = count_ones(to.package_siblings);
	unsigned threads = count_ones(to.thread_siblings);
	u64 khz = tsc_hz / 1000;

	add(&t, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu,
	    id->vendor_name, id->family, id->model);
	add(&t, "model name\t: %s\nstepping\t: %u\n",
	    id->model_name[0] ? id->model_name : "unknown", id->stepping);
	add(&t, "cpu MHz\t\t: %lu.%03lu\n", khz / 1000, khz % 1000);
	if (id->cache_kib)
		add(&t, "cache size\t: %u KB\n", id->cache_kib);
	add(&t, "physical id\t: %u\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n", to.package,
	    siblings, to.core, siblings / max(threads, 1U));
	add(&t, "apicid\t\t: %u\ninitial apicid\t: %u\n", apic_id_of(cpu), apic_id_of(cpu));
	add(&t, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
	    id->max_leaf);
	add_flags(&t);
	add_bugs(&t);
	add(&t, "bogomips\t: %lu.%02lu\n", khz / 500, khz / 5 % 100);
	add(&t, "clflush size\t: %u\ncache_alignment\t: %u\n", id->cache_line, id->cache_line);
	add(&t, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
	    id->physical_bits, id->virtual_bits);
	return (int)t.length;
}
