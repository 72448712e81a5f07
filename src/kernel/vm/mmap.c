/* SPDX-License-Identifier: MIT */
/*
 * mmap, munmap and brk.  The order of checks is Linux's, since programs and tests
 * see which error comes first.
 */
#include <debug/panic.h>
#include <fs/files.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <syscall/handlers.h>
#include <vm/internal.h>

BUILD_ASSERT(PROT_READ == AREA_READ && PROT_WRITE == AREA_WRITE && PROT_EXEC == AREA_EXEC);

#define USER_TABLES_END (1ULL << 47) /* all that a user's page tables can span */
#define LOW_2G_START 0x40000000ULL
#define LOW_2G_END 0x80000000ULL

/* ---- unmapping ---- */

/* Makes an area begin at `at`, if one lies across it. -ENOMEM */
static int cut_at(struct mm *mm, u64 at)
{
	struct area *a = area_containing(mm, at);

	if (!a || a->start == at)
		return 0;
	return area_split(mm, a, at) ? 0 : -ENOMEM;
}

/* Frees the tables that [start, end), which is unmapped now, leaves without use. */
static void free_tables(struct mm *mm, u64 start)
{
	struct area *next = area_find(mm, start), *prev = next ? next->prev : mm->last;

	pt_free_range(&mm->arch, prev ? prev->end : 0, next ? next->start : USER_TABLES_END);
}

int mm_unmap_locked(struct mm *mm, u64 addr, u64 len)
{
	u64 end = addr + len;
	struct area *a, *next;
	int err;

	a = area_intersecting(mm, addr, end);
	if (!a)
		return 0;
	if (a->start < addr && a->end > end && mm->area_count >= AREAS_MAX)
		return -ENOMEM;
	if ((err = cut_at(mm, addr)) || (err = cut_at(mm, end)))
		return err;
	for (a = area_find(mm, addr); a && a->start < end; a = next) {
		next = a->next;
		zap_area(a, a->start, a->end, ZAP_ALL);
		area_remove(mm, a);
		area_discard(mm, a);
	}
	free_tables(mm, addr);
	return 0;
}

int mm_unmap(struct mm *mm, u64 addr, u64 len)
{
	if (addr & PAGE_MASK || addr > USER_MAX || len > USER_MAX - addr)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -EINVAL;
	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	int err = mm_unmap_locked(mm, addr, len);
	mm_write_unlock(mm);
	return err;
}

s64 sys_munmap(ulong addr, size_t len)
{
	return mm_unmap(current->mm, addr, len);
}

/* ---- where ---- */

int mm_find_place(struct mm *mm, u64 *addr, u64 len, unsigned flags)
{
	u64 at = *addr;

	if (len > USER_MAX)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (at > USER_MAX - len)
			return -ENOMEM;
		if (at & PAGE_MASK)
			return -EINVAL;
		return at < USER_MIN ? -EPERM : 0;
	}
	if (flags & MAP_32BIT) {
		*addr = area_find_gap(mm, len, LOW_2G_START, LOW_2G_END);
		return *addr ? 0 : -ENOMEM;
	}
	at = ALIGN_DOWN(at, PAGE_SIZE);
	if (at && at < USER_MIN)
		at = USER_MIN;
	if (at && at <= USER_MAX - len) {
		struct area *a = area_find(mm, at), *below = a ? a->prev : mm->last;

		if ((!a || at + len <= area_start_guarded(a)) && (!below || below->end <= at)) {
			*addr = at;
			return 0;
		}
	}
	at = area_find_gap(mm, len, USER_MIN, mm->mmap_base);
	if (!at)
		at = area_find_gap(mm, len, USER_MIN, USER_MAX);
	*addr = at;
	return at ? 0 : -ENOMEM;
}

/* ---- mapping ---- */

static bool request_joins(const struct area *lower, const struct map_request *r)
{
	return lower->end == r->addr && lower->flags == r->flags && lower->file == r->file &&
	       lower->cache == r->cache && !(r->flags & (AREA_GROWSDOWN | AREA_DEVICE | AREA_VDSO)) &&
	       (!r->cache || lower->offset + (lower->end - lower->start) == r->offset);
}

/* The range continues the area below it or, if it is anonymous, begins the one above. */
static bool extend_neighbour(struct mm *mm, const struct map_request *r)
{
	struct area *above = area_find(mm, r->addr), *below = above ? above->prev : mm->last;
	u64 end = r->addr + r->length;

	if (below && request_joins(below, r)) {
		area_resize(mm, below, below->start, end);
		area_merge(mm, below);
		return true;
	}
	if (above && above->start == end && above->flags == r->flags && !r->cache && !above->cache &&
	    !(r->flags & (AREA_GROWSDOWN | AREA_DEVICE | AREA_VDSO))) {
		area_resize(mm, above, r->addr, above->end);
		return true;
	}
	return false;
}

