/* SPDX-License-Identifier: MIT */
/*
 * The allocators' side of the address sanitizer: real shadow for RAM and image,
 * the state of frames and slab objects in it, and the quarantine.
 *
 * Behind each slab object lies, in its red zone, a record of who allocated
 * and who freed it.  A freed object stays in the quarantine, a queue linked
 * through these records, until a hundredth of memory has been freed after it.
 *
 * Locking: the queue by quarantine_lock, interrupts off.
 */
#include <arch/backtrace.h>
#include <arch/cpu.h>
#include <arch/kmap.h>
#include <debug/kasan.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <debug/symbols.h>
#include <mm/internal.h>
#include <mm/kasan.h>
#include <mm/slab_internal.h>

extern char image_start[], image_end[]; /* kernel.ld */

static spinlock_t quarantine_lock;
static struct kasan_record *oldest, *newest; /* quarantine_lock */
static u64 quarantine_bytes;                 /* quarantine_lock */

BUILD_ASSERT(sizeof(struct kasan_record) == KASAN_TAIL);

static struct kasan_record *record_of(struct slab_cache *c, void *object)
{
	return (struct kasan_record *)((char *)object + ALIGN_UP(c->size, 8UL));
}

struct capture {
	struct kasan_trace *trace;
	unsigned skip;
};

static void capture_ip(void *ctx, u64 ip)
{
	struct capture *c = ctx;

	if (c->skip)
		c->skip--;
	else if (c->trace->depth < KASAN_TRACE_DEPTH)
		c->trace->ips[c->trace->depth++] = ip;
}

static void capture(struct kasan_trace *t)
{
	struct capture c = { t, 2 };

	t->depth = 0;
	t->cpu = cpu_id();
	backtrace_walk(NULL, capture_ip, &c);
}

static void trace_log(const char *what, const struct kasan_trace *t)
{
	char name[80];

	log_err("%s by CPU %u at:", what, t->cpu);
	for (unsigned i = 0; i < min(t->depth, (u32)KASAN_TRACE_DEPTH); i++)
		log_err("  %016lx %s", t->ips[i], symbol_name(t->ips[i], name, sizeof(name)));
}

/* Called for a report: says which object `addr` lies in or near. */
static void describe(u64 addr)
{
	struct frame *f;
	struct kasan_record *r;
	struct slab_cache *c;
	char *object;

	if (addr < DIRECT_MAP_BASE || addr >= DIRECT_MAP_BASE + DIRECT_MAP_SIZE ||
	    !frame_valid(virt_to_phys((void *)addr)))
		return;
	f = slab_of((void *)addr);
	if (!(f->flags & FRAME_SLAB)) {
		log_err("in frame %#lx: flags %#x, %u references", frame_number(f), f->flags, f->refs);
		return;
	}
	c = f->cache;
	object = (char *)frame_virt(f) + (addr - (u64)frame_virt(f)) / c->stride * c->stride;
	log_err("%ld bytes into object %p of cache %s, size %lu", (s64)(addr - (u64)object), object, c->name,
		c->size);
	r = record_of(c, object);
	trace_log("allocated", &r->alloc);
	if (r->freed)
		trace_log("freed", &r->free);
}

/* --- Shadow --------------------------------------------------------------------------------- */

static bool covers_ram(u64 start, u64 end)
{
	const struct memory_range *r;
	unsigned n = bootmem_ram(&r);

	for (unsigned i = 0; i < n; i++)
		if (r[i].start < end && start < r[i].end)
			return true;
	return false;
}

static void map_one(u64 shadow, paddr_t pa, unsigned flags)
{
	if (kpage_map(shadow, pa, flags))
		panic("kasan: no memory for the shadow");
}

/* Holes in RAM share one page of zeros: all may be accessed. */
void kasan_map_shadow(void)
{
	u64 top = ALIGN_UP(max(bootmem_top(), DIRECT_MAP_MIN), PAGE_SIZE * 8), at;
	paddr_t zero = bootmem_alloc_page();

	for (at = 0; at < top; at += PAGE_SIZE * 8) {
		u64 shadow = ((at + DIRECT_MAP_BASE) >> 3) + KASAN_SHADOW_OFFSET;

		if (covers_ram(at, at + PAGE_SIZE * 8))
			map_one(shadow, bootmem_alloc_page(), KMAP_WRITE);
		else
			map_one(shadow, zero, 0);
	}
	at = ALIGN_DOWN(((u64)image_start >> 3) + KASAN_SHADOW_OFFSET, PAGE_SIZE);
	for (; at < ((u64)image_end >> 3) + KASAN_SHADOW_OFFSET; at += PAGE_SIZE)
		map_one(at, bootmem_alloc_page(), KMAP_WRITE);
	kasan_describe = describe;
	kasan_start(top);
}

void kasan_frames_allocated(struct frame *f, unsigned order)
{
	kasan_allow(frame_virt(f), PAGE_SIZE << order);
}

void kasan_frames_freed(struct frame *f, unsigned order)
{
	kasan_forbid(frame_virt(f), PAGE_SIZE << order, KASAN_FREE_FRAME);
}

/* --- Slab objects --------------------------------------------------------------------------- */

void kasan_object_allocated(struct slab_cache *c, void *object, size_t size)
{
	struct kasan_record *r = record_of(c, object);

	kasan_forbid(object, ALIGN_UP(c->size, 8UL), KASAN_REDZONE);
	kasan_allow(object, size);
	r->freed = 0;
	r->object = object;
	r->cache = c;
	capture(&r->alloc);
}

/* Takes the oldest off while there is too much. */
static struct kasan_record *quarantine_pop(u64 limit)
{
	struct kasan_record *r;

	IRQSPIN_GUARD(&quarantine_lock);
	if (quarantine_bytes <= limit || !oldest)
		return NULL;
	r = oldest;
	oldest = r->next;
	quarantine_bytes -= r->cache->stride;
	return r;
}

static void quarantine_push(struct kasan_record *r)
{
	IRQSPIN_GUARD(&quarantine_lock);
	r->next = NULL;
	if (oldest)
		newest->next = r;
	else
		oldest = r;
	newest = r;
	quarantine_bytes += r->cache->stride;
}

static bool quarantine_trim(u64 limit)
{
	struct kasan_record *r;
	bool any = false;

	while ((r = quarantine_pop(limit))) {
		slab_free_now(r->cache, r->object);
		any = true;
	}
	return any;
}

bool kasan_object_freed(struct slab_cache *c, void *object)
{
	struct kasan_record *r = record_of(c, object);
	struct frame *slab = slab_of(object);

	if (!(slab->flags & FRAME_SLAB) || slab->cache != c ||
	    ((u64)object - (u64)frame_virt(slab)) % c->stride) {
		kasan_report_free(object, "invalid free");
		return true;
	}
	if (r->freed) {
		kasan_report_free(object, "double free");
		return true;
	}
	r->freed = 1;
	capture(&r->free);
	kasan_forbid(object, ALIGN_UP(c->size, 8UL), KASAN_FREE_OBJECT);
	quarantine_push(r);
	quarantine_trim((frame_total << PAGE_SHIFT) / 100);
	return true;
}

bool kasan_quarantine_flush(void)
{
	return quarantine_trim(0);
}
