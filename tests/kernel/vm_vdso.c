/* SPDX-License-Identifier: MIT */
/* The vDSO's areas: where they are, what reaches into them, that nothing is counted or written. */
#include <arch/init.h>
#include <debug/selftest.h>
#include <lib/string.h>
#include <linux/elf.h>
#include <time/clock.h>
#include <vm/vm.h>

#define STACK_TOP 0x00007ffff0000000ULL

/* What the entry at `va` maps, as the kernel sees it; NULL: nothing. */
static const void *mapped(struct mm *mm, u64 va)
{
	pte_t *pte = pt_lookup(&mm->arch, va);

	return pte && pte_present(pte_load(pte)) ? phys_to_virt(pte_paddr(pte_load(pte))) : NULL;
}

SELFTEST(vm_vdso_mapping)
{
	struct mm *mm = mm_new();
	char magic[SELFMAG];

	CHECK(mm);
	CHECK(mm_make_stack(mm, STACK_TOP, 2 * PAGE_SIZE));
	CHECK(mm_map_vdso(mm, 0) == 0);
	CHECK(mm->vdso == STACK_TOP + PAGE_SIZE);
	struct area *data = area_containing(mm, STACK_TOP), *code = area_containing(mm, mm->vdso);
	CHECK(data && code && data != code);
	CHECK(!strcmp(area_name(data), "[vvar]") && !strcmp(area_name(code), "[vdso]"));
	CHECK(!((data->flags | code->flags) & (AREA_WRITE | AREA_MAYWRITE)));
	CHECK(mapped(mm, STACK_TOP) == phys_to_virt(image_paddr(&clock_page)));
	CHECK(!memcmp(mapped(mm, mm->vdso), ELFMAG, SELFMAG));

	CHECK(mm_access(mm, mm->vdso, magic, SELFMAG, false) == SELFMAG);
	CHECK(!memcmp(magic, ELFMAG, SELFMAG));
	CHECK(mm_access(mm, mm->vdso, magic, 1, true) < 0);
	CHECK(mm_access(mm, STACK_TOP, magic, 1, false) < 0);
	CHECK(mm_rss(mm) == 0);
	mm_put(mm);
}

/* Random places differ, and never touch the stack; without room above it there is one below. */
SELFTEST(vm_vdso_place)
{
	u64 seen[8], differ = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
		struct mm *mm = mm_new();

		CHECK(mm && mm_make_stack(mm, STACK_TOP, PAGE_SIZE));
		CHECK(mm_map_vdso(mm, vm_random_u64()) == 0);
		seen[i] = mm->vdso;
		CHECK(seen[i] > STACK_TOP && seen[i] < STACK_TOP + MIB(2));
		differ += i && seen[i] != seen[i - 1];
		mm_put(mm);
	}
	CHECK(differ > 0);

	struct mm *mm = mm_new();
	CHECK(mm && mm_make_stack(mm, USER_MAX, PAGE_SIZE));
	mm->mmap_base = STACK_TOP;
	CHECK(mm_map_vdso(mm, vm_random_u64()) == 0);
	CHECK(mm->vdso < STACK_TOP && !memcmp(mapped(mm, mm->vdso), ELFMAG, SELFMAG));
	mm_put(mm);
}
