/* SPDX-License-Identifier: MIT */
/* Areas: where mappings go, how they split and join, what is counted. */
#include <debug/selftest.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <vm/vm.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED (ANON | MAP_FIXED_NOREPLACE)

static int map_at(struct mm *mm, u64 at, u64 pages, unsigned prot)
{
	return mm_map(mm, &at, pages * PAGE_SIZE, prot, FIXED, NULL, 0);
}

/* The largest gap of each subtree, recomputed; ~0 when a node has it wrong or the order is broken. */
static u64 check_tree(const struct rb_node *n)
{
	if (!n)
		return 0;
	const struct area *a = rb_entry(n, struct area, node);
	u64 l = check_tree(n->left), r = check_tree(n->right), most = a->gap;
	u64 gap = a->start - (a->prev ? a->prev->end : 0);

	if (l == ~0ULL || r == ~0ULL || a->gap != gap || (a->prev && a->prev->end > a->start))
		return ~0ULL;
	most = l > most ? l : most;
	most = r > most ? r : most;
	return most == a->gap_max ? most : ~0ULL;
}

static bool tree_ok(struct mm *mm)
{
	unsigned n = 0;
	u64 pages = 0;

	for (struct area *a = area_first(mm); a; a = area_next(a)) {
		n++;
		pages += (a->end - a->start) >> PAGE_SHIFT;
	}
	return n == mm->area_count && pages == mm->pages_total && check_tree(mm->areas.node) != ~0ULL;
}

SELFTEST(vm_area_top_down)
{
	struct mm *mm = mm_new();
	u64 a = 0, b = 0, c = 0;

	CHECK(mm);
	CHECK(mm_map(mm, &a, PAGE_SIZE, RW, ANON, NULL, 0) == 0);
	CHECK(a == mm->mmap_base - PAGE_SIZE);
	CHECK(mm_map(mm, &b, 3 * PAGE_SIZE, PROT_READ, ANON, NULL, 0) == 0);
	CHECK(b == a - 3 * PAGE_SIZE);
	CHECK(mm->area_count == 2);
	/* A hole that fits is used before what is below everything. */
	CHECK(mm_unmap(mm, b + PAGE_SIZE, PAGE_SIZE) == 0);
	CHECK(mm->area_count == 3);
	CHECK(mm_map(mm, &c, PAGE_SIZE, PROT_EXEC, ANON, NULL, 0) == 0);
	CHECK(c == b + PAGE_SIZE);
	c = 0;
	CHECK(mm_map(mm, &c, 2 * PAGE_SIZE, PROT_EXEC, ANON, NULL, 0) == 0);
	CHECK(c == b - 2 * PAGE_SIZE);
	CHECK(tree_ok(mm));
	mm_put(mm);
}

SELFTEST(vm_area_merge_split)
{
	struct mm *mm = mm_new();
	const u64 base = 0x10000000;

	CHECK(mm);
	CHECK(map_at(mm, base, 4, RW) == 0);
	CHECK(map_at(mm, base + 8 * PAGE_SIZE, 4, RW) == 0);
	CHECK(mm->area_count == 2);
	CHECK(map_at(mm, base + 4 * PAGE_SIZE, 4, RW) == 0);
	CHECK(mm->area_count == 1);
	CHECK(area_first(mm)->start == base && area_first(mm)->end == base + 12 * PAGE_SIZE);
	CHECK(mm_unmap(mm, base + 5 * PAGE_SIZE, 2 * PAGE_SIZE) == 0);
	CHECK(mm->area_count == 2 && mm->pages_total == 10);
	CHECK(map_at(mm, base + 5 * PAGE_SIZE, 2, PROT_READ) == 0);
	CHECK(mm->area_count == 3);
	CHECK(map_at(mm, base + 6 * PAGE_SIZE, 1, RW) == -EEXIST);
	CHECK(tree_ok(mm));
	CHECK(mm_unmap(mm, base, 12 * PAGE_SIZE) == 0);
	CHECK(mm->area_count == 0 && mm->pages_total == 0 && !area_first(mm));
	mm_put(mm);
}

/* Many areas made and unmade in a scattered order. */
SELFTEST(vm_area_many)
{
	struct mm *mm = mm_new();
	const u64 base = 0x20000000;
	const unsigned n = 400;

	CHECK(mm);
	for (unsigned i = 0; i < n; i++)
		CHECK(map_at(mm, base + (i * 149ULL % n) * 4 * PAGE_SIZE, 1 + i % 3, RW) == 0);
	CHECK(mm->area_count == n && tree_ok(mm));
	for (unsigned i = 0; i < n; i++) {
		u64 at = base + (i * 331ULL % n) * 4 * PAGE_SIZE;

		CHECK(area_containing(mm, at) && area_containing(mm, at)->start == at);
		CHECK(mm_unmap(mm, at, 4 * PAGE_SIZE) == 0);
		if (i % 50 == 0)
			CHECK(tree_ok(mm));
	}
	CHECK(mm->area_count == 0);
	mm_put(mm);
}

SELFTEST(vm_map_errors)
{
	struct mm *mm = mm_new();
	u64 at = 0;

	CHECK(mm);
	CHECK(mm_map(mm, &at, 0, RW, ANON, NULL, 0) == -EINVAL);
	CHECK(mm_map(mm, &at, ~0ULL, RW, ANON, NULL, 0) == -ENOMEM);
	CHECK(mm_map(mm, &at, USER_MAX, RW, ANON, NULL, 0) == -ENOMEM);
	CHECK(mm_map(mm, &at, PAGE_SIZE, RW, MAP_ANONYMOUS, NULL, 0) == -EINVAL);
	at = 0x1000;
	CHECK(mm_map(mm, &at, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0) == -EPERM);
	at = 0x100001;
	CHECK(mm_map(mm, &at, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0) == -EINVAL);
	at = USER_MAX - PAGE_SIZE;
	CHECK(mm_map(mm, &at, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0) == -ENOMEM);
	CHECK(mm_map(mm, &at, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0) == 0);
	CHECK(mm_unmap(mm, 0x1001, PAGE_SIZE) == -EINVAL);
	CHECK(mm_unmap(mm, 0x1000, 0) == -EINVAL);
	CHECK(mm_unmap(mm, USER_MAX, PAGE_SIZE) == -EINVAL);
	mm_put(mm);
}
