/* SPDX-License-Identifier: MIT */
/*
 * Page frames: one 64-byte struct frame for each 4 KiB of RAM, in an array at
 * FRAME_ARRAY_BASE indexed by frame number.
 *
 * refs counts owners; the frame is free when it reaches 0.  maps counts user
 * page-table entries.  FRAME_EXCLUSIVE says that an anonymous frame belongs to
 * exactly one address space and may be written without a copy.
 */
#pragma once

#include <lib/list.h>
#include <mm/layout.h>
#include <sync/spinlock.h>

struct page_cache;
struct slab_cache;

enum frame_flags {
	FRAME_FREE = 1 << 0,       /* in the buddy allocator */
	FRAME_RESERVED = 1 << 1,   /* never to be allocated (firmware, image) */
	FRAME_SLAB = 1 << 2,
	FRAME_TABLE = 1 << 3,      /* page table */
	FRAME_ANON = 1 << 4,       /* anonymous user memory */
	FRAME_EXCLUSIVE = 1 << 5,
	FRAME_CACHE = 1 << 6,      /* in an inode's page cache */
	FRAME_UPTODATE = 1 << 7,
	FRAME_DIRTY = 1 << 8,
	FRAME_WRITEBACK = 1 << 9,
	FRAME_LOCKED = 1 << 10,
	FRAME_COMPOUND = 1 << 11,  /* head of a block of order > 0 handed out as one */
	FRAME_TAIL = 1 << 12,
	FRAME_PINNED = 1 << 13,    /* copied at fork even if it could be shared */
};

struct frame {
	u32 flags; /* atomic: FRAME_* */
	u32 refs;  /* atomic */
	s32 maps;  /* atomic */
	u8 order;  /* of the block that this frame heads */
	u8 zone;
	u16 spare;
	union {
		struct list link;   /* free: in the buddy's list; or whatever its owner wants */
		struct {            /* FRAME_SLAB: slab.c */
			struct slab_cache *cache;
			void *free;
			struct list slab_link;
			u32 inuse, objects;
		};
		struct {            /* FRAME_CACHE: fs/page_cache.c */
			struct page_cache *owner;
			u64 index;  /* page index in the file */
			struct list lru;
		};
		struct {            /* FRAME_TABLE */
			spinlock_t table_lock;
			u32 used;
		};
		struct frame *head; /* FRAME_TAIL */
		u64 words[6];
	};
};
BUILD_ASSERT(sizeof(struct frame) == 64 || sizeof(spinlock_t) > 4);

extern u64 frame_limit; /* frame numbers are below this */

#define frame_array ((struct frame *)FRAME_ARRAY_BASE)

static inline u64 frame_number(const struct frame *f) { return (u64)(f - frame_array); }
static inline paddr_t frame_paddr(const struct frame *f) { return PADDR(frame_number(f) << PAGE_SHIFT); }
static inline void *frame_virt(const struct frame *f) { return phys_to_virt(frame_paddr(f)); }
/* The frame that holds `pa`, which must be RAM known to the firmware map. */
static inline struct frame *paddr_frame(paddr_t pa) { return &frame_array[pa.raw >> PAGE_SHIFT]; }
static inline struct frame *virt_frame(const void *v) { return paddr_frame(virt_to_phys(v)); }
/* Does `pa` have a struct frame? */
bool frame_valid(paddr_t pa);

#define FRAME_ORDER_MAX 10 /* blocks up to 4 MiB */

enum alloc_flags {
	ALLOC_ZERO = 1,     /* cleared */
	ALLOC_ATOMIC = 2,   /* must not sleep or reclaim; may use the reserve */
	ALLOC_DMA32 = 4,    /* below 4 GiB */
	ALLOC_USER = 8,     /* for user memory: fails (after trying the OOM killer) rather than use the reserve */
};

/*
 * 2^order contiguous frames, reference count 1 on the first; NULL when there are
 * none.  May sleep unless ALLOC_ATOMIC.  A block of order > 0 is freed as one by the
 * last frame_put of its first frame.
 */
struct frame *frame_alloc(unsigned order, unsigned flags) must_check;

static inline void frame_get(struct frame *f)
{
	__atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
}
void frame_free_last(struct frame *f); /* for frame_put */
static inline void frame_put(struct frame *f)
{
	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) == 0)
		frame_free_last(f);
}

/* Frees n frames at `list` whose references are all the caller's last ones: one lock for many. */
void frame_free_batch(struct frame **list, unsigned n);

/* Clears or copies one page, by the cheapest way this CPU has. arch */
void page_clear(void *page);
void page_copy(void *dst, const void *src);

/* Counters for /proc/meminfo, in frames. */
struct mem_stats {
	u64 total, free, reserved_at_boot, slab, page_tables, kernel_stacks, anon, cache, shmem, vmalloc;
};
void mem_stats_read(struct mem_stats *s);
u64 frames_free(void); /* the free ones alone */
enum mem_counter { MEM_SLAB, MEM_TABLES, MEM_STACKS, MEM_ANON, MEM_CACHE, MEM_SHMEM, MEM_VMALLOC, MEM_COUNTERS };
extern s64 mem_counters[MEM_COUNTERS]; /* PERCPU */
static always_inline void mem_count(enum mem_counter c, s64 frames)
{
	this_cpu_add(mem_counters[c], frames);
}

/*
 * Called when an allocation that may sleep finds nothing free: returns true when something
 * was freed or somebody was killed and the caller should try again. Registered by proc/ (OOM killer).
 */
extern bool (*frame_oom)(unsigned order, unsigned flags);

/*
 * A cache that can give frames back is asked before that: shrink() frees about `want` frames
 * and returns how many it did. May sleep. Registered for good.
 */
struct frame_shrinker {
	size_t (*shrink)(size_t want);
	struct frame_shrinker *next;
};
void frame_shrinker_add(struct frame_shrinker *s);

/*
 * Boot: a bump allocator over the firmware's map until frames_init.  Regions are
 * reserved before the first allocation; overlaps and odd ends are allowed.
 */
void bootmem_add(u64 start, u64 end);                       /* usable RAM */
/* Takes a free page below 640 KiB for good; 0: there is none. The last of the reservations. */
u64 bootmem_reserve_low_page(void);
void bootmem_reserve(u64 start, u64 end, const char *what); /* in use: image, modules, ... */
paddr_t bootmem_alloc_page(void);                           /* zeroed; panics when there is none */
u64 bootmem_top(void);                                      /* end of the highest RAM */
/* Builds the frame array and the buddy lists from what bootmem knows. */
void frames_init(void);
/* Gives a reserved region back (modules once unpacked, boot information). Whole frames inside it only. */
void frames_release(u64 start, u64 end);
/*
 * Makes the reserved frames of [start, end) ordinary allocated ones with reference
 * count 1, for tmpfs to adopt in place.
 */
void frames_adopt(u64 start, u64 end);
