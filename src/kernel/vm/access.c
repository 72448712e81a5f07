/* SPDX-License-Identifier: MIT */
/*
 * Reaching into an address space from outside: through the direct map, a page at
 * a time, each held by a reference so that it cannot go away meanwhile.
 */
#include <arch/upcall.h>
#include <lib/string.h>
#include <sched/task.h>
#include <vm/internal.h>

/* The frame that `pte` maps if it will do for the access, referenced. */
static struct frame *take_mapped(const struct area *a, pte_t *pte, u64 va, bool write, bool force)
{
	SPIN_GUARD(pt_lock_of(pte));
	pte_t v = pte_load(pte);
	if (pte_none(v) || (!pte_present(v) && !force))
		return NULL;
	struct frame *f;
	if (pte_special(v)) { /* zeros are read as such by the caller */
		if (write || !(a->flags & AREA_VDSO) || !(f = vdso_frame(a, va)))
			return NULL;
		frame_get(f);
		return f;
	}
	f = paddr_frame(pte_paddr(v));
	bool own = (f->flags & (FRAME_ANON | FRAME_EXCLUSIVE)) == (FRAME_ANON | FRAME_EXCLUSIVE);
	if (write && !pte_write(v) && !(force && own))
		return NULL;
	frame_get(f);
	return f;
}

static bool may_access(const struct area *a, bool write, bool force)
{
	if (a->flags & AREA_DEVICE)
		return false;
	if (a->flags & AREA_VDSO) /* the data page has no frame to give away */
		return !write && a->offset;
	if (!write)
		return force || (a->flags & AREA_ACCESS);
	if (a->flags & AREA_WRITE)
		return true;
	return force && !(a->flags & AREA_SHARED);
}

/* For reading, a page of zeros in place of one that is not there yet is materialised, too: *out is a frame. */
static int pin_locked(struct mm *mm, u64 va, bool write, bool force, struct frame **out)
{
	struct area *a = area_containing(mm, va);
	unsigned flags = (write ? FAULT_WRITE : 0) | (force ? FAULT_FORCE : 0);

	if (!a || !may_access(a, write, force))
		return -EFAULT;
	for (int tries = 0; tries < 100; tries++) {
		pte_t *pte = pt_lookup(&mm->arch, va);

		if (pte && (*out = take_mapped(a, pte, va, write, force)))
			return 0;
		if (pte && pte_special(pte_load(pte)) && area_private_anon(a))
			flags |= FAULT_WRITE;
		int err = fault_page(a, va, flags);
		if (err)
			return err == -EIO ? -EFAULT : err;
	}
	return -EFAULT;
}

int mm_pin_page(struct mm *mm, u64 va, bool write, bool force, struct frame **out)
{
	if (va >= USER_MAX)
		return -EFAULT;
	if (rwsem_read_lock_killable(&mm->lock))
		return -EINTR;
	int err = pin_locked(mm, ALIGN_DOWN(va, PAGE_SIZE), write, force, out);
	rwsem_read_unlock(&mm->lock);
	return err;
}

void mm_unpin_page(struct frame *f)
{
	bool anon = f->flags & FRAME_ANON;

	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (anon)
		mem_count(MEM_ANON, -1);
	frame_free_last(f);
}

ssize_t mm_access(struct mm *mm, u64 va, void *buf, size_t n, bool write)
{
	size_t done = 0;

	while (done < n) {
		u64 at = va + done, offset = at & PAGE_MASK;
		size_t part = min(n - done, (size_t)(PAGE_SIZE - offset));
		struct frame *f;
		int err = mm_pin_page(mm, at, write, true, &f);

		if (err)
			return done ? (ssize_t)done : err;
		u8 *p = (u8 *)frame_virt(f) + offset;
		if (write)
			memcpy(p, (u8 *)buf + done, part);
		else
			memcpy((u8 *)buf + done, p, part);
		mm_unpin_page(f);
		done += part;
	}
	return (ssize_t)done;
}

static bool dying(void)
{
	return task_signal_pending && task_signal_pending(current, WAIT_KILLABLE);
}

int mm_populate(struct mm *mm, u64 start, u64 end)
{
	int err = 0;

	if (rwsem_read_lock_killable(&mm->lock))
		return -EINTR;
	for (u64 va = start; va < end && !err; va += PAGE_SIZE) {
		struct area *a = area_containing(mm, va);

		if (IS_ALIGNED(va, LEAF_SPAN) && dying()) {
			err = -EINTR;
			break;
		}
		if (!a) {
			err = -ENOMEM;
		} else if (!(a->flags & AREA_ACCESS)) {
			err = -EFAULT;
		} else if (!(a->flags & AREA_DEVICE)) {
			bool write = (a->flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE;
			pte_t *pte = pt_lookup(&mm->arch, va), v = pte ? pte_load(pte) : 0;

			if (pte_none(v) || (write && !pte_write(v)))
				err = fault_page(a, va, write ? FAULT_WRITE : 0);
			if (err == -EIO)
				err = -EFAULT;
		}
		if (need_resched()) {
			rwsem_read_unlock(&mm->lock);
			cond_resched();
			if (rwsem_read_lock_killable(&mm->lock))
				return -EINTR;
		}
	}
	rwsem_read_unlock(&mm->lock);
	return err;
}
