/* SPDX-License-Identifier: MIT */
/* The vDSO: its symbols by both hash tables, clocks in order with the calls, its mapping. */

#include "../abi.h"
#include <elf.h>
#include <sys/auxv.h>

struct image {
	uintptr_t base;
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash, *gnu_hash;
	const uint16_t *versions;
	const Elf64_Verdef *definitions;
};

typedef int gettime_fn(clockid_t, struct timespec *);

static struct image vdso;

static void read_dynamic(const Elf64_Dyn *d)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *p = (const void *)(vdso.base + d->d_un.d_ptr);
		switch (d->d_tag) {
		case DT_SYMTAB: vdso.symbols = p; break;
		case DT_STRTAB: vdso.strings = p; break;
		case DT_HASH: vdso.hash = p; break;
		case DT_GNU_HASH: vdso.gnu_hash = p; break;
		case DT_VERSYM: vdso.versions = p; break;
		case DT_VERDEF: vdso.definitions = p; break;
		}
	}
}

static bool open_image(void)
{
	const Elf64_Ehdr *h = (void *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Phdr *ph, *dynamic = NULL;
	int loads = 0;

	if (!h)
		return false;
	ph = (const void *)((const char *)h + h->e_phoff);
	for (int i = 0; i < h->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !loads++)
			vdso.base = (uintptr_t)h + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dynamic = &ph[i];
	}
	if (loads != 1 || !dynamic)
		return false;
	read_dynamic((const void *)(vdso.base + dynamic->p_vaddr));
	return vdso.symbols && vdso.strings && vdso.versions && vdso.definitions;
}

static uint32_t elf_hash(const char *s)
{
	uint32_t h = 0;
	while (*s) {
		h = (h << 4) + (unsigned char)*s++;
		h ^= h >> 24 & 0xf0;
	}
	return h & 0xfffffff;
}

/* The index of `name`; 0: not found. */
static uint32_t by_hash(const char *name)
{
	uint32_t i = vdso.hash[2 + elf_hash(name) % vdso.hash[0]];
	while (i && strcmp(vdso.strings + vdso.symbols[i].st_name, name))
		i = vdso.hash[2 + vdso.hash[0] + i];
	return i;
}

static uint32_t by_gnu_hash(const char *name)
{
	const uint32_t *t = vdso.gnu_hash, *buckets = t + 4 + 2 * t[2], *chain = buckets + t[0];
	const uint64_t *bloom = (const void *)(t + 4);
	uint32_t h = 5381, i;

	for (const char *s = name; *s; s++)
		h = h * 33 + (unsigned char)*s;
	uint64_t word = bloom[h / 64 % t[2]];
	if (!(word >> h % 64 & word >> (h >> t[3]) % 64 & 1) || !(i = buckets[h % t[0]]))
		return 0;
	for (;; i++) {
		if ((chain[i - t[1]] | 1) == (h | 1) && !strcmp(vdso.strings + vdso.symbols[i].st_name, name))
			return i;
		if (chain[i - t[1]] & 1)
			return 0;
	}
}

/* Linux had both tables for long, then one or the other. */
static uint32_t find_index(const char *name)
{
	uint32_t i = vdso.gnu_hash ? by_gnu_hash(name) : by_hash(name);
	return vdso.gnu_hash && vdso.hash && by_hash(name) != i ? 0 : i;
}

static void *find(const char *name)
{
	uint32_t i = find_index(name);
	return i ? (void *)(vdso.base + vdso.symbols[i].st_value) : NULL;
}

static const char *version_of(uint32_t symbol)
{
	const Elf64_Verdef *d = vdso.definitions;
	for (;;) {
		const Elf64_Verdaux *aux = (const void *)((const char *)d + d->vd_aux);
		if (d->vd_ndx == (vdso.versions[symbol] & 0x7fff))
			return vdso.strings + aux->vda_name;
		if (!d->vd_next)
			return "none";
		d = (const void *)((const char *)d + d->vd_next);
	}
}

static void symbols(void)
{
	static const char *const names[] = { "clock_gettime", "gettimeofday", "time", "clock_getres", "getcpu" };
	for (size_t k = 0; k < COUNT(names); k++) {
		char full[64];
		snprintf(full, sizeof(full), "__vdso_%s", names[k]);
		uint32_t i = find_index(full);
		say("%s %s version %s short name %s", full, i ? "found" : "missing", i ? version_of(i) : "-",
		    i && find(names[k]) == find(full) ? "same" : "differs");
		YES("a defined function", ELF64_ST_TYPE(vdso.symbols[i].st_info) == STT_FUNC &&
					  vdso.symbols[i].st_shndx != SHN_UNDEF);
	}
	YES("nothing by another name", !find("__vdso_nothing"));
}