int area_map(struct mm *mm, const struct map_request *r)
{
	struct area *a;

	ASSERT(!area_intersecting(mm, r->addr, r->addr + r->length));
	if (extend_neighbour(mm, r))
		return 0;
	a = area_new(mm, r->addr, r->addr + r->length, r->flags);
	if (!a)
		return -ENOMEM;
	a->offset = r->offset;
	a->device = r->device;
	a->write_combining = r->write_combining;
	a->cache = r->cache;
	a->file = r->file;
	if (a->file)
		file_get(a->file);
	else if (a->cache)
		shared_anon_get(a->cache);
	area_insert(mm, a);
	return 0;
}

static u32 area_flags_of(const struct mm *mm, unsigned prot, unsigned flags)
{
	u32 f = (prot & AREA_ACCESS) | mm->lock_future;

	if (flags & MAP_GROWSDOWN)
		f |= AREA_GROWSDOWN;
	if (flags & MAP_LOCKED)
		f |= AREA_LOCKED;
	if (flags & MAP_NORESERVE)
		f |= AREA_NORESERVE;
	return f;
}

static int check_file(const struct file *f, unsigned prot, unsigned flags, u32 *area)
{
	unsigned type = flags & MAP_TYPE;

	if (type == MAP_SHARED_VALIDATE &&
	    (flags & ~(u32)(MAP_TYPE | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_DENYWRITE |
			    MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK |
			    MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_ANONYMOUS)))
		return -EOPNOTSUPP;
	if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
		if ((prot & PROT_WRITE) && !(f->mode & FMODE_WRITE))
			return -EACCES;
		if ((f->inode->flags & INODE_APPEND) && (f->mode & FMODE_WRITE))
			return -EACCES;
		*area |= AREA_SHARED | (f->mode & FMODE_WRITE ? AREA_MAYWRITE : 0);
	} else if (type == MAP_PRIVATE) {
		*area |= AREA_MAYWRITE;
	} else {
		return -EINVAL;
	}
	if (!(f->mode & FMODE_READ))
		return -EACCES;
	if ((prot & PROT_EXEC) && mount_is_noexec(f->path.mount))
		return -EPERM;
	if (!f->ops->mmap)
		return -ENODEV;
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int check_anonymous(unsigned flags, u32 *area)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		*area |= AREA_SHARED | AREA_MAYWRITE;
		return flags & MAP_GROWSDOWN ? -EINVAL : 0;
	case MAP_PRIVATE:
		*area |= AREA_MAYWRITE;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Asks the file what it is made of. */
static int ask_file(struct file *f, unsigned prot, unsigned flags, struct map_request *r)
{
	struct mmap_request m = { .offset = r->offset, .length = r->length, .prot = prot, .flags = flags };
	int err = f->ops->mmap(f, &m);

	if (err)
		return err;
	if (m.zero)
		return 0; /* anonymous, as if there had been no file */
	r->file = f;
	r->cache = m.cache;
	if (m.read_only && r->flags & AREA_SHARED)
		r->flags &= ~(u32)AREA_MAYWRITE;
	if (m.is_device) {
		r->flags |= AREA_DEVICE | AREA_DONTDUMP;
		r->device = m.device;
		r->write_combining = m.write_combining;
	}
	return 0;
}

/* The part of a mapping that changes the address space; the place is known and checked. */
static int map_region(struct mm *mm, struct map_request *r, unsigned prot, unsigned flags, struct file *f)
{
	u64 pages = r->length >> PAGE_SHIFT;
	struct page_cache *object = NULL;
	int err;

	if (!mm_may_expand(mm, r->flags, pages)) {
		u64 replaced = 0;

		if (!(flags & MAP_FIXED))
			return -ENOMEM;
		for (struct area *a = area_find(mm, r->addr); a && a->start < r->addr + r->length; a = a->next)
			replaced += pages_of(max(a->start, r->addr), min(a->end, r->addr + r->length));
		if (!mm_may_expand(mm, r->flags, pages - replaced))
			return -ENOMEM;
	}
	if ((flags & MAP_FIXED) && (err = mm_unmap_locked(mm, r->addr, r->length)))
		return err;
	if ((r->flags & (AREA_SHARED | AREA_WRITE | AREA_NORESERVE)) == AREA_WRITE && !vm_enough_memory(pages))
		return -ENOMEM;
	if (f && (err = ask_file(f, prot, flags, r)))
		return err;
	if (!r->file)
		r->offset = 0;
	if (!r->file && (r->flags & AREA_SHARED)) {
		if (!(r->flags & AREA_NORESERVE) && !vm_enough_memory(pages))
			return -ENOMEM;
		object = shared_anon_new();
		if (!object)
			return -ENOMEM;
		r->cache = object;
	}
	err = area_map(mm, r);
	if (object)
		shared_anon_put(object); /* the area has its own reference */
	return err;
}

