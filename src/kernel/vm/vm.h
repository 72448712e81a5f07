/* SPDX-License-Identifier: MIT */
/*
 * Address spaces.  A struct mm holds a tree of areas (page-aligned, disjoint) and
 * the page tables; pages appear by faults.
 *
 * Lock order: mm->lock (write: changes of areas; read: looking at several) > an area's own
 * lock (faults) > page-cache invalidate lock > leaf page-table lock.  Anonymous frames are owned by the page
 * tables that map them: frame->refs counts entries, FRAME_EXCLUSIVE says that
 * there is one and may be written in place; fork clears it on both sides.
 */
#pragma once

#include <arch/pagetable.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/usercopy.h>
#include <sched/mutex.h>
#include <sync/rcu.h>
#include <sync/refcount.h>

struct file;
struct frame;
struct inode;
struct page_cache;
struct regs;

enum area_flags {
	AREA_READ = 1, AREA_WRITE = 2, AREA_EXEC = 4, /* as PROT_* */
	AREA_SHARED = 8,
	AREA_GROWSDOWN = 16,
	AREA_LOCKED = 32,      /* mlock */
	AREA_DEVICE = 64,      /* physical range: no struct frame accounting */
	AREA_DONTFORK = 128,
	AREA_WIPEONFORK = 256,
	AREA_MAYWRITE = 512,   /* mprotect may add write (file opened for writing, or private) */
	AREA_NORESERVE = 1024,
	AREA_STACK = 2048, AREA_HEAP = 4096, AREA_VDSO = 8192,
	AREA_DONTDUMP = 16384,
};

/*
 * "mm->lock" of an area's fields means: who changes them holds mm->lock for writing and has marked the
 * area by area_change_begin; faults read them with the area's own lock (area_lock.c), others with mm->lock.
 *
 * Areas that map a page cache are on its list of mappings, too: their start, end and offset are
 * changed with mm->lock and cache->mappings_lock held for writing, and read with either.
 */
struct area {
	struct rb_node node;      /* mm->lock; walked without it, see area_lock.c */
	u64 start, end;           /* mm->lock */
	u64 gap, gap_max;         /* mm->lock: free space right below; the largest in the subtree */
	struct area *prev, *next; /* mm->lock: neighbours by address */
	u32 flags;                /* mm->lock */
	bool has_anon;            /* set by the first anonymous page (racy among faults), never cleared */
	bool write_combining;
	bool detached;            /* mm->lock: not in the tree any more */
	u32 readers;              /* atomic: faults in here, and a bit for who waits for their end */
	u64 change_seq;           /* mm->lock: mm->change_seq when it was last marked as changing */
	struct mm *mm;            /* imm */
	struct file *file;        /* referenced; NULL: anonymous (private) */
	struct page_cache *cache; /* file->..., or of a shared anonymous object */
	u64 offset;               /* in the file, bytes, of `start` */
	paddr_t device;           /* AREA_DEVICE: physical address of `start` */
	struct list mapping_link; /* cache->mappings_lock */
	struct rcu_head rcu;      /* once removed */
};

struct mm {
	struct arch_mm arch;      /* first: the scheduler treats a struct mm as a struct arch_mm */
	refcount_t users;         /* tasks; 0: areas are unmapped */
	refcount_t refs;          /* users as one, plus borrowers (active_mm, /proc) */
	struct rwsem lock;
	struct rb_root areas;     /* lock; augmented with the largest gap */
	struct area *first, *last; /* lock: by address */
	struct area *dead;        /* lock: removed, freed by mm_write_unlock; linked by next */
	struct area *cached;      /* last found; lock, or an area's own (writers race harmlessly) */
	u64 change_seq;           /* lock; read without: changes of areas that are over. From 1 */
	struct wait_queue area_left; /* for area_change_begin: the last fault has left an area */
	u32 area_count;           /* lock */
	u64 mmap_base;            /* top-down search starts here */
	u64 brk_start, brk;       /* lock */
	u32 lock_future;          /* lock: AREA_LOCKED for new areas (mlockall) */
	u64 stack_top;            /* imm after exec */
	u64 arg_start, arg_end, env_start, env_end; /* for /proc */
	u64 code_start, code_end, data_start, data_end;
	u64 pages_total;          /* lock: of all areas (RLIMIT_AS) */
	u64 pages_locked, pages_data, pages_stack, pages_exec;
	u32 zaps;                 /* atomic: who takes pages out just now, see zap.c */
	s64 rss_anon, rss_file, rss_shmem; /* atomic */
	u64 rss_peak, total_peak;
	struct file *exe;         /* referenced; lock */
	u64 auxv[2 * 28];         /* saved for /proc/PID/auxv */
	u64 vdso;                 /* imm after exec: where its code was mapped */
	u8 dumpable;
	u32 membarrier;           /* atomic: what was registered (proc/membarrier.c) */
};

