/* SPDX-License-Identifier: MIT */
#include <arch/thread.h>
#include <debug/selftest.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/internal.h>
#include <mm/kmap.h>

SELFTEST(mm_vmalloc)
{
	u8 *a = vmalloc(5 * PAGE_SIZE + 1), *b = vmalloc(PAGE_SIZE);
	paddr_t pa;

	CHECK(a && b && a != b);
	CHECK(!memchr_inv(a, 0, 6 * PAGE_SIZE));
	memset(a, 0x11, 6 * PAGE_SIZE);
	memset(b, 0x22, PAGE_SIZE);
	CHECK(!memchr_inv(a, 0x11, 6 * PAGE_SIZE));
	CHECK(kpage_lookup((u64)a + 5 * PAGE_SIZE, &pa));
	CHECK(!kpage_lookup((u64)a + 6 * PAGE_SIZE, &pa)); /* the guard */
	CHECK(!kpage_lookup((u64)b + PAGE_SIZE, &pa));
	vfree(a);
	CHECK(!kpage_lookup((u64)a, &pa));
	CHECK(b[0] == 0x22);
	vfree(b);
	vfree(NULL);
	CHECK(!vmalloc(~0UL - 100));
	CHECK(!vmalloc(1UL << 50));
}

SELFTEST(mm_kvmalloc)
{
	for (size_t n = 1; n < 300000; n = n * 3 + 1) {
		u8 *p = kvmalloc(n);

		CHECK(p);
		CHECK(!memchr_inv(p, 0, n));
		memset(p, 1, n);
		kvfree(p);
	}
}

SELFTEST(mm_kmap_mmio)
{
	struct frame *f = frame_alloc(0, ALLOC_ZERO);
	volatile u32 *p;
	paddr_t pa;

	CHECK(f);
	p = kmap_mmio(paddr_add(frame_paddr(f), 0x14), 8, KMAP_WRITE);
	CHECK(p);
	CHECK(((u64)p & PAGE_MASK) == 0x14);
	*p = 0x12345678;
	CHECK(((u32 *)frame_virt(f))[5] == 0x12345678);
	CHECK(kpage_lookup((u64)p, &pa));
	kunmap_mmio((void *)p, 8);
	CHECK(!kpage_lookup((u64)p, &pa));
	frame_put(f);
}

SELFTEST(mm_kstack_guard)
{
	u8 *top[40];
	paddr_t pa;

	for (unsigned i = 0; i < ARRAY_SIZE(top); i++) {
		top[i] = kstack_alloc();
		CHECK(top[i]);
		memset(top[i] - KSTACK_SIZE, i, KSTACK_SIZE);
		CHECK(!kstack_is_guard((u64)top[i] - KSTACK_SIZE));
		CHECK(kstack_is_guard((u64)top[i] - KSTACK_SIZE - 1));
		CHECK(!kpage_lookup((u64)top[i] - KSTACK_SIZE - 1, &pa));
		CHECK(!kpage_lookup((u64)top[i], &pa));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(top); i++)
		CHECK(!memchr_inv(top[i] - KSTACK_SIZE, i, KSTACK_SIZE));
	for (unsigned i = 0; i < ARRAY_SIZE(top); i++)
		kstack_free(top[i]);
}

SELFTEST(mm_vmalloc_gives_back)
{
	u64 before;
	void *p = vmalloc(1UL << 20); /* page tables stay: make them now */

	CHECK(p);
	vfree(p);
	frame_cache_drain();
	before = frames_free();
	p = vmalloc(1UL << 20);
	CHECK(p);
	CHECK(frames_free() <= before - 256);
	vfree(p);
	frame_cache_drain();
	CHECK(frames_free() + 4 >= before); /* area object, perhaps a table */
}