static int map_locked(struct mm *mm, u64 *addr, u64 len, unsigned prot, unsigned flags, struct file *f,
		      u64 offset)
{
	struct map_request r = { .length = len, .offset = offset };
	int err;

	if (mm->area_count > AREAS_MAX)
		return -ENOMEM;
	if ((err = mm_find_place(mm, addr, len, flags)))
		return err;
	r.addr = *addr;
	if ((flags & MAP_FIXED_NOREPLACE) && area_intersecting(mm, r.addr, r.addr + len))
		return -EEXIST;
	r.flags = area_flags_of(mm, prot, flags);
	if ((flags & MAP_LOCKED) && !mm_can_lock_at_all())
		return -EPERM;
	if ((r.flags & AREA_LOCKED) && !mm_may_lock(mm, len >> PAGE_SHIFT))
		return -EAGAIN;
	if ((err = f ? check_file(f, prot, flags, &r.flags) : check_anonymous(flags, &r.flags)))
		return err;
	return map_region(mm, &r, prot, flags & MAP_FIXED_NOREPLACE ? flags & ~(u32)MAP_FIXED : flags, f);
}

int mm_map(struct mm *mm, u64 *addr, u64 len, unsigned prot, unsigned flags, struct file *f, u64 offset)
{
	if (!len)
		return -EINVAL;
	if (f && (prot & PROT_READ) && current->process->personality & READ_IMPLIES_EXEC &&
	    !mount_is_noexec(f->path.mount))
		prot |= PROT_EXEC;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -ENOMEM;
	if (offset + len < offset)
		return -EOVERFLOW;
	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	int err = map_locked(mm, addr, len, prot, flags, f, offset);
	bool populate = !err && ((flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE ||
				 (flags & MAP_LOCKED) || mm->lock_future);
	mm_write_unlock(mm);
	if (populate)
		(void)mm_populate(mm, *addr, *addr + len); /* best effort, as in Linux */
	return err;
}

s64 sys_mmap(ulong addr, ulong len, ulong prot, ulong flags, int fd, ulong offset)
{
	u64 at = addr;
	int err;

	if (offset & PAGE_MASK)
		return -EINVAL;
	if (flags & MAP_ANONYMOUS) {
		if (flags & MAP_HUGETLB)
			return -ENOMEM; /* as with an empty pool */
		err = mm_map(current->mm, &at, len, (unsigned)prot, (unsigned)flags, NULL, 0);
		return err ? err : (s64)at;
	}
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (flags & MAP_HUGETLB)
		return -EINVAL;
	err = mm_map(current->mm, &at, len, (unsigned)prot, (unsigned)flags, f, offset);
	return err ? err : (s64)at;
}

/* ---- brk ---- */

static bool brk_limit_ok(const struct mm *mm, u64 brk)
{
	u64 limit = rlimit_current(RLIMIT_DATA);

	return limit == RLIM64_INFINITY ||
	       (brk - mm->brk_start) + (mm->data_end - mm->data_start) <= limit;
}

static bool brk_grow(struct mm *mm, u64 from, u64 to)
{
	struct map_request r = { .addr = from, .length = to - from };
	struct area *next = area_find(mm, from);

	if (next && to + PAGE_SIZE > area_start_guarded(next))
		return false;
	if (to > USER_MAX || mm->area_count > AREAS_MAX)
		return false;
	r.flags = AREA_READ | AREA_WRITE | AREA_MAYWRITE | mm->lock_future;
	if (!mm_may_expand(mm, r.flags, r.length >> PAGE_SHIFT) || !vm_enough_memory(r.length >> PAGE_SHIFT))
		return false;
	if (mm->lock_future && !mm_may_lock(mm, r.length >> PAGE_SHIFT))
		return false;
	return area_map(mm, &r) == 0;
}

s64 sys_brk(ulong brk)
{
	struct mm *mm = current->mm;
	u64 old, new;
	bool populate = false;

	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	u64 result = mm->brk;
	old = ALIGN_UP(mm->brk, PAGE_SIZE);
	new = ALIGN_UP(brk, PAGE_SIZE);
	if (brk < mm->brk_start || brk >= USER_MAX || !brk_limit_ok(mm, brk))
		goto out;
	if (new < old && mm_unmap_locked(mm, new, old - new))
		goto out;
	if (new > old) {
		if (!brk_grow(mm, old, new))
			goto out;
		populate = mm->lock_future;
	}
	mm->brk = result = brk;
out:
	mm_write_unlock(mm);
	if (populate)
		(void)mm_populate(mm, old, new);
	return (s64)result;
}
