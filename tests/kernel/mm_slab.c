/* SPDX-License-Identifier: MIT */
#include <debug/kasan.h>
#include <debug/selftest.h>
#include <debug/ubsan.h>
#include <lib/string.h>
#include <mm/internal.h>
#include <mm/slab.h>

enum { MANY = 2000 };

static struct slab_cache *test_cache(void)
{
	static struct slab_cache *c;

	if (!c)
		c = slab_create("selftest", 72, 0);
	return c;
}

SELFTEST(mm_slab_fill_free_reuse)
{
	struct slab_cache *c = test_cache();
	u64 **objects = kmalloc(MANY * sizeof(*objects), 0), before;

	CHECK(objects);
	slab_shrink();
	frame_cache_drain();
	before = frames_free();
	for (unsigned round = 0; round < 3; round++) {
		for (u64 i = 0; i < MANY; i++) {
			objects[i] = slab_alloc(c, 0);
			CHECK(objects[i]);
			for (unsigned w = 0; w < 9; w++)
				objects[i][w] = i * 9 + w;
		}
		for (u64 i = 0; i < MANY; i++)
			for (unsigned w = 0; w < 9; w++)
				CHECK(objects[i][w] == i * 9 + w);
		/* every other one first, so that slabs become partial, then empty */
		for (u64 i = 0; i < MANY; i += 2)
			slab_free(c, objects[i]);
		for (u64 i = 1; i < MANY; i += 2)
			slab_free(c, objects[i]);
	}
	slab_shrink();
	frame_cache_drain();
	CHECK(frames_free() + 1 >= before);
	kfree(objects);
}

SELFTEST(mm_kmalloc_all_sizes)
{
	for (size_t size = 1; size <= 20000; size += size < 300 ? 1 : size / 7) {
		u8 *p = kmalloc(size, 0), *q = kmalloc(size, ALLOC_ZERO);

		CHECK(p && q && p != q);
		CHECK(ksize(p) >= size);
		CHECK((u64)p % 8 == 0);
		if ((size & (size - 1)) == 0 && size <= PAGE_SIZE)
			CHECK((u64)p % size == 0);
		memset(p, 0x5a, size);
		CHECK(!memchr_inv(q, 0, size));
		CHECK(!memchr_inv(p, 0x5a, size));
		kfree(p);
		kfree(q);
	}
}

SELFTEST(mm_kmalloc_limits)
{
	void *p = kmalloc(4UL << 20, 0);

	CHECK(!kmalloc((4UL << 20) + 1, 0));
	CHECK(!kcalloc(1UL << 33, 1UL << 33));
	CHECK(p);
	memset(p, 1, 4UL << 20);
	kfree(p);
	kfree(NULL);
	p = kmalloc(0, 0);
	CHECK(p);
	kfree(p);
}

SELFTEST(mm_kstrdup)
{
	char *s KFREE_GUARD = kstrdup("skerry");

	CHECK(s && str_eq(s, "skerry"));
}

SELFTEST(mm_slab_describe)
{
	char line[160];
	unsigned n = 0;

	while (slab_describe(n, line, sizeof(line))) {
		CHECK(strlen(line) > 20);
		n++;
	}
	CHECK(n > 10);
}

#ifdef CONFIG_KASAN
/* Not constants, so that the compiler does not see through the mistakes. */
static volatile size_t size_24 = 24, index_24 = 24;

SELFTEST(mm_kasan_out_of_bounds)
{
	volatile u8 *p = kmalloc(size_24, 0);

	CHECK(p);
	p[index_24 - 1] = 1;
	kasan_expect_begin();
	p[index_24] = 1;
	CHECK(kasan_expect_end() == 1);
	kfree((void *)p);
}

SELFTEST(mm_kasan_use_after_free)
{
	u8 *volatile p = kmalloc(size_24, 0);

	CHECK(p);
	kfree(p);
	kasan_expect_begin();
	*(volatile u64 *)p = 1;
	CHECK(kasan_expect_end() == 1);
}

SELFTEST(mm_kasan_double_free)
{
	u8 *volatile p = kmalloc(size_24, 0);

	CHECK(p);
	kfree(p);
	kasan_expect_begin();
	kfree(p);
	CHECK(kasan_expect_end() == 1);
}

SELFTEST(mm_kasan_memset_overrun)
{
	u8 *volatile p = kmalloc(size_24, 0);

	CHECK(p);
	kasan_expect_begin();
	memset(p, 0, index_24 + 1);
	CHECK(kasan_expect_end() == 1);
	kfree(p);
}

SELFTEST(mm_kasan_free_frame)
{
	struct frame *f = frame_alloc(0, 0);
	volatile u8 *p;

	CHECK(f);
	p = frame_virt(f);
	p[0] = 1;
	frame_put(f);
	kasan_expect_begin();
	p[0] = 2;
	CHECK(kasan_expect_end() == 1);
}

SELFTEST(mm_kasan_global)
{
	static volatile u8 array[13];
	volatile u8 *p = array;

	ubsan_expect_begin(); /* it sees the object's size */
	kasan_expect_begin();
	p[index_24 - 11] = 1;
	ubsan_expect_end();
	CHECK(kasan_expect_end() == 1);
}
#endif