static int64_t ns(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void order(gettime_fn *gettime)
{
	static const int ids[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
				   CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI,
				   CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };
	struct timespec a, b, c;

	for (size_t i = 0; i < COUNT(ids); i++) {
		long failed = 0;
		int wrong = 0, range = 0;
		for (int k = 0; k < 3000; k++) {
			failed |= syscall(SYS_clock_gettime, ids[i], &a);
			failed |= gettime(ids[i], &b);
			failed |= syscall(SYS_clock_gettime, ids[i], &c);
			wrong += ns(a) > ns(b) || ns(b) > ns(c);
			range += b.tv_nsec < 0 || b.tv_nsec >= 1000000000;
		}
		say("clock %d: failed %ld out of order %d out of range %d", ids[i], failed, wrong, range);
	}
	say("clock 77: %d, clock -1: %d", gettime(77, &a), gettime(-1, &a));
}

static void never_back(gettime_fn *gettime)
{
	struct timespec t;
	int64_t last, start;
	int back = 0;

	gettime(CLOCK_MONOTONIC, &t);
	start = last = ns(t);
	while (last - start < 300000000) {
		gettime(CLOCK_MONOTONIC, &t);
		back += ns(t) < last;
		last = ns(t);
	}
	say("backwards %d", back);
}

static void time_of_day(void)
{
	int (*day)(struct timeval *, struct timezone *) = find("__vdso_gettimeofday");
	time_t (*seconds)(time_t *) = find("__vdso_time");
	struct timeval a, b, c;
	struct timezone tz;
	int wrong = 0;

	for (int k = 0; k < 3000; k++) {
		syscall(SYS_gettimeofday, &a, NULL);
		day(&b, &tz);
		syscall(SYS_gettimeofday, &c, NULL);
		wrong += timercmp(&a, &b, >) || timercmp(&b, &c, >) || b.tv_usec < 0 || b.tv_usec >= 1000000;
	}
	say("gettimeofday out of order %d", wrong);
	say("gettimeofday without arguments %d", day(NULL, NULL));
	time_t stored = 0, t0 = seconds(NULL), t1 = seconds(&stored);
	gettimeofday(&a, NULL);
	YES("time in order", t0 <= t1 && stored == t1 && t1 <= a.tv_sec && a.tv_sec <= t1 + 1);
}

static void resolution_and_cpu(void)
{
	static const int ids[] = { 0, 1, 2, 3, 4, 5, 6, 7, 11, 77 };
	gettime_fn *getres = find("__vdso_clock_getres");
	long (*getcpu_fn)(unsigned *, unsigned *, void *) = find("__vdso_getcpu");
	unsigned cpu = 99, node = 99;
	cpu_set_t one;

	for (size_t i = 0; i < COUNT(ids); i++) {
		struct timespec x = { 7, 7 }, y = { 7, 7 };
		int e = getres(ids[i], &x), f = (int)syscall(SYS_clock_getres, ids[i], &y);
		say("resolution %d: %d same %d", ids[i], e, (e < 0) == (f < 0) && ns(x) == ns(y));
	}
	say("resolution without pointer %d", getres(CLOCK_MONOTONIC, NULL));
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	MUST(sched_setaffinity(0, sizeof(one), &one));
	say("getcpu %ld", getcpu_fn(&cpu, &node, NULL));
	say("cpu %u node %u", cpu, node);
}

/* The line of `name` in /proc/self/maps; false: there is none. */
static bool mapping(const char *name, uintptr_t *start, uintptr_t *end, char *access)
{
	char line[512];
	bool found = false;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f && !found && fgets(line, sizeof(line), f))
		if (strstr(line, name))
			found = sscanf(line, "%lx-%lx %4s", start, end, access) == 3;
	if (f)
		fclose(f);
	return found;
}

static void mappings(gettime_fn *gettime)
{
	uintptr_t start, end, data, data_end;
	struct timespec t, after;
	char access[8] = "", copy[4];

	YES("[vdso] in maps", mapping("[vdso]", &start, &end, access) && start == getauxval(AT_SYSINFO_EHDR));
	say("access %s", access);
	YES("[vvar] in maps", mapping("[vvar]", &data, &data_end, access) && data_end <= start);
	say("access %s", access);
	CALL("more access to the data", mprotect((void *)data, PAGE, PROT_READ | PROT_WRITE));
	CALL("read into the code", (int)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)start));
	int fd = open("image", O_RDWR | O_CREAT, 0600);
	YES("readable by calls", write(fd, (void *)start, 4) == 4 && pread(fd, copy, 4, 0) == 4 &&
				 !memcmp(copy, ELFMAG, 4));
	close(fd);

	CHILD("works after fork") {
		YES("gettime", !gettime(CLOCK_MONOTONIC, &t));
	}
	CHILD("write to the code") { *(volatile char *)start = 0; }
	CHILD("write to the data") { *(volatile char *)data = 0; }
	CHILD("unmapped") {
		CALL("munmap", munmap((void *)start, end - start));
		YES("the call still works", !syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
		gettime(CLOCK_MONOTONIC, &t);
	}
	CHILD("dropped pages") {
		madvise((void *)start, end - start, MADV_DONTNEED);
		gettime(CLOCK_MONOTONIC, &t);
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);
		YES("in order", ns(t) <= ns(after));
	}
	CHILD("moved") {
		char *to = mmap(NULL, end - start + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *at = mremap((void *)start, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		YES("mremap", at == to && !memcmp(at, ELFMAG, 4));
	}
}

TEST
{
	if (!open_image()) {
		say("no image");
		return;
	}
	symbols();
	gettime_fn *gettime = find("__vdso_clock_gettime");
	if (!gettime)
		return;
	order(gettime);
	never_back(gettime);
	time_of_day();
	resolution_and_cpu();
	mappings(gettime);
}
