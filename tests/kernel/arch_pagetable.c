/* SPDX-License-Identifier: MIT */
/* User page tables and the byte-exact copies, on an address space of the test's own. */
#include <arch/irqflags.h>
#include <arch/kmap.h>
#include <arch/pagetable.h>
#include <debug/selftest.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/usercopy.h>
#include <sync/preempt.h>

#define LOW 0x400000UL
#define HIGH 0x7ffff0000000UL

SELFTEST(arch_pt_next_leaf)
{
	struct arch_mm am;

	CHECK(arch_mm_init(&am) == 0);
	CHECK(pt_next_leaf(&am, 0, USER_MAX) == USER_MAX);
	CHECK(pt_lookup(&am, LOW) == NULL);
	CHECK(pt_lookup_alloc(&am, LOW + 0x5000));
	CHECK(pt_lookup_alloc(&am, HIGH));
	CHECK(pt_next_leaf(&am, 0, USER_MAX) == LOW);
	CHECK(pt_next_leaf(&am, LOW + 0x3000, USER_MAX) == LOW + 0x3000);
	CHECK(pt_next_leaf(&am, LOW + 0x200000, USER_MAX) == HIGH);
	CHECK(pt_next_leaf(&am, LOW + 0x200000, HIGH) == HIGH);
	CHECK(pt_lookup(&am, LOW) == pt_lookup(&am, LOW + 0x1000) - 1);
	arch_mm_destroy(&am);
}

SELFTEST(arch_pt_free_range)
{
	struct arch_mm am;

	CHECK(arch_mm_init(&am) == 0);
	CHECK(pt_lookup_alloc(&am, LOW) && pt_lookup_alloc(&am, LOW + 0x200000) &&
	      pt_lookup_alloc(&am, HIGH));
	pt_free_range(&am, LOW, LOW + 0x200000 - PAGE_SIZE); /* not the whole of a leaf table */
	CHECK(pt_lookup(&am, LOW));
	pt_free_range(&am, LOW, LOW + 0x200000);
	CHECK(!pt_lookup(&am, LOW) && pt_lookup(&am, LOW + 0x200000));
	pt_free_range(&am, HIGH & ~((1UL << 39) - 1), USER_MAX + PAGE_SIZE);
	CHECK(pt_next_leaf(&am, LOW + 0x400000, USER_MAX) == USER_MAX);
	arch_mm_destroy(&am);
}

/* All the tables of many sparse addresses come back, clean, and can be used again. */
SELFTEST(arch_pt_sparse_destroy)
{
	struct arch_mm am;

	for (int round = 0; round < 2; round++) {
		CHECK(arch_mm_init(&am) == 0);
		for (u64 va = PAGE_SIZE; va < USER_MAX; va += 0x123456789000) {
			pte_t *p = pt_lookup_alloc(&am, va);

			CHECK(p && *p == 0);
		}
		arch_mm_destroy(&am);
	}
}

#define WINDOW 512UL /* bytes at the end of the only page that are played with */

/* Copies that end 0..n bytes behind the last byte there is. */
static void copies_at_end_of_page(u64 page)
{
	static u8 out[WINDOW], in[WINDOW];
	static const u16 sizes[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 63, 64,
				     65, 100, 127, 200, 255 };

	for (u32 i = 0; i < WINDOW; i++)
		out[i] = (u8)(i * 7 + 1);
	for (u32 s = 0; s < ARRAY_SIZE(sizes); s++)
		for (u32 n = sizes[s], missing = 0; missing <= n; missing++) {
			uptr_t p = UPTR(page + PAGE_SIZE - (n - missing));

			CHECK(usercopy_out(p, out, n) == missing);
			memset(in, 0x55, sizeof(in));
			CHECK(usercopy_in(in, p, n) == missing);
			CHECK(memcmp(in, out, n - missing) == 0);
			CHECK(!memchr_inv(in + n, 0x55, sizeof(in) - n));
			CHECK(usercopy_clear(p, n) == missing);
			CHECK(usercopy_in(in, p, n) == missing && !memchr_inv(in, 0, n - missing));
		}
}

