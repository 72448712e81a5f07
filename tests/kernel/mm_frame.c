/* SPDX-License-Identifier: MIT */
#include <arch/irqflags.h>
#include <debug/selftest.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/internal.h>

static struct mem_stats stats(void)
{
	struct mem_stats s;

	mem_stats_read(&s);
	return s;
}

SELFTEST(mm_frame_alloc_one)
{
	struct frame *f = frame_alloc(0, ALLOC_ZERO);
	u64 *p;

	CHECK(f);
	CHECK(f->refs == 1 && f->flags == 0 && f->maps == 0);
	p = frame_virt(f);
	for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
		CHECK(p[i] == 0);
	memset(p, 0xa5, PAGE_SIZE);
	CHECK(paddr_frame(frame_paddr(f)) == f && virt_frame(p) == f);
	CHECK(frame_valid(frame_paddr(f)));
	frame_get(f);
	frame_put(f);
	CHECK(f->refs == 1);
	frame_put(f);
	f = frame_alloc(0, ALLOC_ZERO);
	CHECK(f);
	CHECK(!memchr_inv(frame_virt(f), 0, PAGE_SIZE));
	frame_put(f);
}

SELFTEST(mm_buddy_split_merge)
{
	frame_cache_drain();
	u64 before = frames_free();

	for (unsigned order = 1; order <= FRAME_ORDER_MAX; order++) {
		struct frame *f = frame_alloc(order, 0);

		CHECK(f);
		CHECK(f->flags == FRAME_COMPOUND && f->order == order);
		CHECK(frame_number(f) % (1UL << order) == 0);
		CHECK(f[1].flags == FRAME_TAIL && f[1].head == f);
		CHECK(f[(1UL << order) - 1].head == f);
		frame_put(f);
		CHECK(f[1].flags == 0 || f[1].flags == FRAME_FREE);
	}
	CHECK(frames_free() == before);
}

/* How many blocks of 64 frames can be had at once. */
static unsigned count_blocks(void)
{
	struct frame *chain = NULL, *f;
	unsigned n = 0;

	while ((f = frame_alloc(6, ALLOC_USER))) {
		f->words[0] = (u64)chain;
		chain = f;
		n++;
	}
	while ((f = chain)) {
		chain = (struct frame *)f->words[0];
		frame_put(f);
	}
	return n;
}

/* Blocks that were split into single frames come back as blocks once they are all free. */
SELFTEST(mm_buddy_merge_singles)
{
	struct frame *f[256];
	unsigned before;

	frame_cache_drain();
	before = count_blocks();
	for (unsigned i = 0; i < ARRAY_SIZE(f); i++) {
		f[i] = frame_alloc(0, 0);
		CHECK(f[i]);
	}
	CHECK(count_blocks() < before);
	frame_free_batch(f, ARRAY_SIZE(f));
	frame_cache_drain();
	CHECK(count_blocks() == before);
}

SELFTEST(mm_frame_dma32)
{
	struct frame *f = frame_alloc(0, ALLOC_DMA32);

	CHECK(f);
	CHECK(frame_paddr(f).raw < 4ULL << 30);
	frame_put(f);
}

/* Atomic and user allocations to the end: the first leave nothing, the second the reserve. */
static u64 take_all(unsigned flags, struct frame **chain)
{
	struct frame *f;
	u64 n = 0;

	while ((f = frame_alloc(0, flags))) {
		f->words[0] = (u64)*chain;
		*chain = f;
		n++;
	}
	return n;
}

static void give_all(struct frame *chain)
{
	while (chain) {
		struct frame *f = chain;

		chain = (struct frame *)f->words[0];
		frame_put(f);
	}
}

SELFTEST(mm_frame_exhaustion)
{
	bool (*oom)(unsigned, unsigned) = frame_oom;
	struct frame *user = NULL, *atomic = NULL;
	u64 before, left, got;

	frame_oom = NULL;
	frame_cache_drain();
	before = frames_free();
	take_all(ALLOC_USER, &user);
	left = frames_free();
	got = take_all(ALLOC_ATOMIC, &atomic);
	give_all(atomic);
	give_all(user);
	frame_oom = oom;
	CHECK(left >= 32);
	CHECK(got >= 32);
	frame_cache_drain();
	CHECK(frames_free() >= before);
}

static unsigned oom_calls;
static struct frame *oom_gives;

static bool oom_once(unsigned order, unsigned flags)
{
	oom_calls++;
	give_all(oom_gives);
	oom_gives = NULL;
	return oom_calls == 1;
}

SELFTEST(mm_frame_oom_hook)
{
	bool (*oom)(unsigned, unsigned) = frame_oom;
	struct frame *f;

	frame_oom = NULL;
	take_all(ALLOC_USER, &oom_gives);
	oom_calls = 0;
	frame_oom = oom_once;
	f = frame_alloc(0, ALLOC_USER);
	frame_oom = oom;
	CHECK(f);
	CHECK(oom_calls == 1);
	frame_put(f);
}

SELFTEST(mm_stats_add_up)
{
	struct mem_stats s = stats();

	CHECK(s.free < s.total);
	CHECK(s.slab + s.page_tables + s.kernel_stacks + s.anon + s.vmalloc <= s.total - s.free);
	mem_count(MEM_ANON, 5);
	CHECK(stats().anon == s.anon + 5);
	mem_count(MEM_ANON, -5);
}