struct mm *mm_new(void);                        /* empty; NULL */
int mm_fork(struct mm *from, struct mm **out);  /* copy-on-write copy */
void mm_get(struct mm *mm);                     /* users */
void mm_put(struct mm *mm);                     /* users; the last one unmaps all. Sleeps. */
void mm_ref_get(struct mm *mm);                 /* refs only */
void mm_ref_put(struct mm *mm);                 /* any context */
/* For those who hold a ref only: takes a user unless the address space is gone already. */
static inline bool mm_get_unless_dead(struct mm *mm) { return ref_get_unless_zero(&mm->users); }
/* Makes `mm` the current task's address space and drops the old one. */
void mm_activate(struct mm *mm);

struct area *area_find(struct mm *mm, u64 va);       /* area with va < end (maybe va < start), NULL; lock held */
struct area *area_containing(struct mm *mm, u64 va);

/* mmap(2) for the kernel's own needs (exec): *addr in and out; flags MAP_*, prot PROT_*. lock NOT held. */
int mm_map(struct mm *mm, u64 *addr, u64 len, unsigned prot, unsigned flags, struct file *f, u64 offset);
int mm_unmap(struct mm *mm, u64 addr, u64 len);
/* Reads or writes memory of any mm (ptrace, /proc/PID/mem, exec's argument pages). Bytes or -EFAULT/-EIO. */
ssize_t mm_access(struct mm *mm, u64 va, void *buf, size_t n, bool write);
/*
 * The frame behind `va` with a reference, faulted in (and made private, for writing); lock NOT
 * held.  `force`: also where the area's protection would not allow it (debuggers).  -EFAULT,
 * -ENOMEM, -EINTR.
 */
int mm_pin_page(struct mm *mm, u64 va, bool write, bool force, struct frame **out) must_check;
void mm_unpin_page(struct frame *f);
/* Pages in memory, and the most there have been. */
u64 mm_rss(const struct mm *mm);
u64 mm_rss_peak(const struct mm *mm);
/*
 * Names `f` (may be NULL) as the program that runs here; takes a reference of its own and keeps
 * others from opening it for writing.  -ETXTBSY: somebody has.  lock NOT held.
 */
int mm_set_exe(struct mm *mm, struct file *f);
struct file *mm_get_exe(struct mm *mm); /* referenced; NULL */

/* For /proc/PID/maps. Called under mm->lock held for reading. */
struct area *area_first(struct mm *mm);
struct area *area_next(struct area *a);
const char *area_name(const struct area *a); /* "[heap]", "[stack]", "[vdso]" or NULL */
/*
 * For exec, on an address space that nobody runs in yet: no locks are taken.
 *
 * mm_make_stack   the stack area [top - size, top); NULL
 * mm_stack_page   kernel address of its page at `va`, made (and the area grown to it); NULL
 * mm_stack_room   grows the area to `va` if limits allow
 * mm_stack_exec   makes it executable
 * mm_free_place   highest free place for `len` bytes under mmap_base; 0
 * mm_clear        zeroes [va, end), within one page, of a writable area; -EFAULT, -ENOMEM, -EIO
 */
struct area *mm_make_stack(struct mm *mm, u64 top, u64 size);
void *mm_stack_page(struct area *stack, u64 va);
void mm_stack_room(struct area *stack, u64 va);
void mm_stack_exec(struct area *stack);
u64 mm_free_place(struct mm *mm, u64 len);
int mm_clear(struct mm *mm, u64 va, u64 end);
/* Maps the vDSO, chosen by `random` where above the stack; mm->vdso is where. No locks. -ENOMEM. */
int mm_map_vdso(struct mm *mm, u64 random);

/* Random numbers for address-space layout; set by the random driver. */
extern u64 (*vm_random)(void);
u64 vm_random_u64(void);
void vm_init(void);
void vdso_init(void);