static void strings_at_end_of_page(u64 page)
{
	static char text[80], copy[80];

	for (int len = 0; len < 40; len++)
		for (int gap = 0; gap < 20; gap++) {
			u64 at = page + PAGE_SIZE - len - 1 - gap;

			memset(text, 'x', sizeof(text));
			text[len] = '\0';
			CHECK(usercopy_out(UPTR(at), text, len + 1) == 0);
			memset(copy, 0x33, sizeof(copy));
			CHECK(strncpy_from_user(copy, UPTR(at), sizeof(copy)) == len);
			CHECK(strlen(copy) == len);
			CHECK(strnlen_user(UPTR(at), 100) == len);
			CHECK(strncpy_from_user(copy, UPTR(at), len + 1) == len);
			CHECK(len == 0 || strncpy_from_user(copy, UPTR(at), len) == -ENAMETOOLONG);
			CHECK(len == 0 || strnlen_user(UPTR(at), len) == len + 1);
		}
	memset(text, 'y', sizeof(text));
	CHECK(usercopy_out(UPTR(page + PAGE_SIZE - 50), text, 50) == 0);
	CHECK(strncpy_from_user(copy, UPTR(page + PAGE_SIZE - 50), sizeof(copy)) == -EFAULT);
	CHECK(strncpy_from_user(copy, UPTR(page + PAGE_SIZE - 50), 50) == -ENAMETOOLONG);
	CHECK(strnlen_user(UPTR(page + PAGE_SIZE - 50), 100) == -EFAULT);
}

static void words(u64 page)
{
	u32 v32 = 0, old;
	u64 v64 = 0;

	CHECK(put_user_u32(UPTR(page + 1), 0x12345678) == 0);
	CHECK(get_user_u32(&v32, UPTR(page + 1)) == 0 && v32 == 0x12345678);
	CHECK(put_user_u64(UPTR(page + PAGE_SIZE - 8), ~5UL) == 0);
	CHECK(get_user_u64(&v64, UPTR(page + PAGE_SIZE - 8)) == 0 && v64 == ~5UL);
	CHECK(get_user_u64(&v64, UPTR(page + PAGE_SIZE - 7)) == -EFAULT && v64 == ~5UL);
	CHECK(get_user_u32(&v32, UPTR(USER_MAX)) == -EFAULT);
	CHECK(put_user_u8(UPTR(DIRECT_MAP_BASE), 0) == -EFAULT);
	CHECK(put_user_u32(UPTR(page), 7) == 0);
	old = 8;
	CHECK(cmpxchg_user_u32(UPTR(page), &old, 9) == 0 && old == 7);
	CHECK(cmpxchg_user_u32(UPTR(page), &old, 9) == 0 && old == 7);
	CHECK(get_user_u32(&v32, UPTR(page)) == 0 && v32 == 9);
}

/* Preemption is off, so faults on what is not mapped are not served but fail at once. */
SELFTEST(arch_usercopy_exact)
{
	struct frame *f = frame_alloc(0, ALLOC_ZERO);
	struct arch_mm am;
	pte_t *p;
	u64 flags;

	CHECK(f && arch_mm_init(&am) == 0);
	p = pt_lookup_alloc(&am, LOW);
	CHECK(p);
	pte_store(p, pte_make(frame_paddr(f), true, false));
	lockdep_expect_begin(); /* where preemption is off, user memory is absent: not here */
	preempt_disable();
	flags = irq_save();
	arch_mm_switch(NULL, &am);
	irq_restore(flags);
	copies_at_end_of_page(LOW);
	strings_at_end_of_page(LOW);
	words(LOW);
	flags = irq_save();
	arch_mm_switch(&am, NULL);
	irq_restore(flags);
	preempt_enable();
	(void)lockdep_expect_end();
	pte_store(p, 0);
	arch_mm_destroy(&am);
	frame_put(f);
}

SELFTEST(arch_kpage_lookup)
{
	paddr_t pa;
	void *virt = phys_to_virt(PADDR(0x1234));

	CHECK(kpage_lookup((u64)virt, &pa) && pa.raw == 0x1234);
	CHECK(!kpage_lookup(KMAP_END - PAGE_SIZE, &pa));
}
